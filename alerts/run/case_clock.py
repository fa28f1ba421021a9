"""What time brings to open cases: escalation, reminders, ends of mutes. Read, plan, write, in this order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alerts.case.life import follow
from alerts.delivery.escalate import PERSON, TEAM, plan_steps
from alerts.delivery.mute import covers
from alerts.people.person import MAIL
from alerts.run.mail.notify import ways_to
from alerts.run.stores import open_state
from schemas.alert_case import CaseState, CaseStep, StepKind
from store.state import CaseChange, NoticeRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.delivery.escalate import PlannedStep
    from alerts.people.people import People
    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.state import Mute, Notice, StateStore

LOOK_BACK = timedelta(days=7)
"""Cases that began earlier than this before a mute are not looked for at its end."""


def let_time_pass(settings: AlertSettings, now: datetime, people: People) -> int:
    """`keep_time` with the stores of an installation."""
    with open_state(settings) as state:
        ended = report_ended_mutes(state, people, settings.stations, now)
        return ended + keep_time(state, people, now, remind_after=timedelta(hours=settings.remind_after_h))


def keep_time(state: StateStore, people: People, now: datetime, *, remind_after: timedelta) -> int:
    """Add the steps that are due, and ask for their notices; how many steps were added.

    Of several workers one adds each step: the others find the case changed and look again in the next round.

    Raises
    ------
    store.error.StoreError
    """
    count = 0
    opened = state.cases.list_open()
    known = notices_by_case(state, [case.id for case in opened])
    for case in opened:
        if case.muted_until is not None and case.muted_until <= now:
            count += _unmute(state, people, case, now)
            continue
        for planned in plan_steps(people, case, known.get(case.id, []), now=now, remind_after=remind_after):
            if planned.due_at <= now:
                count += _step(state, people, case, planned, now)
                break  # the case has changed: the rest in the next round
    return count


def notices_by_case(state: StateStore, case_ids: Sequence[str]) -> dict[str, list[Notice]]:
    """All notices of cases, by case."""
    found: dict[str, list[Notice]] = {}
    for item in state.notices.of_cases(case_ids) if case_ids else ():
        found.setdefault(item.case_id, []).append(item)
    return found


def report_ended_mutes(state: StateStore, people: People, network: Network, now: datetime) -> int:
    """Let who set a mute know the cases that it covered, when it has ended; those of the team waited for the end anyway.

    All of them are one digest a recipient (`alerts.run.mail.send`). A mute under which nothing happened ends without a mail.
    """
    count = 0
    for item in state.mutes.take_ended(now):
        if item.by not in people.person:
            continue
        for case in cases_under(state, network, item):
            state.notices.want(case.id, item.by, MAIL, version=case.version, due_at=now)
            count += 1
    return count


def cases_under(state: StateStore, network: Network, item: Mute) -> list[AlertCase]:
    """Cases of which something happened under a mute, without their steps, the youngest first."""
    found = state.cases.list(since_from=item.start - LOOK_BACK, since_to=item.end)
    covered = [case for case in found if case.state is not CaseState.MERGED and covers(item.matcher, case, network)]
    return [
        case
        for case in covered
        if any(item.start <= step.recorded_at < item.end for step in state.cases.list_steps(case.id))
    ]


def _step(state: StateStore, people: People, case: AlertCase, planned: PlannedStep, now: datetime) -> int:
    first = planned.persons[0]
    figures: dict[str, Any] = {TEAM: first.team, PERSON: first.person}
    after = _follow(case, planned.kind, figures, now)
    notices = [
        _request(after, way.person_id, way.channel, max(now, way.not_before or now))
        for person in planned.persons
        for way in ways_to(people, after, person, now)
    ]
    return _append(state, case, after, notices)


def _unmute(state: StateStore, people: People, case: AlertCase, now: datetime) -> int:
    """End a mute of a case; who set it is notified."""
    after = _follow(case, StepKind.UNMUTED, {}, now)
    by = next((item.by for item in reversed(case.steps) if item.kind is StepKind.MUTED), "")
    return _append(state, case, after, [_request(after, by, MAIL, now)] if by in people.person else [])


def _follow(case: AlertCase, kind: StepKind, figures: dict[str, Any], now: datetime) -> AlertCase:
    step = CaseStep(case_id=case.id, number=case.version + 1, kind=kind, at=now, recorded_at=now, figures=figures)
    return follow(case, step)


def _request(case: AlertCase, recipient: str, channel: str, due_at: datetime) -> NoticeRequest:
    return NoticeRequest(case_id=case.id, recipient=recipient, channel=channel, version=case.version, due_at=due_at)


def _append(state: StateStore, case: AlertCase, after: AlertCase, notices: Sequence[NoticeRequest]) -> int:
    """Store the step with its notices; 0 where another worker changed the case."""
    return int(state.cases.append([CaseChange(case=after, after=case.version)], notices=notices) is not None)
