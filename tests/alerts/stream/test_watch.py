"""The whole watch behind a raw log: mails within seconds, a kill that loses and doubles nothing, changed files."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.rules.baseline import Baselines
from alerts.run.evaluation import evaluate
from alerts.run.round import Round
from alerts.stream.configuration import Configuration
from alerts.stream.follow import CURSOR, collector_settings, start_of
from alerts.stream.reader import StreamReader
from alerts.stream.snapshot import NAME, read_snapshot
from alerts.stream.watch import run
from schemas.alert import AlertState, EndReason
from schemas.interval import floor_hour
from schemas.message import RawMessage
from store.rawlog import BEGINNING, RawLog
from tests.alerts.run.test_job import changed, mails
from tests.alerts.stream.feed import COMMON
from tests.alerts.stream.test_core import HOURLY, NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alerts.settings import AlertSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def streamed(own: AlertSettings, tmp_path: Path, influx: InfluxStore) -> AlertSettings:
    rules = tmp_path / "rules.toml"
    rules.write_text(COMMON.format(name="r0") + NATIVE, encoding="utf-8")
    return changed(own, rules=rules)


@pytest.fixture
def log(streamed: AlertSettings) -> Iterator[RawLog]:
    found = RawLog(collector_settings(streamed).rawlog_dir)
    yield found
    found.close()


def message(at: datetime, value: float, station: str = "t-01", status: str = "N", **given: object) -> RawMessage:
    body = {
        "start": at.isoformat(),
        "end": (at + MINUTE).isoformat(),
        "values": {"pm25": value},
        "status": {"pm25": status},
    }
    return RawMessage(f"obs/v1/gas/{station}/gas1/json", msgspec.json.encode(body | given), at + MINUTE)


def late(at: datetime, received_at: datetime) -> RawMessage:
    return msgspec.structs.replace(message(at, 190.0), received_at=received_at)


def reader_of(settings: AlertSettings, log: RawLog, state: StateStore) -> StreamReader:
    return StreamReader(Configuration(settings), log, state, Baselines(), datetime.now(UTC))


def drain(reader: StreamReader) -> list[str]:
    found = []
    while (done := reader.step(datetime.now(UTC))).messages:
        found += [item.to_state.value for item in done.stored]
    return found


def test_a_reading_is_mailed_within_seconds_and_the_watch_stops(
    streamed: AlertSettings, log: RawLog, maildir: Path
) -> None:
    stop, rounds = threading.Event(), list[Round]()
    watcher = threading.Thread(target=run, args=(changed(streamed, watch_interval_s=5.0), stop, rounds.append))
    watcher.start()
    while not rounds:
        time.sleep(0.05)
    log.append([message(datetime.now(UTC) - MINUTE, 190.0)])
    written = time.monotonic()
    while not mails(maildir) and time.monotonic() - written < 20:
        time.sleep(0.1)
    taken_s = time.monotonic() - written
    stop.set()
    watcher.join(15)
    assert not watcher.is_alive()
    assert len(mails(maildir)) == 1
    assert taken_s < 10
    assert sum(item.transitions for item in rounds) == 1
    assert log.cursor(CURSOR) == log.end()


def test_what_the_collector_refuses_raises_nothing(streamed: AlertSettings, log: RawLog, state: StateStore) -> None:
    now = datetime.now(UTC)
    log.append(
        [
            late(now - timedelta(days=300), now),
            late(now + timedelta(hours=1), now),
            message(now, 190.0, station="t-03", units={"pm25": "furlong"}),
            message(now, 190.0, station="nowhere"),
            RawMessage("obs/v1/gas/t-04/gas1/json", b"{", now),
        ]
    )
    assert drain(reader_of(streamed, log, state)) == []


def test_a_clock_that_is_recognised_as_wrong_raises_nothing(
    streamed: AlertSettings, log: RawLog, state: StateStore
) -> None:
    now = datetime.now(UTC) - 5 * MINUTE
    log.append([message(now + n * MINUTE, 20.0, seq=n) for n in range(3)])
    wrong = message(now + 3 * MINUTE - timedelta(hours=8), 190.0, seq=3)
    log.append([msgspec.structs.replace(wrong, received_at=now + 4 * MINUTE)])
    assert drain(reader_of(streamed, log, state)) == []


def test_a_new_watch_begins_two_hours_ago_and_a_known_one_at_its_snapshot(
    streamed: AlertSettings, log: RawLog, state: StateStore
) -> None:
    now = datetime.now(UTC)
    log.append([message(now - n * 60 * MINUTE, 20.0) for n in (5, 3, 1)])
    assert log.count_after(start_of(log, None, now).position) == 1
    reader = reader_of(streamed, log, state)
    drain(reader)
    reader.keep()
    snapshot = read_snapshot(collector_settings(streamed).rawlog_dir)
    assert snapshot is not None
    assert start_of(log, snapshot, now) == (log.end(), False)
    log.advance(CURSOR, BEGINNING)
    assert start_of(log, snapshot, now) == (log.end(), False)  # no cursor: as at the first start
    log.advance(CURSOR, log.position_before(now - 90 * MINUTE))
    assert log.count_after(start_of(log, snapshot, now).position) == 1
    log.advance(CURSOR, log.position_before(now - 4 * 60 * MINUTE))
    begin = start_of(log, snapshot, now)
    assert (log.count_after(begin.position), begin.is_ahead) == (1, True)


def test_a_damaged_snapshot_is_left(streamed: AlertSettings, log: RawLog, state: StateStore) -> None:
    directory = collector_settings(streamed).rawlog_dir
    (directory / NAME).write_bytes(b"\x93half")
    assert read_snapshot(directory) is None
    log.append([message(datetime.now(UTC) - MINUTE, 190.0)])
    assert drain(reader_of(streamed, log, state)) == ["firing"]


def test_two_watches_of_one_log_store_each_transition_once(
    streamed: AlertSettings, log: RawLog, state: StateStore
) -> None:
    begun = datetime.now(UTC) - 60 * MINUTE
    log.append([message(begun + n * MINUTE, value) for n, value in enumerate([190.0, 20.0, 20.0, 20.0, 20.0] * 8)])
    readers = [reader_of(streamed, log, state) for _ in range(2)]
    found = [drain(item) for item in readers]
    assert sorted(map(len, found)) == [0, 16]
    assert len(state.alerts.list(alert_key="r0/t-01/pm25")) == 16


def test_changed_rules_are_taken_up_with_what_the_old_ones_knew(
    streamed: AlertSettings, log: RawLog, state: StateStore
) -> None:
    current = Configuration(streamed)
    reader = StreamReader(current, log, state, Baselines(), datetime.now(UTC))
    log.append([message(datetime.now(UTC) - 9 * MINUTE, 190.0)])
    assert drain(reader) == ["firing"]
    streamed.rules.write_text(streamed.rules.read_text(encoding="utf-8").replace("clear = 140", "clear = 100"))
    assert current.refresh() is None
    log.append([message(datetime.now(UTC) - n * MINUTE, 130.0) for n in (8, 7, 6, 5)])
    assert drain(reader) == []
    log.append([message(datetime.now(UTC) - n * MINUTE, 90.0) for n in (4, 3, 2, 1)])
    assert drain(reader) == ["ok"]


def test_the_pass_over_stored_hours_confirms_what_the_stream_found_and_withdraws_it_when_its_grounds_are_gone(
    streamed: AlertSettings,
    log: RawLog,
    state: StateStore,
    write_hours: Callable[..., None],
    now: datetime,
) -> None:
    streamed.rules.write_text(COMMON.format(name="r0") + HOURLY, encoding="utf-8")
    hour = floor_hour(now) - 60 * MINUTE
    log.append([message(hour + n * MINUTE, 190.0) for n in range(60)])
    reader = reader_of(streamed, log, state)
    assert drain(reader) == ["firing"]
    window = (now - timedelta(days=2), now, now)
    assert evaluate(streamed, *window) == 0  # before the hour is stored
    write_hours("t-01", [20.0, 190.5])
    assert evaluate(streamed, *window) == 0
    write_hours("t-01", [20.0, 190.5], flag=4)
    assert evaluate(streamed, *window) == 1
    assert state.alerts.get_states()["r0/t-01/pm25"].transition.reason is EndReason.INVALIDATED
    log.append([message(hour + n * MINUTE, 190.0) for n in range(60)])
    assert drain(reader) == []
    assert evaluate(streamed, *window) == 0


WATCH = """
import sys
from datetime import UTC, datetime
from alerts.rules.baseline import Baselines
from alerts.settings import AlertSettings
from alerts.stream import reader
from alerts.stream.configuration import Configuration
from store.rawlog import RawLog
from store.state import StateStore
reader.BATCH, reader.SNAPSHOT_S = 7, 0.05
own = AlertSettings()
log = RawLog(own.run_dir / "rawlog")
with StateStore(own.state_url) as state:
    read = reader.StreamReader(Configuration(own), log, state, Baselines(), datetime.now(UTC))
    while True:
        print(read.step(datetime.now(UTC)).messages, flush=True)
"""


def test_a_watch_that_is_killed_at_any_place_loses_and_doubles_no_transition(
    streamed: AlertSettings,
    log: RawLog,
    state: StateStore,
    chosen_environment: Callable[[AlertSettings], dict[str, str]],
) -> None:
    streamed = changed(streamed, watch_fresh_min=180.0)
    begun = datetime.now(UTC) - 110 * MINUTE
    values = [190.0, 20.0, 20.0, 20.0, 20.0] * 20
    log.append([message(begun + n * MINUTE, value) for n, value in enumerate(values)])
    for steps in (1, 2, 1, 3, 2):
        child = subprocess.Popen(
            [sys.executable, "-c", WATCH], env=chosen_environment(streamed), stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        read = 0
        while read < steps:
            line = child.stdout.readline()
            assert line, "the watch ended by itself"
            read += line.strip().isdigit()
        child.kill()
        child.wait()
        child.stdout.close()
    drain(reader_of(streamed, log, state))
    found = [item.transition for item in state.alerts.list(alert_key="r0/t-01/pm25")][::-1]
    assert [item.to_state for item in found] == [AlertState.FIRING, AlertState.OK] * 20
    assert [item.at for item in found[::2]] == [begun + (5 * n + 1) * MINUTE for n in range(20)]


@pytest.fixture
def chosen_environment() -> Callable[[AlertSettings], dict[str, str]]:
    def chosen(settings: AlertSettings) -> dict[str, str]:
        names = ("run_dir", "network", "rules", "influx_url", "influx_database", "state_url", "watch_fresh_min")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
        return kept | {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}

    return chosen
