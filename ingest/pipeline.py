"""The path of a message, in two loops that share nothing but the raw log.

    intake   receive -> keep (on disk) -> acknowledge
    drain    read (live before backlog, `ingest.lanes`) -> decode -> validate -> keep what is replaced -> write -> quarantine what was refused -> count -> advance the cursor

The intake never waits for a database: with InfluxDB down messages are still kept and acknowledged, and the drain goes on
where its cursor stands. The drain never skips: the cursor moves only when everything before it is stored or quarantined.
A batch that was cut short by a crash is done again, which changes nothing: points and quarantine entries have keys.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.balance import count_batch, count_reasons
from ingest.clock import ClockScreen
from ingest.disk import DiskWatch
from ingest.foreign import foreign_payloads
from ingest.gap import GapWatch
from ingest.judge import Judged, judge, refused_by_store
from ingest.lanes import Lanes, waiting
from ingest.metrics import DrainReport
from ingest.revise import Reviser
from store.error import DiskReserveError, RawLogError, StateError, StoreError
from store.rawlog import Position

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ingest.metrics import Metrics
    from ingest.mqtt import Subscriber
    from ingest.settings import CollectorSettings
    from ingest.writer import Refused, Writer
    from schemas.message import RawMessage
    from schemas.reading import Reading
    from store.rawlog import RawLog
    from store.state import StateStore

_PAUSE_S = 1.0
_SAY_AGAIN_S = 30.0
_LAG_EVERY_S = 1.0
_log = structlog.get_logger("ingest.pipeline")


class JudgedBatch(msgspec.Struct, frozen=True):
    """Messages that are stored together, where in the raw log the last of them stands, and whose cursor then moves there."""

    judged: list[Judged]
    position: Position
    lane: str
    decode_s: float


def intake(subscriber: Subscriber, log: RawLog, metrics: Metrics, stop: threading.Event) -> None:
    """Keep what arrives and acknowledge it, until told to stop; what was received by then is kept as well."""
    while True:
        if stop.is_set():
            subscriber.stop_receiving()
        batch = subscriber.receive(timeout_s=0.2)
        if batch is None:
            if stop.is_set():
                return
            continue
        started = time.perf_counter()
        if not _keep(batch.messages, log, metrics, stop):
            return  # not acknowledged: the broker delivers these again
        subscriber.acknowledge(batch)
        metrics.kept(batch.messages, time.perf_counter() - started)


def _keep(messages: list[RawMessage], log: RawLog, metrics: Metrics, stop: threading.Event) -> bool:
    """Append, however long that takes; False when told to stop before.

    Each refusal would be one line a second on a disk that may be full; it is said at once and then every half minute.
    """
    began, said_at = time.monotonic(), -inf
    while True:
        try:
            log.append(messages)
        except RawLogError as error:
            metrics.stalled.set(1)
            if time.monotonic() - said_at >= _SAY_AGAIN_S:
                said_at = time.monotonic()
                event = "disk_reserve_reached" if isinstance(error, DiskReserveError) else "raw_log_refuses"
                _log.error(event, detail=str(error), waiting_s=round(said_at - began), acknowledging=False)
        else:
            if said_at > -inf:
                metrics.stalled.set(0)
                _log.warning("intake_resumed", waited_s=round(time.monotonic() - began, 1))
            return True
        if stop.wait(_PAUSE_S):
            return False


class Drain:
    """Everything behind the raw log.

    One thread decodes a batch while another waits for the database with the batch before it.

    Parameters
    ----------
    settings : CollectorSettings
    log : RawLog
    writer : Writer
    state : StateStore
    stop : threading.Event
        Ends the loop after the batch at hand; also ends waiting for a dead database.
    """

    def __init__(
        self, settings: CollectorSettings, log: RawLog, *, writer: Writer, state: StateStore, stop: threading.Event
    ) -> None:
        self._settings = settings
        self._log = log
        self._writer = writer
        self._state = state
        self._stop = stop
        self._lanes = Lanes(log, timedelta(seconds=settings.drain_live_after_s))
        self._clock = ClockScreen(settings, state)
        self._reviser = Reviser(settings, writer.store, state)
        self._gaps = GapWatch(settings, state, writer.store)
        self._disk = DiskWatch(settings, state)
        self._lag_asked_at = 0.0
        self._lag_said: int | None = None

    def run(self, report: Callable[[DrainReport], None]) -> None:
        """Drain until told to stop; ``report`` hears what became of every batch."""
        open_batch: Future[DrainReport | None] | None = None
        with ThreadPoolExecutor(1, "settle") as pool:
            while not self._stop.is_set():
                self._disk.look(datetime.now(UTC))
                if open_batch is not None and self._lanes.is_backlog_read:
                    _forward(open_batch, report)
                    open_batch = None
                    if self._lanes.join():
                        _log.info("caught_up")
                batch = self.judge_next()
                if open_batch is not None:
                    _forward(open_batch, report)
                    open_batch = None
                if batch is not None:
                    open_batch = pool.submit(self.settle, batch)
                else:
                    self._idle(report)
                is_short = batch is None or len(batch.judged) < self._settings.drain_batch // 8
                if is_short and (batch is None or not self._lanes.is_open):
                    self._stop.wait(self._settings.drain_idle_ms / 1_000)
            if open_batch is not None:
                _forward(open_batch, report)
        with suppress(StateError):  # a second of progress less
            self._gaps.close()

    def _idle(self, report: Callable[[DrainReport], None]) -> None:
        """With nothing to read and no batch under way: what else there is to do."""
        if self._lanes.join():
            _log.info("caught_up")
        try:
            self._gaps.look(time.monotonic())
        except StoreError as error:
            _log.error("cannot_look_for_gaps", detail=str(error))
        # the last batch may have counted what came behind it, or nothing at all
        lag = self._lag() if self._lag_said != 0 else None
        if lag is not None:
            report(DrainReport(lag=lag))

    def judge_next(self) -> JudgedBatch | None:
        """Read, decode and validate what comes next; None where there is nothing."""
        started = time.perf_counter()
        settings = self._settings
        lane, logged = self._lanes.next(settings.drain_batch, settings.drain_batch_bytes, datetime.now(UTC))
        if not logged:
            return None
        judged = [judge(item.message, settings) for item in logged]
        for item in judged:
            self._clock.screen(item)
        return JudgedBatch(judged, logged[-1].position, lane, time.perf_counter() - started)

    def settle(self, batch: JudgedBatch) -> DrainReport | None:
        """Write, quarantine, count, and only then move the cursor; None when told to stop before that."""
        started = time.perf_counter()
        if not self._keep_replaced(batch):
            return None
        readings = [reading for judged in batch.judged for reading in judged.readings]
        written = self._writer.write(readings)
        if written is None:
            return None
        _move_refused(batch.judged, readings, written.refused)
        while not self._is_recorded(batch):
            if self._stop.wait(_PAUSE_S):
                return None
        self._follow(batch)
        return DrainReport(
            messages=len(batch.judged),
            readings=written.readings,
            values=written.values,
            rejected=count_reasons(batch.judged),
            retries=written.retries,
            lag=self._lag(),
            decode_s=batch.decode_s,
            write_s=time.perf_counter() - started,
        )

    def _keep_replaced(self, batch: JudgedBatch) -> bool:
        """Write down what late and corrected readings change, however long that takes; False when told to stop before."""
        while True:
            try:
                self._reviser.revise(batch.judged)
            except StoreError as error:
                _log.error("cannot_look_back", detail=str(error))
            else:
                return True
            if self._stop.wait(_PAUSE_S):
                return False

    def _is_recorded(self, batch: JudgedBatch) -> bool:
        refused = [(item.message, item.topic, item.rejections) for item in batch.judged if item.rejections]
        try:
            for item in batch.judged:
                if item.results:
                    self._state.add_check_results(item.results, item.message.received_at)
            if refused:
                self._state.add_many_rejections(refused)
            self._log.advance(batch.lane, batch.position)
            self._state.add_balance(count_batch(batch.judged))
        except (StateError, RawLogError) as error:
            _log.error("state_refuses", detail=str(error))
            return False
        return True

    def _follow(self, batch: JudgedBatch) -> None:
        """What helps operators and repairs gaps; nothing of it holds up the path."""
        try:
            # a message of calibration results does not say that there are no readings
            self._gaps.note([item for item in batch.judged if not item.results])
            now = datetime.now(UTC)
            self._clock.note(now)
            self._state.report_findings(foreign_payloads(batch.judged, self._settings.stations, now))
        except StoreError as error:
            _log.error("cannot_follow", detail=str(error))

    def backlog(self) -> int:
        """Messages kept and not yet stored [1]."""
        return waiting(self._log)

    def _lag(self) -> int | None:
        if time.monotonic() - self._lag_asked_at < _LAG_EVERY_S:
            return None
        self._lag_asked_at = time.monotonic()
        self._lag_said = waiting(self._log)
        return self._lag_said


def _forward(open_batch: Future[DrainReport | None], report: Callable[[DrainReport], None]) -> None:
    outcome = open_batch.result()
    if outcome is not None:
        report(outcome)


def _move_refused(judged: Sequence[Judged], readings: Sequence[Reading], refused: Sequence[Refused]) -> None:
    """Turn what the database refused from readings into rejections of their messages."""
    if not refused:
        return
    origin = [item for item in judged for _ in item.readings]
    for line in refused:
        reading, item = readings[line.index], origin[line.index]
        item.readings.remove(reading)
        item.rejections.append(refused_by_store(reading, line.detail))
