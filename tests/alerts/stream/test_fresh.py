"""Old values raise nothing by themselves: backlogs, late readings, corrections, clocks that are ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.run.evaluation import evaluate
from alerts.stream import follow
from alerts.stream.follow import start_of
from alerts.stream.snapshot import read_snapshot
from schemas.alert import AlertState, EndReason
from tests.alerts.stream.feed import HOUR, MINUTE, T0, core_of, moves, network_of, play, reading
from tests.alerts.stream.test_core import NATIVE, minutes, stored
from tests.alerts.stream.test_watch import drain, log, message, reader_of, streamed

if TYPE_CHECKING:
    from alerts.settings import AlertSettings
    from alerts.stream.reader import StreamReader
    from schemas.message import RawMessage
    from schemas.reading import Reading
    from store.influx.store import InfluxStore
    from store.rawlog import RawLog
    from store.state import StateStore

__all__ = ["log", "streamed"]
KEY = "r0/t-01/pm25"
SPAN = timedelta(hours=1)


def test_what_a_backlog_raised_and_ended_is_left_to_the_stored_values() -> None:
    core = core_of(NATIVE)
    core.move(T0 + 3 * HOUR, SPAN)
    assert play(core, minutes([100, 190, 20, 20, 20, 20, 190, 20, 20, 20])) == []
    assert core.take_left()
    assert not core.take_left()
    assert core.open_machines() == {}
    assert moves(play(core, minutes([100, 160], first=170))) == [("r0", "firing", 172)]


def test_what_began_in_a_backlog_and_goes_on_is_raised_by_the_first_fresh_value() -> None:
    core = core_of(NATIVE)
    core.move(T0 + 2 * HOUR, SPAN)
    (found,) = play(core, minutes([190.0 + n for n in range(110)]))
    assert moves([found]) == [("r0", "firing", 60)]
    assert (found.since, found.from_state) == (T0, AlertState.OK)
    assert moves(play(core, minutes([20.0] * 4, first=110))) == [("r0", "ok", 113)]


def test_a_fresh_value_between_the_limits_raises_nothing_that_old_ones_began() -> None:
    core = core_of(NATIVE)
    core.move(T0 + 2 * HOUR, SPAN)
    assert play(core, minutes([190.0] * 50 + [145.0] * 60)) == []


def test_an_alert_that_ended_in_a_backlog_is_ended_by_the_first_fresh_value_and_none_begins_twice() -> None:
    core = core_of(NATIVE)
    (begun,) = play(core, minutes([190.0]))
    core.move(T0 + 2 * HOUR, SPAN)
    assert play(core, minutes([20.0] * 40, first=1)) == []
    (ended,) = play(core, minutes([20.0, 20.0], first=100))
    assert moves([ended]) == [("r0", "ok", 101)]
    assert (ended.since, ended.reason) == (begun.since, EndReason.VALUE_BACK)
    again = core_of(NATIVE)
    play(again, minutes([190.0]))
    again.move(T0 + 2 * HOUR, SPAN)
    assert play(again, minutes([20.0] * 10 + [190.0] * 100, first=1)) == []


def test_what_old_values_moved_survives_a_restart() -> None:
    first = core_of(NATIVE)
    first.move(T0 + 2 * HOUR, SPAN)
    assert play(first, minutes([190.0] * 9)) == []
    second = core_of(NATIVE, memory=first.memory())
    second.move(T0 + 2 * HOUR, SPAN)
    assert play(second, minutes([20.0] * 9, first=9)) == []
    assert second.open_machines() == {}


def test_a_late_reading_says_nothing_of_the_present() -> None:
    core = core_of(NATIVE)
    core.move(T0 + 26 * HOUR, SPAN)
    values = minutes([35.0] * 29, first=1500)
    assert play(core, [*values, reading(100, {"pm25": 400.0}), reading(1510, {"pm25": 400.0})]) == []
    assert core.take_left()
    assert play(core, minutes([35.0] * 9, first=1529)) == []


def test_a_data_set_keeps_its_own_times() -> None:
    core = core_of(NATIVE, network=network_of(late_window_h=0))
    core.move(T0 + 300 * HOUR, SPAN)
    assert moves(play(core, minutes([190.0]))) == [("r0", "firing", 1)]


def test_a_clock_that_was_ahead_holds_up_nothing() -> None:
    core = core_of(NATIVE)
    core.move(T0 + HOUR, SPAN)
    found = play(core, [reading(64, {"pm25": 20.0}), reading(59, {"pm25": 190.0})])
    assert moves(found) == [("r0", "firing", 60)]


def corrected(*values: float) -> list[Reading]:
    return [reading(5, {"pm25": value}) for value in values]


@pytest.mark.parametrize("settled", [0, 3])
def test_a_replaced_value_is_withdrawn_at_once(settled: int) -> None:
    core = core_of(NATIVE)
    play(core, minutes([20.0] * settled))
    begun, ended = play(core, corrected(400.0, 400.0, 20.0, 20.0))
    assert moves([begun, ended]) == [("r0", "firing", 6), ("r0", "ok", 6)]
    assert ended.reason is EndReason.INVALIDATED
    assert core.open_machines() == {}
    assert moves(play(core, minutes([190.0], first=6))) == [("r0", "firing", 7)]


def test_a_value_that_is_corrected_to_another_exceedance_or_into_one_is_raised_once() -> None:
    core = core_of(NATIVE)
    (begun,) = play(core, corrected(400.0, 300.0))
    assert core.open_machines()[begun.alert_key].extreme == 300.0
    assert moves(play(core_of(NATIVE), corrected(20.0, 400.0))) == [("r0", "firing", 6)]


def test_an_end_that_did_not_know_a_later_value_is_undone_with_that_value() -> None:
    core = core_of(NATIVE)
    (begun, *_) = play(core, minutes([190.0, 190.0, 195.0]))
    key, over = begun.alert_key, {"from_state": AlertState.FIRING, "to_state": AlertState.OK}
    ended = msgspec.structs.replace(begun, **over, at=T0 + 2 * MINUTE, reason=EndReason.INVALIDATED)
    assert moves(core.adopt({key: stored(ended, 2)})) == [("r0", "firing", 3)]


def sent(settings: AlertSettings, influx: InfluxStore, log: RawLog, readings: list[tuple[datetime, float]]) -> None:
    """Messages in the log, received at their end, and their readings stored as the collector does."""
    from schemas.interval import Interval
    from schemas.reading import Reading

    log.append([message(at, value) for at, value in readings])
    rows = [Reading("gas", "t-01", "gas1", Interval(at, at + MINUTE), {"pm25": value}, {}) for at, value in readings]
    result = influx.write_readings(rows)
    assert not result.rejected


@pytest.mark.integration
def test_an_event_of_a_backlog_is_raised_and_ended_by_the_pass_and_the_stream_goes_on(
    streamed: AlertSettings, log: RawLog, state: StateStore, influx: InfluxStore
) -> None:
    now = datetime.now(UTC)
    first = now - 118 * MINUTE
    sent(streamed, influx, log, [(first + n * MINUTE, 190.0 if 10 <= n < 20 else 20.0) for n in range(117)])
    reader = reader_of(streamed, log, state)
    done = reader.step(now)
    assert (done.stored, done.is_left) == ([], True)
    assert evaluate(streamed, now - timedelta(days=2), now, now) == 2
    log.append([message(now - MINUTE, 200.0)])
    assert drain(reader) == ["firing"]
    assert len(state.alerts.list(alert_key=KEY)) == 3
    assert evaluate(streamed, now - timedelta(days=2), now, now) == 0


@pytest.mark.integration
def test_after_days_away_only_the_newest_part_is_read(
    streamed: AlertSettings, log: RawLog, state: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    log.append([message(now - timedelta(days=3), 190.0)])
    reader = reader_of(streamed, log, state)
    drain(reader)
    reader.keep()
    log.append([message(now - timedelta(days=3) + n * MINUTE, 190.0) for n in range(1, 4_318)])
    log.append([message(now - MINUTE, 190.0)])
    snapshot = read_snapshot(follow.collector_settings(streamed).rawlog_dir)
    begin = start_of(log, snapshot, now)
    assert (log.count_after(begin.position), begin.is_ahead) == (120, True)
    again = reader_of(streamed, log, state)
    done = again.step(now)
    assert (done.stored, done.is_caught_up) == ([], True)
    log.append([message(now, 190.0)])
    assert drain(again) == ["firing"]
    done = again.step(now)
    assert (done.is_left, done.is_caught_up) == (False, False)
    monkeypatch.setattr(follow, "MOST_BEHIND", 40)
    assert log.count_after(follow.newest_part(log, now)) == 31


@pytest.mark.integration
def test_a_value_that_is_replaced_within_milliseconds_is_no_alert(
    streamed: AlertSettings, log: RawLog, state: StateStore
) -> None:
    at = datetime.now(UTC) - MINUTE
    log.append([message(at, 400.0), message(at, 20.0)])
    assert drain(reader_of(streamed, log, state)) == []
    log.append([message(at + MINUTE, 400.0)])
    reader = reader_of(streamed, log, state)
    assert drain(reader) == ["firing"]
    log.append([message(at + MINUTE, 20.0)])
    assert drain(reader) == ["ok"]
    assert state.alerts.get_states()[KEY].transition.reason is EndReason.INVALIDATED


@pytest.mark.integration
def test_two_watches_that_see_half_each_agree_with_the_pass(
    streamed: AlertSettings, log: RawLog, state: StateStore, influx: InfluxStore
) -> None:
    now = datetime.now(UTC)
    readings = [(now - n * MINUTE, 190.0 if 10 <= n < 20 else 20.0) for n in range(30, 0, -1)]
    sent(streamed, influx, log, readings)
    cores: list[StreamReader] = [reader_of(streamed, log, state) for _ in range(2)]
    messages: list[RawMessage] = [message(*item) for item in readings]
    for number, item in enumerate(messages):
        half = cores[number % 2]
        half._core.adopt(half._recorder.news())
        half._recorder.store(half._core.observe(_decoded(half, item), item.received_at))
    window = (now - timedelta(days=2), now, now)
    evaluate(streamed, *window)
    assert evaluate(streamed, *window) == 0
    assert state.alerts.get_states()[KEY].state is AlertState.OK


def _decoded(reader: StreamReader, item: RawMessage) -> list[Reading]:
    from ingest.decode.message import decode_and_validate

    return decode_and_validate(item, reader._follower._settings).readings
