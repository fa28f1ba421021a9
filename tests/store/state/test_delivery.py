"""Deliveries, progress and channels of alerts in the state database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec

from schemas.alert import AlertState
from store.state import AlertProgress, StateStore
from tests.store.state.build import NOW, transition


def test_a_beginning_and_its_end_are_claimed_by_one_worker(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    (first,) = store.deliveries.claim("a", "email")
    store.deliveries.finish(first.delivery_id, ok=False, detail="451 later", worker="a")  # due again in a minute
    end = store.alerts.save(transition(5, AlertState.OK), ("email",))
    claims = store.deliveries.claim("b", "email")
    assert [item.transition.to_state for item in claims] == [AlertState.FIRING, AlertState.OK]
    assert store.deliveries.claim("c", "email") == []
    beginning = store.deliveries.get_beginning("high/a/so2", end, "email")
    assert beginning is not None
    assert (beginning.id, beginning.worker) == (first.delivery_id, "b")


def test_an_end_whose_beginning_another_worker_holds_is_claimed_alone_and_given_back(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    now = datetime.now(UTC)
    (begin,) = store.deliveries.claim("a", "email", now=now)
    store.alerts.save(transition(5, AlertState.OK), ("email",))
    (end,) = store.deliveries.claim("b", "email", now=datetime.now(UTC))
    store.deliveries.release(end.delivery_id, "b", now + timedelta(minutes=5))
    assert store.deliveries.claim("b", "email", now=now + timedelta(minutes=4)) == []
    both = store.deliveries.claim("b", "email", now=now + timedelta(minutes=6))
    assert [item.delivery_id for item in both] == [begin.delivery_id, end.delivery_id]
    assert [item.attempt for item in both] == [2, 1]
    assert not store.deliveries.renew([begin.delivery_id], "a")
    assert store.deliveries.renew([item.delivery_id for item in both], "b")


def test_of_two_transitions_after_one_state_the_first_is_stored(store: StateStore) -> None:
    first = store.alerts.follow(transition(), None)
    assert first is not None
    assert store.alerts.follow(transition(5, AlertState.OK), None) is None
    assert store.alerts.follow(transition(5, AlertState.OK), first) is not None
    assert store.alerts.follow(transition(6, AlertState.OK), first) is None
    assert len(store.alerts.list()) == 2


def test_the_progress_of_an_open_alert_is_kept_until_it_moves_on(store: StateStore) -> None:
    first = store.alerts.save(transition(), ("email",))
    progress = AlertProgress(extreme=299.1, extreme_at=NOW, latest=25.0, latest_at=NOW + timedelta(hours=4))
    store.alerts.note_progress({first: progress})
    assert store.alerts.get_states()["high/a/so2"].progress == progress
    end = store.alerts.save(transition(5, AlertState.OK), ("email",))
    store.alerts.note_progress({first: AlertProgress(latest=1.0)})
    status = store.alerts.get_states()["high/a/so2"]
    assert status.transition_id == end
    assert status.progress.latest == status.transition.value


def test_a_channel_that_fails_is_counted_dated_and_reported_by_one_worker(store: StateStore) -> None:
    assert store.channels.get("email") is None
    for minute, ok in enumerate([True, False, False, True]):
        store.channels.note("email", ok=ok, detail="refused", now=NOW + timedelta(minutes=minute))
        if minute == 2:
            down = store.channels.get("email")
            assert down is not None
            assert (down.ok, down.since, down.failures) == (False, NOW + timedelta(minutes=1), 2)
            assert store.channels.note_alarm("email", before=None, now=NOW)
            assert not store.channels.note_alarm("email", before=None, now=NOW)
    up = store.channels.get("email")
    assert up is not None
    assert (up.ok, up.since, up.failures, up.alarmed_at) == (True, NOW + timedelta(minutes=3), 2, None)


def test_the_backlog_counts_what_waits_and_what_was_given_up(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    store.alerts.save(transition(5, AlertState.OK), ("email",))
    begin, end = store.deliveries.claim("w", "email")
    assert store.deliveries.get_backlog("email", failed_since=NOW).waiting == 2
    store.deliveries.finish(begin.delivery_id, ok=False, detail="550", permanent=True)
    store.deliveries.skip(end.delivery_id, "not mailed: inhibited", worker="w")
    backlog = store.deliveries.get_backlog("email", failed_since=datetime.now(UTC) - timedelta(hours=1))
    assert (backlog.waiting, backlog.oldest, backlog.failed) == (0, None, 1)
    states = {item.transition_id: item.state for item in store.deliveries.list()}
    assert list(states.values()) == ["skipped", "failed"]


def test_exactly_one_of_many_workers_gets_a_delivery(url: str, store: StateStore) -> None:
    for number in range(20):
        store.alerts.save(msgspec.structs.replace(transition(), alert_key=f"high/{number}/so2"), ("email",))
    barrier = threading.Barrier(4)

    def work(name: str) -> list[int]:
        with StateStore(url) as mine:
            barrier.wait()
            found = []
            while claimed := mine.deliveries.claim(name, "email"):
                found += [item.transition_id for item in claimed]
            return found

    with ThreadPoolExecutor(4) as pool:
        claims = [item for part in pool.map(work, "abcd") for item in part]
    assert sorted(claims) == list(range(1, 21))


def test_a_claim_whose_worker_died_is_free_after_its_lease(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    now = datetime.now(UTC)
    assert store.deliveries.claim("dead", "email", now=now)
    assert store.deliveries.claim("w", "email", now=now + timedelta(minutes=4)) == []
    (second,) = store.deliveries.claim("w", "email", now=now + timedelta(minutes=6))
    assert second.attempt == 2
    assert not store.deliveries.finish(second.delivery_id, ok=True, worker="dead")
    assert store.deliveries.finish(second.delivery_id, ok=True, worker="w")
    assert not store.deliveries.finish(second.delivery_id, ok=True)


def test_a_failed_delivery_is_tried_again_with_growing_pauses_and_then_given_up(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    now = datetime.now(UTC)
    pauses = []
    begun = now
    while claimed := store.deliveries.claim("w", "email", now=now):
        store.deliveries.finish(claimed[0].delivery_id, ok=False, detail="451 later", now=now)
        (delivery,) = store.deliveries.list()
        pauses.append((delivery.due_at - now) // timedelta(minutes=1))
        now = delivery.due_at
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert timedelta(days=7) < now - begun < timedelta(days=8)
    assert store.deliveries.list(state="failed")[0].detail == "451 later"


def test_a_permanent_failure_is_not_tried_again(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    (claimed,) = store.deliveries.claim("w", "email")
    store.deliveries.finish(claimed.delivery_id, ok=False, detail="550 no such user", permanent=True)
    assert store.deliveries.claim("w", "email", now=datetime.now(UTC) + timedelta(days=9)) == []


def test_what_was_sent_is_listed_with_its_moment(store: StateStore) -> None:
    store.alerts.save(transition(), ("email",))
    assert store.deliveries.list_sent() == []
    (claim,) = store.deliveries.claim("a", "email")
    store.deliveries.finish(claim.delivery_id, ok=True, worker="a", now=NOW)
    (sent,) = store.deliveries.list_sent()
    assert (sent.transition_id, sent.sent_at, sent.transition.value) == (claim.transition_id, NOW, 9.5)
