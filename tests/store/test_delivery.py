"""Deliveries, progress and channels of alerts in the state database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.alert import AlertState
from store.state import AlertProgress, StateStore
from tests.store.test_state import NOW, transition

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def store(url: str) -> Iterator[StateStore]:
    with StateStore(url) as opened:
        opened.migrate()
        yield opened


def test_a_beginning_and_its_end_are_claimed_by_one_worker(store: StateStore) -> None:
    store.save_transition(transition())
    (first,) = store.claim_deliveries("a", "email")
    store.finish_delivery(first.delivery_id, ok=False, detail="451 later", worker="a")  # due again in a minute
    end = store.save_transition(transition(5, AlertState.OK))
    claims = store.claim_deliveries("b", "email")
    assert [item.transition.to_state for item in claims] == [AlertState.FIRING, AlertState.OK]
    assert store.claim_deliveries("c", "email") == []
    beginning = store.get_beginning("high/a/so2", end, "email")
    assert beginning is not None
    assert (beginning.id, beginning.worker) == (first.delivery_id, "b")


def test_an_end_whose_beginning_another_worker_holds_is_claimed_alone_and_given_back(store: StateStore) -> None:
    store.save_transition(transition())
    now = datetime.now(UTC)
    (begin,) = store.claim_deliveries("a", "email", now=now)
    store.save_transition(transition(5, AlertState.OK))
    (end,) = store.claim_deliveries("b", "email", now=datetime.now(UTC))
    store.release_claim(end.delivery_id, "b", now + timedelta(minutes=5))
    assert store.claim_deliveries("b", "email", now=now + timedelta(minutes=4)) == []
    both = store.claim_deliveries("b", "email", now=now + timedelta(minutes=6))
    assert [item.delivery_id for item in both] == [begin.delivery_id, end.delivery_id]
    assert [item.attempt for item in both] == [2, 1]
    assert not store.renew_claims([begin.delivery_id], "a")
    assert store.renew_claims([item.delivery_id for item in both], "b")


def test_of_two_transitions_after_one_state_the_first_is_stored(store: StateStore) -> None:
    first = store.follow_transition(transition(), None)
    assert first is not None
    assert store.follow_transition(transition(5, AlertState.OK), None) is None
    assert store.follow_transition(transition(5, AlertState.OK), first) is not None
    assert store.follow_transition(transition(6, AlertState.OK), first) is None
    assert len(store.list_transitions()) == 2


def test_the_progress_of_an_open_alert_is_kept_until_it_moves_on(store: StateStore) -> None:
    first = store.save_transition(transition())
    progress = AlertProgress(extreme=299.1, extreme_at=NOW, latest=25.0, latest_at=NOW + timedelta(hours=4))
    store.note_alert_progress({first: progress})
    assert store.get_alert_states()["high/a/so2"].progress == progress
    end = store.save_transition(transition(5, AlertState.OK))
    store.note_alert_progress({first: AlertProgress(latest=1.0)})
    status = store.get_alert_states()["high/a/so2"]
    assert status.transition_id == end
    assert status.progress.latest == status.transition.value


def test_a_channel_that_fails_is_counted_dated_and_told_of_by_one_worker(store: StateStore) -> None:
    assert store.get_channel("email") is None
    for minute, ok in enumerate([True, False, False, True]):
        store.note_channel("email", ok=ok, detail="refused", now=NOW + timedelta(minutes=minute))
        if minute == 2:
            down = store.get_channel("email")
            assert down is not None
            assert (down.ok, down.since, down.failures) == (False, NOW + timedelta(minutes=1), 2)
            assert store.note_alarm("email", before=None, now=NOW)
            assert not store.note_alarm("email", before=None, now=NOW)
    up = store.get_channel("email")
    assert up is not None
    assert (up.ok, up.since, up.failures, up.alarmed_at) == (True, NOW + timedelta(minutes=3), 2, None)


def test_the_backlog_counts_what_waits_and_what_was_given_up(store: StateStore) -> None:
    store.save_transition(transition())
    store.save_transition(transition(5, AlertState.OK))
    begin, end = store.claim_deliveries("w", "email")
    assert store.get_backlog("email", failed_since=NOW).waiting == 2
    store.finish_delivery(begin.delivery_id, ok=False, detail="550", permanent=True)
    store.skip_delivery(end.delivery_id, "not mailed: inhibited", worker="w")
    backlog = store.get_backlog("email", failed_since=datetime.now(UTC) - timedelta(hours=1))
    assert (backlog.waiting, backlog.oldest, backlog.failed) == (0, None, 1)
    states = {item.transition_id: item.state for item in store.list_deliveries()}
    assert list(states.values()) == ["skipped", "failed"]
