"""Fault or event of a whole case, and who must know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.alert import RuleKind
from schemas.alert_case import SYSTEM, Audience, CaseKind, CaseVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alerts.case.group import AlertRef, CaseAir
    from schemas.alert_case import CaseAlert

SURE_FAULT = 0.2
"""Probability of an event below which a verdict of fault keeps duty staff out of it [1]; up to its complement it is undecided; project choice."""
SURE_FAULT_FAST = 0.4
"""The same of an instrument whose readings would show ambient variation (`AMBIENT`) if it were there; project choice."""
AMBIENT = "unrest"
"""Evidence that rules out a fault where it indicates an event: readings that vary as air near a source does."""
RADIATION = frozenset({"gamma_dose_rate"})
UNEMITTED = frozenset({"o3"})
"""Parameters without a source near the ground."""


def doubted(
    verdicts: Mapping[AlertRef, CaseVerdict], alerts: Iterable[CaseAlert], air: CaseAir
) -> dict[AlertRef, CaseVerdict]:
    """Verdicts, without those that the air around contradicts: these are undecided.

    An alert that the air around explains is no fault, and one of `UNEMITTED` that is the station's own no event.

    Parameters
    ----------
    verdicts : mapping of AlertRef to CaseVerdict
    alerts : iterable of CaseAlert
    air : CaseAir
    """
    alone = {
        ref for item in alerts if item.parameter in UNEMITTED and (ref := (item.alert_key, item.begin_id)) in air.local
    }
    return {
        ref: msgspec.structs.replace(item, is_fault=None)
        if (item.is_fault is False and ref in alone) or (item.is_fault is True and ref in air.regional)
        else item
        for ref, item in verdicts.items()
    }


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
    if len({item.station_id for item in own}) > 1 or any(item.kind is RuleKind.SEVERAL for item in own):
        return CaseVerdict(is_fault=False, probability=strongest.probability, reasons=strongest.reasons)
    return strongest


def verdict_by(probability: float, evidence: Sequence[tuple[str, float]] = (), *, is_fast: bool = False) -> CaseVerdict:
    """The verdict of one alert by the probability of an event [1]: a fault only where that is certain enough.

    Parameters
    ----------
    evidence : sequence of (name, weight)
        The strongest first; a weight above zero indicates an event.
    is_fast : bool
        The instrument reads at least every `qc.verdict.reading.FAST_S`: variation of ambient air would be seen.
    """
    is_ambient = any(name == AMBIENT and weight > 0 for name, weight in evidence)
    is_fault = None
    if probability < (SURE_FAULT_FAST if is_fast else SURE_FAULT) and not is_ambient:
        is_fault = True
    elif probability > 1 - SURE_FAULT:
        is_fault = False
    return CaseVerdict(is_fault=is_fault, probability=probability, reasons=tuple(name for name, _ in evidence))


def revised(known: CaseVerdict | None, new: CaseVerdict) -> CaseVerdict:
    """The verdict of an alert after another hour: a decision is kept until the other one is as certain.

    Ambient variation in one hour rules out a fault in the next.
    """
    if known is None or known.probability is None:
        return new
    if known.is_fault is not None and new.is_fault is None:
        return known
    is_ambient = AMBIENT in known.reasons and known.probability >= 1 / 2
    return known if new.is_fault and is_ambient else new


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


def audience_of(kind: CaseKind, alerts: Iterable[CaseAlert]) -> Audience:
    """Who must know: of a fault, of a line and of what is reported of stations the operator; of all else, and of what is undecided, duty staff."""
    reports = [item for item in alerts if item.kind is RuleKind.OPERATION]
    is_of_stations = kind is CaseKind.SYSTEM and bool(reports) and all(item.station_id != SYSTEM for item in reports)
    return Audience.OPERATOR if is_of_stations or kind in {CaseKind.FAULT, CaseKind.LINE} else Audience.DUTY
