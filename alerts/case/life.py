"""Life of a case: the fold of its steps, and which step is allowed when.

::

    opened ----> raised, extended, amended, taken, assigned, commented ... ----> ended | withdrawn ----> resolved
       ^                                                                            |
       +----------------------------------- reopened -------------------------------+        merged (from any state, final)
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseAlert, CaseKind, CaseState, CaseStep, CaseVerdict, StepKind
from schemas.moment import stored_moment
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

INTO, FROM, TO, UNTIL, CAUSE, TOTAL = "into", "from", "to", "until", "cause", "stations_total"
"""Keys of the figures of steps that the fold reads."""
RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_OPENING = frozenset({StepKind.OPENED, StepKind.LATE_KNOWN})
_OVER = frozenset({CaseState.ENDED, CaseState.WITHDRAWN, CaseState.RESOLVED})
_ONLY_OPEN = frozenset({StepKind.ENDED, StepKind.MUTED, StepKind.REMINDED, StepKind.ESCALATED})
_ONLY_TAKEN = frozenset({StepKind.RELEASED, StepKind.HANDED_OVER})
_NEEDS = {StepKind.HANDED_OVER: TO, StepKind.ASSIGNED: TO, StepKind.MUTED: UNTIL, StepKind.RESOLVED: CAUSE}
_STATES = {
    StepKind.ENDED: CaseState.ENDED,
    StepKind.LATE_KNOWN: CaseState.ENDED,
    StepKind.WITHDRAWN: CaseState.WITHDRAWN,
    StepKind.REOPENED: CaseState.OPEN,
    StepKind.RESOLVED: CaseState.RESOLVED,
}


class StepRefusal(StrEnum):
    """Why a step is refused."""

    EMPTY = "empty"
    FIRST = "first"
    ORDER = "order"
    OPEN = "open"
    OVER = "over"
    MERGED = "merged"
    INCOMPLETE = "incomplete"
    TAKEN = "taken"
    FREE = "free"
    NOT_MUTED = "not_muted"


class CaseStepError(Exception):
    """A step that a case does not allow.

    Attributes
    ----------
    reason : StepRefusal
    figures : dict of str to str
        Arguments of the text.
    """

    def __init__(self, reason: StepRefusal, **figures: str) -> None:
        super().__init__(" ".join([reason.value, *(f"{name}={value}" for name, value in figures.items())]))
        self.reason = reason
        self.figures = figures

    def text(self, language: str) -> str:
        """The refusal as a sentence in ``zh`` or ``en``."""
        return words(language)(f"alert_case.refused_{self.reason}", **self.figures)


def fold(steps: Iterable[CaseStep]) -> AlertCase:
    """The case of its steps.

    Parameters
    ----------
    steps : iterable of CaseStep
        All of one case, ascending by number from 1.

    Raises
    ------
    CaseStepError
        There is no step, one is missing, or one is not allowed.
    """
    case: AlertCase | None = None
    for step in steps:
        case = follow(case, step)
    if case is None:
        raise CaseStepError(StepRefusal.EMPTY)
    return case


def follow(case: AlertCase | None, step: CaseStep) -> AlertCase:
    """The case after one more step; raises `CaseStepError` where it is not allowed."""
    if case is None:
        return _opened(step)
    if step.case_id != case.id or step.number != case.version + 1:
        raise CaseStepError(StepRefusal.ORDER, case=case.id, step=str(step.number))
    refusal = refused(case, step)
    if refusal is not None:
        raise refusal
    changed = msgspec.structs.replace(
        case,
        version=step.number,
        kind=step.case_kind or case.kind,
        verdict=step.verdict or case.verdict,
        audience=step.audience or case.audience,
        audiences=tuple(dict.fromkeys([*case.audiences, step.audience or case.audience])),
        stations_total=step.figures.get(TOTAL, case.stations_total),
        state=_STATES.get(step.kind, case.state),
        steps=(*case.steps, step),
    )
    return _with_alerts(_after_person(changed, step), step.alerts)


def refused(case: AlertCase, step: CaseStep) -> CaseStepError | None:
    """Why a step is not allowed; None where it is."""
    kind, needed = step.kind, _NEEDS.get(step.kind)
    if kind in _OPENING:
        return CaseStepError(StepRefusal.OPEN, case=case.id)
    if case.state is CaseState.MERGED:
        return CaseStepError(StepRefusal.MERGED, case=case.id, into=case.merged_into or "")
    if kind in _ONLY_OPEN and not case.is_open:
        return CaseStepError(StepRefusal.OVER, case=case.id)
    if needed is not None and not step.figures.get(needed):
        return CaseStepError(StepRefusal.INCOMPLETE, case=case.id, needed=needed)
    return _refused_person(case, step) or _refused_end(case, kind)


def _refused_person(case: AlertCase, step: CaseStep) -> CaseStepError | None:
    kind, holder = step.kind, case.taken_by
    if kind is StepKind.TAKEN and holder is not None and holder != step.by:
        return CaseStepError(StepRefusal.TAKEN, case=case.id, by=holder)
    if kind in _ONLY_TAKEN and holder is None:
        return CaseStepError(StepRefusal.FREE, case=case.id)
    if kind is StepKind.UNMUTED and case.muted_until is None:
        return CaseStepError(StepRefusal.NOT_MUTED, case=case.id)
    return None


def _refused_end(case: AlertCase, kind: StepKind) -> CaseStepError | None:
    if kind is StepKind.REOPENED and case.is_open:
        return CaseStepError(StepRefusal.OPEN, case=case.id)
    is_again = kind in {StepKind.RESOLVED, StepKind.WITHDRAWN} and case.state is _STATES[kind]
    return CaseStepError(StepRefusal.OVER, case=case.id) if is_again else None


def _opened(step: CaseStep) -> AlertCase:
    if step.kind not in _OPENING or step.number != 1 or not step.alerts:
        raise CaseStepError(StepRefusal.FIRST, case=step.case_id, step=step.kind)
    audience = step.audience or Audience.DUTY
    case = AlertCase(
        id=step.case_id,
        kind=step.case_kind or CaseKind.POLLUTION,
        audience=audience,
        audiences=(audience,),
        state=_STATES.get(step.kind, CaseState.OPEN),
        severity=step.alerts[0].severity,
        since=step.at,
        opened_at=step.recorded_at,
        version=1,
        verdict=step.verdict or CaseVerdict(),
        stations_total=step.figures.get(TOTAL),
        steps=(step,),
    )
    return _with_alerts(case, step.alerts)


def _after_person(case: AlertCase, step: CaseStep) -> AlertCase:
    """What the step of a person, or a join, sets."""
    changes = _CHANGES.get(step.kind)
    return case if changes is None else msgspec.structs.replace(case, **changes(step))


def _into(step: CaseStep) -> dict[str, Any]:
    """Of the younger of two cases; the older one takes over the alerts only."""
    return {"state": CaseState.MERGED, "merged_into": step.figures[INTO]} if INTO in step.figures else {}


_CHANGES: dict[StepKind, Callable[[CaseStep], dict[str, Any]]] = {
    StepKind.TAKEN: lambda step: {"taken_by": step.by, "taken_at": step.at},
    StepKind.HANDED_OVER: lambda step: {"taken_by": step.figures[TO], "taken_at": step.at},
    StepKind.RELEASED: lambda _: {"taken_by": None, "taken_at": None},
    StepKind.ASSIGNED: lambda step: {"assigned_to": step.figures[TO]},
    StepKind.MUTED: lambda step: {"muted_until": stored_moment(step.figures[UNTIL])},
    StepKind.UNMUTED: lambda _: {"muted_until": None},
    StepKind.RESOLVED: lambda step: {"cause": step.figures[CAUSE]},
    StepKind.REOPENED: lambda _: {"cause": None, "ended_at": None},
    StepKind.MERGED: _into,
}


def ordered(case: AlertCase) -> AlertCase:
    """The case with its alerts, stations and cities in the order of their present figures, the worst first."""
    return _with_alerts(case, ())


def _with_alerts(case: AlertCase, added: Iterable[CaseAlert]) -> AlertCase:
    """The case with alerts added or replaced, and what follows from them."""
    held = {(item.alert_key, item.begin_id): item for item in (*case.alerts, *added)}
    alerts = sorted(held.values(), key=_worst_first)
    highest = max((case.severity, *(item.severity for item in alerts)), key=RANK.__getitem__)
    return msgspec.structs.replace(
        case,
        alerts=tuple(alerts),
        severity=highest,
        since=min(item.since for item in alerts),
        ended_at=None if case.is_open else _ended_at(alerts, case),
        cities=_named(item.city for item in alerts),
        stations=_named(item.station_id for item in alerts),
        parameters=_named(item.parameter for item in alerts),
        networks=_named(item.network for item in alerts),
    )


def _ended_at(alerts: Iterable[CaseAlert], case: AlertCase) -> datetime | None:
    ends = [item.until for item in alerts]
    return (
        max((end for end in ends if end is not None), default=case.ended_at) if case.state in _OVER else case.ended_at
    )


def _worst_first(alert: CaseAlert) -> tuple[bool, int, float, str, int]:
    return (not alert.is_open, -RANK[alert.severity], -ratio_of(alert), alert.alert_key, alert.begin_id)


def ratio_of(alert: CaseAlert) -> float:
    """Extreme in parts of the threshold [1], the larger the worse; 0 where one is missing."""
    if alert.extreme is None or not alert.threshold:
        return 0.0
    ratio = alert.extreme / alert.threshold
    return ratio if alert.above else 1 / ratio if ratio > 0 else float("inf")


def _named(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
