"""The path of a message, in two loops that share nothing but the raw log.

    intake   receive -> keep (on disk) -> acknowledge                 (`ingest.collector.intake`)
    drain    read (live before backlog, `ingest.backlog.dual_cursor`) -> decode -> validate -> keep what is replaced -> write -> quarantine what was refused -> count -> advance the cursor

The intake never waits for a database: with InfluxDB down messages are still kept and acknowledged, and the drain goes on
where its cursor stands. The drain never skips: the cursor moves only when everything before it is stored or quarantined.
A batch that was cut short by a crash is done again, which changes nothing: points and quarantine entries have keys. Whatever
raises on the way costs the message that makes it raise (`ingest.process.guard`): an entry `internal_error`, and the rest goes on.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.backlog.attempt import DEATHS, DEATHS_IN_HAND, Attempts, fatal_message
from ingest.backlog.disk import DiskWatch
from ingest.backlog.dual_cursor import CURSOR, DualCursor, waiting
from ingest.bookkeeping import Bookkeeping, Steps
from ingest.completeness.balance import count_reasons
from ingest.completeness.gap import GapWatch
from ingest.correction.overwrite_log import OverwriteLog, WritePlan
from ingest.correction.shared_points import SharedPoints
from ingest.decode.clock import ClockScreen
from ingest.decode.clock_report import ClockReport
from ingest.decode.message import DecodedMessage, decode_and_validate, refused_by_store, set_aside
from ingest.process.guard import CaughtErrors, describe, divide, internal_error, is_unexpected
from ingest.process.patience import Outage, retry_until_stopped
from ingest.process.report import DrainReport
from store.error import QueryError, StoreError
from store.rawlog import Position
from store.state import ClockState

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from ingest.process.settings import CollectorSettings
    from ingest.writer import Refused, Writer, Written
    from store.rawlog import LoggedMessage, RawLog
    from store.state import StateStore

_TRIES = 3
"""How often a question of one message is put to a database that refuses it, before the message is set aside."""
_LAG_EVERY_S = 1.0
_RECONCILE_EVERY_S = 20.0
_RECONCILE_BACK = timedelta(minutes=10)
"""How far back contests are settled again: each collector looks several times. Project's choice."""
_log = structlog.get_logger("ingest.pipeline")


class DecodedBatch(msgspec.Struct, frozen=True):
    """Messages that are stored together, where in the raw log the last of them stands, and whose cursor then moves there.

    All that crosses from the decoding to the settling thread: the former touches none of it afterwards.
    """

    decoded: list[DecodedMessage]
    position: Position
    cursor: str
    decode_s: float
    clocks: tuple[ClockState, ...] = ()
    is_behind: bool = False
    """Of a backlog that newer messages have gone ahead of."""


class _StoppedError(StoreError):
    """Told to stop before a batch was stored: it is done again at the next start."""


class Drain:
    """Everything behind the raw log.

    One thread decodes a batch while another waits for the database with the batch before it. Each thread owns what it changes:
    the decoding one lanes, clocks and disk watch, the settling one reviser and follower; a `DecodedBatch` is all that crosses.

    Parameters
    ----------
    settings : CollectorSettings
    log : RawLog
    writer : Writer
    state : StateStore
    stop : threading.Event
        Ends the loop after the batch at hand; also ends waiting for a dead database.
    alive : callable
        Called at least every few seconds, unless something hangs.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        log: RawLog,
        *,
        writer: Writer,
        state: StateStore,
        stop: threading.Event,
        alive: Callable[[], object] = lambda: None,
    ) -> None:
        self._alive = alive
        self._settings = settings
        self._log = log
        self._writer = writer
        self._state = state
        self._stop = stop
        self._cursors = DualCursor(log, timedelta(seconds=settings.drain_live_after_s))
        self.caught = CaughtErrors()
        self._clock = ClockScreen(settings, state)
        self._overwrites = OverwriteLog(settings, writer.store, state, log)
        origins = self._overwrites.origins
        self._reconciler = SharedPoints(settings, writer.store, state, origins) if settings.mqtt_share else None
        self._reconciled_at = 0.0
        gaps = GapWatch(settings, state, writer.store, self.caught)
        clocks = ClockReport(settings, state, self.caught)
        self._bookkeeping = Bookkeeping(
            settings.stations, state, gaps=gaps, clocks=clocks, caught=self.caught, process=settings.process_name
        )
        self._steps = Steps(self.caught, _log)
        self._reading = Outage(_log)
        self._trouble = {name: Outage(_log) for name in ("revise", "record")}
        self._superseded = 0
        self._disk = DiskWatch(settings, state)
        self._lag_asked_at = 0.0
        self._lag_said: int | None = None

    def run(self, report: Callable[[DrainReport], None]) -> None:
        """Drain until told to stop; ``report`` hears what became of every batch."""
        attempts = Attempts(self._settings.rawlog_dir / "drain.attempt", self._cursors.cursors)
        if attempts.deaths >= DEATHS:
            self._go_one_by_one(attempts, report)
        self._loop(report)
        attempts.close()

    def complaint(self) -> str:
        """What keeps messages from being stored for long; empty where all is well."""
        parts = (self._reading.complaint, *(item.complaint for item in self._trouble.values()), self._writer.complaint)
        return "; ".join(filter(None, (part() for part in parts)))

    def _go_one_by_one(self, attempts: Attempts, report: Callable[[DrainReport], None]) -> None:
        """The messages that may have been in hand at the last deaths, each by itself: at most two batches of each lane."""
        most = min(waiting(self._log), 4 * self._settings.drain_batch)
        _log.error("one_at_a_time", deaths=attempts.deaths, messages=most)
        # what does not depend on the message must not happen with one in hand
        if not retry_until_stopped(
            self._overwrites.prepare, "cannot_look_back", self._trouble["revise"], self._stop, self._alive
        ):
            return
        for _ in range(most):
            batch = None if self._stop.is_set() else self.decode_next(attempts)
            if batch is None:
                return
            outcome = self.settle(batch)
            if outcome is not None:
                report(outcome)

    def _loop(self, report: Callable[[DrainReport], None]) -> None:
        open_batch: Future[DrainReport | None] | None = None
        with ThreadPoolExecutor(1, "settle") as pool:
            while not self._stop.is_set():
                self._alive()
                self._steps("disk", lambda: self._disk.look(datetime.now(UTC)))
                if open_batch is not None and self._cursors.is_backlog_read:
                    _forward(open_batch, report)
                    open_batch = None
                    self._join()
                batch = self.decode_next()
                if open_batch is not None:
                    _forward(open_batch, report)
                    open_batch = None
                if batch is not None:
                    open_batch = pool.submit(self.settle, batch)
                else:
                    self._join()
                    _forward(pool.submit(self._look_around), report)
                is_short = batch is None or len(batch.decoded) < self._settings.drain_batch // 8
                if is_short and (batch is None or not self._cursors.is_open):
                    self._stop.wait(self._settings.drain_idle_ms / 1_000)
            if open_batch is not None:
                _forward(open_batch, report)
            pool.submit(self._bookkeeping.close).result()

    def _look_around(self) -> DrainReport | None:
        """With nothing to read and no batch under way: what else the settling thread has to do."""
        self._bookkeeping.look()
        if time.monotonic() - self._reconciled_at >= _RECONCILE_EVERY_S:
            self._bookkeeping.attempt("reconcile", self.reconcile)
        # the last batch may have counted what came behind it, or nothing at all
        lag = self._lag() if self._lag_said != 0 else None
        errors, restarts = self._bookkeeping.take_errors(), self.caught.take_restarts()
        if lag is None and not errors and not restarts:
            return None
        return DrainReport(lag=lag, errors=errors, restarts=restarts)

    def reconcile(self) -> None:
        """Settle again what this collector and others of its share group have met over lately; outside a group nothing."""
        self._reconciled_at = time.monotonic()
        if self._reconciler is None:
            return
        outcome = self._reconciler.reconcile(datetime.now(UTC) - _RECONCILE_BACK)
        self._writer.write(outcome.readings)

    def _join(self) -> None:
        def join() -> None:
            if self._cursors.join():
                _log.info("caught_up")

        self._steps("join", join)

    def decode_next(self, attempts: Attempts | None = None) -> DecodedBatch | None:
        """Read, decode and validate what comes next; None where there is nothing. With attempts: one message."""
        started = time.perf_counter()
        settings, limit = self._settings, self._settings.drain_batch if attempts is None else 1
        found: list[tuple[str, list[LoggedMessage]]] = []

        def read() -> None:
            found.append(self._cursors.next(limit, settings.drain_batch_bytes, datetime.now(UTC)))

        if not retry_until_stopped(read, "cannot_read", self._reading, self._stop, self._alive) or not found[0][1]:
            return None
        ((cursor, logged),) = found
        deaths = 0 if attempts is None else attempts.take(logged[0].position)
        if deaths >= DEATHS_IN_HAND:
            return DecodedBatch([fatal_message(logged[0].message, deaths)], logged[0].position, cursor, 0.0)
        decoded = [decode_and_validate(item.message, settings) for item in logged]
        for item in decoded:
            try:
                self._clock.screen(item)
            except Exception as error:  # noqa: BLE001 - costs this message, nothing else
                set_aside(item, error)
        clocks = self._clock.hand_over()
        is_behind = cursor == CURSOR and self._cursors.is_open
        return DecodedBatch(decoded, logged[-1].position, cursor, time.perf_counter() - started, clocks, is_behind)

    def settle(self, batch: DecodedBatch) -> DrainReport | None:
        """Write, quarantine, and only then move the cursor and follow; None when told to stop before that."""
        started = time.perf_counter()
        written: list[Written] = []
        self._overwrites.is_behind = batch.is_behind
        try:
            self._until_done("revise", "cannot_look_back", self._overwrites.prepare)
            divide(lambda part: written.append(self._store(part, len(batch.decoded))), batch.decoded, set_aside)
            self._until_done("record", "state_refuses", lambda: divide(self._record, batch.decoded, self._record_bare))
            self._until_done("record", "state_refuses", lambda: self._log.advance(batch.cursor, batch.position))
            self._until_done("record", "state_refuses", lambda: self._bookkeeping.count(batch.decoded))
        except _StoppedError:
            return None
        self._bookkeeping.follow(batch.decoded, batch.clocks)
        errors = self._bookkeeping.take_errors(batch.decoded)
        return DrainReport(
            messages=len(batch.decoded),
            readings=sum(part.readings for part in written),
            values=sum(part.values for part in written),
            rejected=count_reasons(batch.decoded),
            errors=errors,
            restarts=self.caught.take_restarts(),
            superseded=self._take_superseded(),
            retries=sum(part.retries for part in written),
            lag=self._lag(),
            decode_s=batch.decode_s,
            write_s=time.perf_counter() - started,
        )

    def _store(self, part: Sequence[DecodedMessage], whole: int) -> Written:
        """Decide what is written and keep what that replaces, then write; may be done again."""
        plan = self._plan_writes(part, _TRIES if len(part) in (1, whole) else 1)
        readings = plan.of(reading for decoded in part for reading in decoded.readings)
        written = self._writer.write(readings)
        if written is None:
            raise _StoppedError
        _move_refused(part, plan, written.refused)
        self._superseded += plan.superseded
        return written

    def _take_superseded(self) -> int:
        taken, self._superseded = self._superseded, 0
        return taken

    def _plan_writes(self, part: Sequence[DecodedMessage], tries: int) -> WritePlan:
        """A database that does not answer is waited for; a question that it refuses again and again is the message's fault."""
        refused, plan = 0, WritePlan()

        def attempt() -> None:
            nonlocal refused, plan
            try:
                plan = self._overwrites.plan_writes(part)
            except QueryError as error:
                refused += 1
                # where a proxy answers with a page, no question is answered, whatever message asks
                if refused >= tries and self._writer.store.health().ok:
                    msg = f"the database refuses the question what is stored: {error}"
                    raise RuntimeError(msg) from error
                raise

        self._until_done("revise", "cannot_look_back", attempt)
        return plan

    def _record(self, part: Sequence[DecodedMessage]) -> None:
        for item in part:
            if item.results:
                self._state.calibration.add_checks(item.results, item.message.received_at)
        refused = [(item.message, item.topic, item.rejections) for item in part if item.rejections]
        if refused:
            self._state.quarantine.add_many(refused)

    def _record_bare(self, item: DecodedMessage, error: Exception) -> None:
        """An entry that cannot be made: one without what may be odd about it. The message stays in the raw log in any case."""
        bare = internal_error(describe(error), item.topic)
        for rejections in ([*item.rejections, bare], [bare]):
            try:
                self._state.quarantine.add(item.message, item.topic, rejections)
            except Exception as again:
                if not is_unexpected(again):
                    raise
                self.caught("record", again)
            else:
                item.rejections[:] = rejections
                break

    def _until_done(self, name: str, event: str, step: Callable[[], object]) -> None:
        """Do a step however long a database refuses it; raises `_StoppedError` when told to stop before."""
        if not retry_until_stopped(step, event, self._trouble[name], self._stop, self._alive):
            raise _StoppedError

    def backlog(self) -> int:
        """Messages kept and not yet stored [1]."""
        return waiting(self._log)

    def _lag(self) -> int | None:
        if time.monotonic() - self._lag_asked_at < _LAG_EVERY_S:
            return None
        self._lag_asked_at = time.monotonic()
        self._bookkeeping.attempt("lag", self._measure_lag)
        return self._lag_said

    def _measure_lag(self) -> None:
        self._lag_said = waiting(self._log)


def _forward(open_batch: Future[DrainReport | None], report: Callable[[DrainReport], None]) -> None:
    outcome = open_batch.result()
    if outcome is not None:
        report(outcome)


def _move_refused(decoded: Sequence[DecodedMessage], plan: WritePlan, refused: Sequence[Refused]) -> None:
    """Turn what the database refused from readings into rejections of their messages."""
    if not refused:
        return
    origin = [(item, reading) for item in decoded for reading in item.readings if plan.of([reading])]
    gone = {id(origin[line.index][1]) for line in refused}
    for line in refused:
        item, reading = origin[line.index]
        item.rejections.append(refused_by_store(reading, line.detail))
    for item in {id(origin[line.index][0]): origin[line.index][0] for line in refused}.values():
        item.readings[:] = [reading for reading in item.readings if id(reading) not in gone]
