"""Escalation: who is next and when, by the roster of the moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.case.action import DECLINED
from alerts.delivery.escalate import PERSON, TEAM, PlannedStep, next_escalation, plan_steps
from schemas.alert import Severity
from schemas.alert_case import AlertCase, CaseState, StepKind
from tests.alerts.case.build import begin, one, round_of
from tests.alerts.delivery.build import NOW, PEOPLE, case, notice, step

if TYPE_CHECKING:
    from store.state import Notice

MINUTE = timedelta(minutes=1)
REMIND = timedelta(hours=4)


def plan(item: AlertCase, *notices: Notice, now: datetime = NOW) -> tuple[PlannedStep, ...]:
    return plan_steps(PEOPLE, item, notices, now=now, remind_after=REMIND)


def names(planned: PlannedStep) -> list[str]:
    return [item.person for item in planned.persons]


def test_the_deputy_is_next_after_the_time_of_the_team() -> None:
    (found,) = plan(case(), notice("li-na"))
    assert (found.kind, names(found), found.due_at) == (StepKind.ESCALATED, ["wang"], NOW + 15 * MINUTE)


def test_the_time_counts_from_the_first_mail_not_from_later_ones() -> None:
    late = notice("li-na", sent_at=NOW + 5 * MINUTE)
    assert plan(case(), late)[0].due_at == NOW + 20 * MINUTE
    again = notice("li-na", sent_at=NOW + 14 * MINUTE, last_message_id="<2@x>", known=2, wanted=2)
    assert plan(case(), again)[0].due_at == NOW + 15 * MINUTE


def test_within_quiet_hours_the_time_counts_from_their_end() -> None:
    waiting = notice("li-na", known=0, state="pending", due_at=NOW + 60 * MINUTE, sent_at=None)
    assert plan(case(), waiting)[0].due_at == NOW + 75 * MINUTE


def test_the_leader_is_the_last_and_then_all_are_reminded() -> None:
    escalated = step(2, StepKind.ESCALATED, NOW + 15 * MINUTE, figures={TEAM: "duty", PERSON: "wang"})
    item = case(step(1, StepKind.OPENED), escalated)
    second = notice("wang", sent_at=NOW + 15 * MINUTE)
    (found,) = plan(item, notice("li-na"), second)
    assert (names(found), found.due_at) == (["zhao"], NOW + 30 * MINUTE)
    (found,) = plan(item, notice("li-na"), second, notice("zhao"))
    assert (found.kind, found.due_at) == (StepKind.REMINDED, NOW + 15 * MINUTE + REMIND)
    assert next_escalation([found]) is None


def test_who_declines_or_cannot_be_reached_is_not_waited_for() -> None:
    declined = step(2, StepKind.COMMENTED, NOW + MINUTE, by="li-na", figures={DECLINED: True})
    assert plan(case(step(1, StepKind.OPENED), declined), notice("li-na"))[0].due_at == NOW + MINUTE
    failed = notice("li-na", state="failed", known=0)
    assert plan(case(), failed)[0].due_at == NOW


def test_a_new_shift_is_notified_of_what_the_old_one_did_not_take() -> None:
    (found,) = plan(case(), notice("chen"), now=NOW + MINUTE)
    assert (found.kind, names(found), found.due_at) == (StepKind.ESCALATED, ["li-na"], NOW + MINUTE)


def test_a_case_that_was_taken_is_recalled_to_the_person() -> None:
    taken = step(2, StepKind.TAKEN, NOW + MINUTE, by="wang")
    item = case(step(1, StepKind.OPENED), taken, taken_by="wang", taken_at=NOW + MINUTE)
    (found,) = plan(item, notice("li-na"))
    assert (found.kind, names(found), found.due_at) == (StepKind.REMINDED, ["wang"], NOW + MINUTE + REMIND)
    commented = step(3, StepKind.COMMENTED, NOW + 30 * MINUTE, by="wang")
    item = msgspec.structs.replace(item, steps=(*item.steps, commented))
    assert plan(item, notice("li-na"))[0].due_at == NOW + 30 * MINUTE + REMIND


def test_nothing_is_escalated_once_the_values_are_back() -> None:
    begun = one(round_of([], begin(1))).alerts[0]
    assert plan(case(alerts=(begun,)), notice("li-na"))
    over = msgspec.structs.replace(begun, until=NOW)
    assert plan(case(alerts=(over,)), notice("li-na")) == ()
    mild = msgspec.structs.replace(begun, alert_key="light/sy-1/pm25", severity=Severity.INFO)
    assert plan(case(alerts=(over, mild), severity=Severity.CRITICAL), notice("li-na")) == ()


@pytest.mark.parametrize(
    "more",
    [
        {"state": CaseState.ENDED, "ended_at": NOW},
        {"muted_until": NOW + MINUTE},
        {"severity": Severity.INFO},
    ],
)
def test_what_is_over_muted_or_information_is_not_escalated(more: dict[str, object]) -> None:
    assert plan(case(**more), notice("li-na")) == ()


def test_an_absence_of_all_falls_to_the_leader() -> None:
    alone = msgspec.structs.replace(PEOPLE, shifts=())
    (found,) = plan_steps(alone, case(), [notice(name) for name in ("li-na", "wang")], now=NOW, remind_after=REMIND)
    assert names(found) == ["zhao"]


def test_where_all_were_notified_at_once_all_are_reminded() -> None:
    alone = msgspec.structs.replace(PEOPLE, shifts=())
    known = [notice(name) for name in ("li-na", "wang", "zhao")]
    (found,) = plan_steps(alone, case(), known, now=NOW, remind_after=REMIND)
    assert (found.kind, found.due_at, len(found.persons)) == (StepKind.REMINDED, NOW + REMIND, 3)
