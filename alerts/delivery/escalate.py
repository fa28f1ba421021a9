"""What time does to an open case: the next person is notified of one that has not been taken, and one that stays open is recalled. Pure.

The roster of the moment counts, so after a change of shift the new shift is next. A hole in the roster falls to the leader
(`alerts.people.duty.chain`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.case.action import DECLINED
from alerts.people.duty import MEMBER, EscalationStep, chain
from alerts.people.route import route
from schemas.alert import Severity
from schemas.alert_case import StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alerts.people.people import People
    from schemas.alert_case import AlertCase, CaseStep
    from store.state import Notice

TEAM, PERSON = "team", "person"
"""Figures of an escalation: who was notified."""
_BEGINS = frozenset({StepKind.OPENED, StepKind.REOPENED, StepKind.LATE_KNOWN, StepKind.RELEASED})


class PlannedStep(NamedTuple):
    """A step that time brings.

    Attributes
    ----------
    kind : StepKind
        `ESCALATED` or `REMINDED`.
    persons : tuple of EscalationStep
        Who is notified.
    due_at : datetime
        UTC.
    """

    kind: StepKind
    persons: tuple[EscalationStep, ...]
    due_at: datetime


def plan_steps(
    people: People, case: AlertCase, notices: Sequence[Notice], *, now: datetime, remind_after: timedelta
) -> tuple[PlannedStep, ...]:
    """What is next for a case, due or not, the earliest first; empty where nothing is, as of information.

    Parameters
    ----------
    people : People
    case : AlertCase
        With its steps.
    notices : sequence of Notice
        Of the case.
    now : datetime
        Aware.
    remind_after : timedelta
        After so long a case that was taken and is still open is recalled to the person; so is one that all of the
        chain were notified of and none has taken.
    """
    is_muted = case.muted_until is not None and case.muted_until > now
    if not case.is_open or is_muted or not _is_grave(case):
        return ()
    if case.taken_by is not None:
        return tuple(_remind_taker(people, case, remind_after, now))
    teams = dict.fromkeys(item.team for item in route(people, case, now))
    planned = [_next_of_team(people, case, notices, team, now=now, remind_after=remind_after) for team in teams]
    return tuple(sorted(planned, key=lambda item: item.due_at))


def _is_grave(case: AlertCase) -> bool:
    """Whether anything graver than information is open now, however grave the case was."""
    graver = [item for item in case.alerts if item.severity is not Severity.INFO]
    return any(item.is_open for item in graver) if case.alerts else case.severity is not Severity.INFO


def next_escalation(planned: Iterable[PlannedStep]) -> PlannedStep | None:
    """The first person who will be notified unless the case is taken; None where none is left."""
    return next((item for item in planned if item.kind is StepKind.ESCALATED), None)


def _remind_taker(people: People, case: AlertCase, remind_after: timedelta, now: datetime) -> Iterator[PlannedStep]:
    assert case.taken_by is not None, "asked of a case that was taken"
    acts = (item.recorded_at for item in case.steps if item.by == case.taken_by or item.kind is StepKind.REMINDED)
    since = max((case.taken_at or case.opened_at, *acts))
    found = [
        step
        for team in dict.fromkeys(item.team for item in route(people, case, now))
        for step in chain(people, _area(case), now, team=team)
        if step.person == case.taken_by
    ]
    step = found[0] if found else _plain(people, case)
    if step is not None:
        yield PlannedStep(StepKind.REMINDED, (step,), since + remind_after)


def _plain(people: People, case: AlertCase) -> EscalationStep | None:
    """The person who has the case, where the present roster does not have the person."""
    taker = case.taken_by
    if taker is None or taker not in people.person:
        return None
    team = next((item.id for item in people.teams if taker in item.members), people.fallback_team)
    return EscalationStep(taker, team, MEMBER, 0)


def _next_of_team(
    people: People,
    case: AlertCase,
    notices: Sequence[Notice],
    team: str,
    *,
    now: datetime,
    remind_after: timedelta,
) -> PlannedStep:
    steps = chain(people, _area(case), now, team=team)
    own = {item.recipient: item for item in notices if item.recipient in {step.person for step in steps}}
    later = [step for step in steps if step.person not in own]
    if not own:  # none of those on duty now was notified: a new shift
        return PlannedStep(StepKind.ESCALATED, tuple(step for step in steps if step.after_min == 0), now)
    if not later:
        since = max([_begun(case), *_times(case, StepKind.REMINDED), *_times(case, StepKind.ESCALATED)])
        return PlannedStep(StepKind.REMINDED, steps, since + remind_after)
    return PlannedStep(StepKind.ESCALATED, (later[0],), _escalation_at(people, case, own, team))


def _escalation_at(people: People, case: AlertCase, own: dict[str, Notice], team: str) -> datetime:
    """When the next person is due: so long after those notified last could read it, at once where they declined or cannot be reached."""
    last = [item.figures.get(PERSON) for item in _escalations(case, team)][-1:]
    newest = [item for name, item in own.items() if not last or name == last[0]] or list(own.values())
    since = max((_begun(case), *(item.recorded_at for item in _escalations(case, team))))
    declined = {item.by: item.recorded_at for item in case.steps if item.figures.get(DECLINED)}
    answered = [declined.get(item.recipient) for item in newest]
    if all(answered):
        return max(since, *(moment for moment in answered if moment is not None))
    if all(item.state == "failed" for item in newest):
        return since
    readable = min(_readable_at(item, since) for item in newest)
    return readable + timedelta(minutes=people.team[team].escalate_after_min)


def _readable_at(item: Notice, since: datetime) -> datetime:
    """When a notice reached the person: its first message was sent, or is due; not before ``since``."""
    if not item.known:
        return max(since, item.due_at)
    is_first = item.first_message_id == item.last_message_id and item.sent_at is not None
    return max(since, item.sent_at) if is_first and item.sent_at is not None else since


def _escalations(case: AlertCase, team: str) -> list[CaseStep]:
    begun = _begun(case)
    return [
        item
        for item in case.steps
        if item.kind is StepKind.ESCALATED and item.figures.get(TEAM) == team and item.recorded_at >= begun
    ]


def _begun(case: AlertCase) -> datetime:
    """Since when the case has waited for a person: opened, reopened or released."""
    return max((item.recorded_at for item in case.steps if item.kind in _BEGINS), default=case.opened_at)


def _times(case: AlertCase, kind: StepKind) -> list[datetime]:
    return [item.recorded_at for item in case.steps if item.kind is kind]


def _area(case: AlertCase) -> str | None:
    return case.cities[0] if case.cities else None
