"""Fault or event of a whole case, and who must know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.alert import RuleKind
from schemas.alert_case import Audience, CaseKind, CaseVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alerts.case.group import AlertRef
    from schemas.alert_case import CaseAlert

SURE_FAULT = 0.4
"""Probability of an event below which a verdict of fault keeps duty staff out of it [1]; above it is undecided; project choice."""
RADIATION = frozenset({"gamma_dose_rate"})


def of_case(alerts: Iterable[CaseAlert], verdicts: Mapping[AlertRef, CaseVerdict]) -> CaseVerdict:
    """The verdict of a case by those of its alerts.

    Instruments of different stations do not fail at once: values beyond thresholds at two stations are an event. Of one station the case is a fault only
    where every evaluated parameter is one; the most certain verdict gives the reasons.

    Parameters
    ----------
    alerts : iterable of CaseAlert
    verdicts : mapping of AlertRef to CaseVerdict
        An alert without one is not evaluated.
    """
    own = [item for item in alerts if item.parameter is not None]
    found = [verdicts[key] for item in own if (key := (item.alert_key, item.begin_id)) in verdicts]
    known = [item for item in found if item.probability is not None]
    if not known:
        return CaseVerdict()
    strongest = max(known, key=lambda item: item.probability or 0.0)
    if len({item.station_id for item in own}) > 1:
        return CaseVerdict(is_fault=False, probability=strongest.probability, reasons=strongest.reasons)
    return strongest


def verdict_by(probability: float, reasons: Sequence[str] = ()) -> CaseVerdict:
    """The verdict of one alert by the probability of an event [1]: a fault only where that is certain enough."""
    is_fault = True if probability < SURE_FAULT else False if probability > 1 - SURE_FAULT else None
    return CaseVerdict(is_fault=is_fault, probability=probability, reasons=tuple(reasons))


def kind_of(alerts: Sequence[CaseAlert], verdict: CaseVerdict) -> CaseKind:
    """Kind of a case of alerts that are no silences."""
    kinds = {item.kind for item in alerts}
    if kinds == {RuleKind.FORECAST}:
        return CaseKind.FORECAST
    if kinds == {RuleKind.OPERATION}:
        return CaseKind.SYSTEM
    if kinds == {RuleKind.WARNING}:
        return CaseKind.WARNING
    if verdict.is_fault or kinds == {RuleKind.PERSISTENCE}:
        return CaseKind.FAULT
    return CaseKind.RADIATION if {item.parameter for item in alerts} & RADIATION else CaseKind.POLLUTION


def audience_of(kind: CaseKind) -> Audience:
    """Who must know: of a fault and of a line the operator, of all else, and of what is undecided, duty staff."""
    return Audience.OPERATOR if kind in {CaseKind.FAULT, CaseKind.LINE} else Audience.DUTY
