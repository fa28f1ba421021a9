"""What a round sends to one recipient: nothing is dropped, critical cases are never held, more than the limit is merged."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.plan import HOUR, DueNotice, plan_delivery
from tests.alerts.delivery.build import NOW, notice

LIMIT = 10
MINUTE = timedelta(minutes=1)


def due(count: int, **more: object) -> list[DueNotice]:
    return [DueNotice(notice(id=number), **more) for number in range(1, count + 1)]  # type: ignore[arg-type]


def test_few_cases_are_a_message_each() -> None:
    plan = plan_delivery(due(3), [], limit=LIMIT, now=NOW)
    assert [len(item) for item in plan.messages] == [1, 1, 1]


def test_more_cases_than_the_limit_are_one_digest() -> None:
    plan = plan_delivery(due(11), [], limit=LIMIT, now=NOW)
    assert [len(item) for item in plan.messages] == [11]


def test_beyond_the_limit_cases_wait_until_the_oldest_message_is_an_hour_old() -> None:
    sent = [NOW - 50 * MINUTE + number * MINUTE for number in range(10)]
    plan = plan_delivery(due(2), sent, limit=LIMIT, now=NOW)
    assert plan.messages == ()
    assert {item.until for item in plan.held} == {NOW + 10 * MINUTE}


def test_a_critical_case_is_sent_beyond_the_limit() -> None:
    urgent = DueNotice(notice(id=99), is_critical=True)
    plan = plan_delivery([*due(2), urgent], [NOW - MINUTE] * 10, limit=LIMIT, now=NOW)
    assert plan.messages == ((urgent,),)
    assert len(plan.held) == 2


def test_info_cases_of_the_morning_are_one_digest() -> None:
    plan = plan_delivery([*due(1), *due(4, is_collected=True)], [], limit=LIMIT, now=NOW)
    assert [len(item) for item in plan.messages] == [1, 4]


def test_under_a_mute_nothing_is_sent() -> None:
    plan = plan_delivery(due(2, is_critical=True, muted_until=NOW + HOUR), [], limit=LIMIT, now=NOW)
    assert plan.messages == ()
    assert [item.until for item in plan.held] == [NOW + HOUR] * 2


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30),
    st.lists(st.integers(0, 90), max_size=20),
    st.integers(1, 12),
)
def test_every_notice_is_sent_or_held_once(kinds: list[tuple[bool, bool, bool]], ages: list[int], limit: int) -> None:
    items = [
        DueNotice(notice(id=number), critical, collected, NOW + HOUR if muted else None)
        for number, (critical, collected, muted) in enumerate(kinds)
    ]
    plan = plan_delivery(items, [NOW - age * MINUTE for age in ages], limit=limit, now=NOW)
    sent = [item.notice.id for message in plan.messages for item in message]
    held = [item.item.notice.id for item in plan.held]
    assert sorted(sent + held) == list(range(len(items)))
    assert all(NOW < item.until <= NOW + HOUR for item in plan.held)
    plain = [message for message in plan.messages if not message[0].is_critical]
    recent = sum(age < 60 for age in ages)
    assert len(plain) <= max(0, limit - recent - (len(plan.messages) - len(plain)))
