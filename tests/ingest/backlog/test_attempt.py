"""A message that ends the process is met a few times, and then never again."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

import ingest.pipeline
from ingest.backlog.attempt import DEATHS, DEATHS_IN_HAND, Attempts
from ingest.collector.drain_loop import Drain
from ingest.decode.message import decode_and_validate
from ingest.pipeline import Pipeline
from ingest.writer import Writer
from schemas.message import RawMessage
from schemas.reading import RejectReason
from store.influx.store import InfluxStore
from store.rawlog import Position, RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.decode.message import DecodedMessage
    from ingest.process.metrics import DrainReport
    from ingest.process.settings import CollectorSettings

HERE, THERE = Position(date(2026, 11, 28), 5), Position(date(2026, 11, 28), 9)
DEADLY = b"deadly"


def test_three_deaths_at_one_place_are_counted_and_progress_forgets_them(tmp_path: Path) -> None:
    path = tmp_path / "attempt"
    assert [Attempts(path, {"drain": HERE}).deaths for _ in range(4)] == [0, 1, 2, 3]
    assert Attempts(path, {"drain": THERE}).deaths == 1


def test_a_stuck_cursor_is_seen_behind_one_that_moves(tmp_path: Path) -> None:
    path = tmp_path / "attempt"
    for row in range(4):
        attempts = Attempts(path, {"drain": HERE, "drain-live": Position(HERE.day, 100 + row)})
    assert attempts.deaths == 3


def test_an_orderly_end_forgets_everything(tmp_path: Path) -> None:
    path = tmp_path / "attempt"
    for _ in range(5):
        attempts = Attempts(path, {"drain": HERE})
        attempts.close()
    assert attempts.deaths == 0


def test_deaths_with_one_message_in_hand_are_its_own(tmp_path: Path) -> None:
    path = tmp_path / "attempt"
    assert Attempts(path, {"drain": HERE}).take(THERE) == 0
    assert Attempts(path, {"drain": HERE}).take(THERE) == 1
    again = Attempts(path, {"drain": HERE})
    assert again.take(THERE) == 2
    assert again.take(Position(THERE.day, 10)) == 0


def test_a_note_that_cannot_be_read_counts_as_one_death(tmp_path: Path) -> None:
    path = tmp_path / "attempt"
    path.write_bytes(b'{"cursors"')
    assert Attempts(path, {"drain": HERE}).deaths == 1


def drain_until_read(settings: CollectorSettings) -> None:
    """Entry of a process that may be killed by what it reads."""

    def deadly(message: RawMessage, settings: CollectorSettings) -> DecodedMessage:
        if DEADLY in message.payload:
            os._exit(9)
        return decode_and_validate(message, settings)

    ingest.pipeline.decode_and_validate = deadly  # type: ignore[attr-defined]
    stop = threading.Event()

    def report(done: DrainReport) -> None:
        if done.lag == 0:
            stop.set()

    log, store = RawLog(settings.rawlog_dir), InfluxStore(settings)
    with StateStore(settings.state_url) as state:
        Drain(Pipeline(settings, log, writer=Writer(store, stop), state=state)).run(report)


@pytest.mark.integration
def test_a_message_that_kills_the_process_is_set_aside_and_the_others_are_stored(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore, hour: datetime
) -> None:
    log = RawLog(collector_settings.rawlog_dir)
    for number in range(9):
        start = hour - timedelta(hours=number)
        body = {"start": start, "end": start + timedelta(hours=1), "values": {"benzene": 1.0}}
        payload = DEADLY if number == 4 else msgspec.json.encode(body)
        log.append([RawMessage("obs/v1/voc/archive/gc1/json", payload, datetime.now(UTC))])
    log.close()
    codes: list[int | None] = []
    while not codes or codes[-1] != 0:
        assert len(codes) < 20, codes
        process = multiprocessing.get_context("fork").Process(target=drain_until_read, args=(collector_settings,))
        process.start()
        process.join(60)
        codes.append(process.exitcode)
    assert codes == [9] * (DEATHS + DEATHS_IN_HAND) + [0]
    (entry,) = state.quarantine.list()
    assert (entry.reason, entry.station_id) == (RejectReason.INTERNAL_ERROR, "archive")
    assert "ended 2 times with this message in hand" in entry.detail
    assert len(store.read_native("voc", "archive", "gc1", hour - timedelta(days=1), hour + timedelta(hours=1))) == 8
    assert not (collector_settings.rawlog_dir / "drain.attempt").exists()


def test_a_process_that_hangs_is_ended_with_its_traces() -> None:
    program = (
        "import time; from ingest.backlog.attempt import Watchdog; dog = Watchdog(1.0); dog.alive(); time.sleep(0.6); dog.alive(); "
        "print('waiting', flush=True); time.sleep(60)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 1
    assert done.stdout == "waiting\n"
    assert "Timeout" in done.stderr
    assert time.monotonic() - began < 20
