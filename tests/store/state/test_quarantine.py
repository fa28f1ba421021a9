from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.interval import Interval
from schemas.message import MAX_PAYLOAD_BYTES, RawMessage, parse_topic
from schemas.reading import Rejection, RejectReason
from store.state import QuarantineState, StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
TOPIC = parse_topic("obs/v1/gas/a/i/json")


def message(payload: bytes = b"{}", seconds: int = 0) -> RawMessage:
    return RawMessage(str(TOPIC), payload, NOW + timedelta(seconds=seconds))


def rejection(detail: str = "so2: 'x'", reason: RejectReason = RejectReason.BAD_VALUE) -> Rejection:
    return Rejection(reason, detail, "a", "i", "so2", Interval(NOW, NOW))


def test_rejections_are_kept_with_the_bytes_they_came_in(store: StateStore) -> None:
    assert store.quarantine.add(message(b'{"so2": "x"}'), TOPIC, [rejection(), rejection("no: 'y'")]) == 2
    first = store.quarantine.list()[0]
    found = store.quarantine.get(first.id)
    assert found is not None
    assert (first.payload, found.message) == (None, message(b'{"so2": "x"}'))
    assert (first.reason, first.station_id, first.received_at, first.interval_start) == (
        RejectReason.BAD_VALUE,
        "a",
        NOW,
        NOW,
    )


def test_reading_history_again_adds_no_rejection_twice(store: StateStore) -> None:
    for _ in range(2):
        store.quarantine.add(message(), TOPIC, [rejection(), rejection("other")])
    store.quarantine.add(message(), TOPIC, [rejection("refused", RejectReason.REFUSED_BY_STORE)])
    assert store.quarantine.count() == {"bad_value": 2, "refused_by_store": 1}


def test_a_message_without_a_sound_topic_is_kept_whatever_it_holds(store: StateStore) -> None:
    odd = RawMessage("obs/\x00/\ud800", b"\xff\x00", NOW)
    store.quarantine.add(odd, None, [Rejection(RejectReason.BAD_SCHEMA, "lone \ud800 and \x00")])
    (item,) = store.quarantine.list()
    assert (item.network, item.station_id) == (None, None)
    assert store.quarantine.count("station_id") == {"": 1}


def test_a_payload_that_was_cut_cannot_be_replayed(store: StateStore) -> None:
    store.quarantine.add(message(b"x" * (MAX_PAYLOAD_BYTES + 1)), TOPIC, [rejection(reason=RejectReason.TOO_LARGE)])
    item = store.quarantine.get(1)
    assert item is not None
    with pytest.raises(ValueError, match="not complete"):
        _ = item.message


def test_an_item_is_replayed_once(store: StateStore) -> None:
    store.quarantine.add(message(), TOPIC, [rejection()])
    assert [
        store.quarantine.mark_replayed(1),
        store.quarantine.mark_replayed(1),
        store.quarantine.mark_replayed(99),
    ] == [True, False, False]
    assert store.quarantine.list(state=QuarantineState.NEW) == []


def test_the_quarantine_is_bounded_and_counts_what_had_to_go(store: StateStore) -> None:
    store.quarantine.limit = 5
    for second in range(9):
        store.quarantine.add(message(seconds=second), TOPIC, [rejection()])
    assert [item.id for item in store.quarantine.list()] == [5, 6, 7, 8, 9]
    assert store.quarantine.count_expired() == {"bad_value": 4}
    assert store.quarantine.get(1) is None


def test_refusals_of_a_station_are_counted_by_reason_with_the_newest_of_each(store: StateStore) -> None:
    for second in range(12):
        reason = RejectReason.BAD_UNIT if second == 3 else RejectReason.BAD_VALUE
        store.quarantine.add(message(seconds=second), TOPIC, [rejection(reason=reason)])
    store.quarantine.mark_replayed(12)
    groups = store.quarantine.list_groups("a", NOW + timedelta(seconds=1), newest=2)
    assert [(reason, count, [item.id for item in items]) for reason, count, items in groups] == [
        ("bad_value", 9, [11, 10]),
        ("bad_unit", 1, [4]),
    ]
    assert store.quarantine.list_groups("b", NOW) == []


def test_listing_filters_and_pages(store: StateStore) -> None:
    for second, reason in enumerate([RejectReason.BAD_VALUE, RejectReason.BAD_UNIT, RejectReason.BAD_UNIT]):
        store.quarantine.add(message(seconds=second), TOPIC, [rejection(reason=reason)])
    assert [item.id for item in store.quarantine.list(reason=RejectReason.BAD_UNIT, after=2)] == [3]
    assert [item.id for item in store.quarantine.list(received_from=NOW + timedelta(seconds=1), limit=1)] == [2]
    assert store.quarantine.list(station_id="b") == []
