"""Live messages go ahead of a backlog, and nothing is lost or forgotten on either way, whenever it is killed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.backlog.dual_cursor import CURSOR, LIVE, LIVE_FROM, DualCursor, waiting
from ingest.pipeline import Pipeline
from ingest.writer import Writer
from schemas.message import RawMessage
from store.rawlog import BEGINNING, RawLog

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

NOW = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
AFTER = timedelta(seconds=60)
OLD = timedelta(hours=1)


def raw(number: int, received_at: datetime = NOW) -> RawMessage:
    return RawMessage("t", str(number).encode(), received_at)


class Reader:
    """A drain that only notes what it was given; `restart` forgets everything that is not durable."""

    def __init__(self, log: RawLog) -> None:
        self.log = log
        self.seen: list[int] = []
        self.restart()

    def restart(self) -> None:
        self.cursors = DualCursor(self.log, AFTER)

    def step(self, limit: int = 3, *, killed: bool = False) -> str:
        """One batch; killed before its cursor moved, or the join where there is nothing."""
        cursor, messages = self.cursors.next(limit, 1 << 20, NOW + timedelta(minutes=5))
        if not messages:
            return "joined" if self.cursors.join() else ""
        self.seen += [int(item.message.payload) for item in messages]
        if killed:
            self.restart()
        else:
            self.log.advance(cursor, messages[-1].position)
        return cursor


def test_a_short_queue_has_one_cursor(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append([raw(number, NOW + timedelta(minutes=5)) for number in range(5)])
    reader = Reader(log)
    assert [reader.step() for _ in range(3)] == [CURSOR, CURSOR, ""]
    assert reader.seen == [0, 1, 2, 3, 4]
    assert waiting(log) == 0
    log.close()


def test_what_comes_in_goes_ahead_of_the_backlog_until_they_meet(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append([raw(number, NOW - OLD) for number in range(7)])
    reader = Reader(log)
    assert reader.step() == CURSOR
    log.append([raw(100), raw(101)])
    assert waiting(log) == 6
    assert [reader.step(), reader.step()] == [LIVE, CURSOR]
    assert waiting(log) == 1
    log.append([raw(102, NOW + timedelta(minutes=2))])  # the next day's file
    assert [reader.step() for _ in range(4)] == [LIVE, CURSOR, "joined", ""]
    assert reader.seen == [0, 1, 2, 100, 101, 3, 4, 5, 102, 6]
    assert (waiting(log), log.cursor(LIVE), log.cursor(LIVE_FROM)) == (0, BEGINNING, BEGINNING)
    assert log.cursor(CURSOR) == log.end()
    log.append([raw(103, NOW + timedelta(minutes=5))])
    assert reader.step() == CURSOR
    log.close()


def test_neither_cursor_starves_the_other_at_any_load(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append([raw(number, NOW - OLD) for number in range(9)])
    reader = Reader(log)
    cursors = []
    for number in range(100, 110):
        cursors.append(reader.step())
        log.append([raw(number)])
        if reader.cursors.is_backlog_read:
            break
    assert cursors == [CURSOR, LIVE, CURSOR, LIVE, CURSOR]
    assert reader.cursors.join()
    assert reader.step() == CURSOR
    assert sorted(reader.seen) == [*range(9), *range(100, 105)]
    assert waiting(log) == 0
    log.close()


def test_zero_keeps_the_order(tmp_path: Path) -> None:
    log = RawLog(tmp_path)
    log.append([raw(number, NOW - OLD) for number in range(7)])
    cursors = DualCursor(log, timedelta(0))
    cursors.next(3, 1 << 20, NOW)
    assert not cursors.is_open
    log.close()


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(st.lists(st.one_of(st.integers(1, 6), st.sampled_from(["step", "step", "killed", "restart"])), max_size=40))
def test_every_message_is_dealt_with_at_least_once_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, events: list[int | str]
) -> None:
    log = RawLog(tmp_path_factory.mktemp("lanes"))
    log.append([raw(number, NOW - OLD) for number in range(10)])
    reader, count = Reader(log), 10
    for event in events:
        if isinstance(event, int):
            log.append([raw(count + number) for number in range(event)])
            count += event
        elif event == "restart":
            reader.restart()
        else:
            reader.step(killed=event == "killed")
        assert waiting(log) <= count
    for _ in range(count + 10):
        reader.step()
    assert set(reader.seen) == set(range(count))
    assert waiting(log) == 0
    assert not reader.cursors.is_open
    log.close()


@pytest.mark.integration
def test_a_live_reading_can_be_queried_before_the_backlog_is_done(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore
) -> None:
    own = collector_settings.model_copy(update={"drain_batch": 50})
    log, now = RawLog(own.rawlog_dir), datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)

    def message(age: int, received_at: datetime) -> RawMessage:
        start = minute - timedelta(minutes=age + 1)
        body = {"start": start, "end": start + timedelta(minutes=1), "values": {"so2": float(age)}, "seq": 10_000 - age}
        return RawMessage("obs/v1/gas/st-1/gas1/json", msgspec.json.encode(body), received_at)

    log.append([message(age, now - timedelta(minutes=age)) for age in range(300, 1, -1)])
    work = Pipeline(own, log, writer=Writer(store, threading.Event()), state=state)

    def settle_next() -> None:
        batch = work.decode_next()
        assert batch is not None
        assert work.store(batch) is not None

    settle_next()
    log.append([message(0, now)])
    settle_next()
    frame = store.read_native("gas", "st-1", "gas1", minute - timedelta(hours=6), now)
    assert frame["so2"].iloc[-1] == 0.0
    assert waiting(log) > 200
    for _ in range(5):
        settle_next()
    assert work.decode_next() is None
    frame = store.read_native("gas", "st-1", "gas1", minute - timedelta(hours=6), now)
    assert sorted(frame["so2"]) == [0.0, *(float(age) for age in range(2, 301))]
    assert state.revisions.list() == []  # none was late when it was received
    assert state.revisions.list_reopened() != []  # but the older hours had been flagged without them
    log.close()
