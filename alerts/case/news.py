"""Which steps of a case recipients are notified of, and when at the earliest. Pure.

A recipient gets the present state of a case, so the question is only whether something happened that changes what a person does: it
opened, got worse, ended, was withdrawn, or a figure that was reported changed. More stations of an episode are reported when
their number doubles or another city is in it. Who has taken a case is not disturbed by its growth below critical.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.case.life import FROM, RANK, follow
from alerts.case.local import COMPARED
from alerts.case.steps import CHANGED
from schemas.alert import RuleKind, Severity
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.alert_case import AlertCase, CaseStep

SETTLE = timedelta(minutes=5)
"""A silence is reported so long after the time allowed ran out: when more stations follow, it is one case of their line; project choice."""
HOLD = timedelta(hours=1)
"""A case of one station that is not critical is reported so much later where the next hour may say that it is a fault, or part of an episode; project choice."""
LATE = timedelta(hours=3)
"""A case that becomes known so long after it began is not held: the hours that it would wait for are known too; project choice."""
_ALWAYS = frozenset({StepKind.OPENED, StepKind.LATE_KNOWN, StepKind.ENDED, StepKind.WITHDRAWN, StepKind.REOPENED})
_GROWING = frozenset({StepKind.RAISED, StepKind.EXTENDED, StepKind.MERGED})
_GROWTH = 2


class WantedNotice(NamedTuple):
    """Notices that are wanted of a case: its version, for whom, not before when; ``is_last``: it is no longer theirs."""

    case: AlertCase
    audience: Audience
    not_before: datetime
    is_last: bool = False


def wanted(before: AlertCase | None, after: AlertCase, now: datetime) -> list[WantedNotice]:
    """Notices of a case after new steps.

    Parameters
    ----------
    before : AlertCase or None
        The case as it was; None: it is new.
    after : AlertCase
        With all its steps.
    now : datetime
        UTC.

    Returns
    -------
    list of WantedNotice
        One of the present audience where there is news; and a last one of each audience that it was taken from.
    """
    old = before.version if before is not None else 0
    if after.state is CaseState.MERGED or not any(number > old for number in news_of(after)):
        return []
    moment = _not_before(after, now)
    found = [WantedNotice(after, after.audience, moment)]
    if before is not None and before.audience is not after.audience:
        found.append(WantedNotice(after, before.audience, moment, is_last=True))
    return found


def news_of(case: AlertCase) -> list[int]:
    """Numbers of the steps of which recipients are notified.

    Parameters
    ----------
    case : AlertCase
        With all its steps.
    """
    found: list[int] = []
    before: AlertCase | None = None
    reported: AlertCase | None = None
    for step in case.steps:
        then = follow(before, step)
        if before is None or reported is None or _is_news(step, before, then, reported):
            found.append(step.number)
            reported = then
        before = then
    return found


def _is_news(step: CaseStep, before: AlertCase, then: AlertCase, reported: AlertCase) -> bool:
    """Whether a step is news to who knows the case as it was reported last."""
    if step.kind in _ALWAYS:
        return True
    if step.kind is StepKind.AMENDED:
        return bool(step.figures.get(CHANGED))
    if step.kind not in _GROWING or then.state is CaseState.RESOLVED:
        return False
    if RANK[then.severity] > RANK[before.severity]:
        return then.taken_by is None or then.severity is Severity.CRITICAL
    return then.taken_by is None and (FROM in step.figures or _has_grown(reported, then))


def _has_grown(earlier: AlertCase, then: AlertCase) -> bool:
    return len(then.stations) >= _GROWTH * len(earlier.stations) or bool({*then.cities} - {*earlier.cities})


def _not_before(case: AlertCase, now: datetime) -> datetime:
    is_silence = all(item.kind is RuleKind.SILENCE for item in case.alerts)
    moment = max(now, min(now, _newest_silence(case)) + SETTLE) if is_silence and case.is_open else now
    if is_held(case) and case.opened_at - case.since < LATE:
        moment = max(moment, case.opened_at + HOLD)
    return max(moment, case.muted_until) if case.muted_until is not None and case.muted_until > now else moment


def _newest_silence(case: AlertCase) -> datetime:
    """When the last of the stations became silent: its last reading and the time allowed, which is the threshold of the alert [min]."""
    return max(item.since + timedelta(minutes=item.threshold or 0.0) for item in case.alerts)


def is_held(case: AlertCase) -> bool:
    """Whether a case waits for what its next hour says of it: pollution of one station below critical that was evaluated.

    That is where fault or event is undecided, and where all its parameters are those of episodes (`alerts.case.local.COMPARED`): other stations may follow.
    """
    verdict = case.verdict
    return (
        case.is_open
        and case.kind is CaseKind.POLLUTION
        and len(case.stations) == 1
        and case.severity is not Severity.CRITICAL
        and verdict.probability is not None
        and (verdict.is_fault is None or COMPARED.issuperset(case.parameters))
    )
