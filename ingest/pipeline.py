"""The path of a message behind the raw log, top to bottom.

    decode_next   read -> decode and validate -> screen clocks                                        -> `DecodedBatch`
    store         plan writes (correction rule) -> write -> quarantine -> advance the cursor -> record -> `DrainReport`

The intake (`ingest.collector.intake`) receives, keeps and acknowledges; it shares nothing with this path but the raw log. The
cursor moves only when everything before it is stored or quarantined. A batch that was cut short by a crash is done again,
which changes nothing: points and quarantine entries have keys. What raises on the way costs the message that makes it raise
(`ingest.process.guard`): one entry `internal_error`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from ingest.backlog.attempt import DEATHS_IN_HAND, fatal_message
from ingest.backlog.dual_cursor import CURSOR, DualCursor
from ingest.backlog.lag import Lag
from ingest.bookkeeping import Bookkeeping
from ingest.completeness.balance import count_reasons
from ingest.correction.overwrite_log import OverwriteLog, WritePlan
from ingest.decode.clock import ClockScreen
from ingest.decode.message import DecodedMessage, decode_and_validate, set_aside
from ingest.process.complaint import joined
from ingest.process.guard import CaughtErrors, divide
from ingest.process.outage import Outage
from ingest.process.report import DrainReport
from ingest.process.retry import StoppedError, retry_until_stopped
from ingest.quarantine.entry import add_bare_entry, add_entries, move_refused
from store.error import QueryError
from store.rawlog import Position
from store.state import ClockState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.backlog.attempt import Attempts
    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer, Written
    from store.rawlog import LoggedMessage, RawLog
    from store.state import StateStore

_TRIES = 3
"""How often a question of one message is put to a database that refuses it, before the message is set aside."""
_log = structlog.get_logger("ingest.pipeline")


class DecodedBatch(msgspec.Struct, frozen=True):
    """A batch and the cursor position to commit after it is stored; all that crosses between the two threads.

    Attributes
    ----------
    clocks : tuple of ClockState
        Clocks whose state has changed.
    is_behind : bool
        Of a backlog that newer messages have gone ahead of.
    """

    decoded: list[DecodedMessage]
    position: Position
    cursor: str
    decode_s: float
    clocks: tuple[ClockState, ...] = ()
    is_behind: bool = False


class Pipeline:
    """Both halves of the path; `decode_next` belongs to one thread, `store` to another.

    Parameters
    ----------
    settings : CollectorSettings
    log : RawLog
    writer : Writer
        Its ``stop`` ends waiting for either database; its ``alive`` is called at least every few seconds, unless something hangs.
    state : StateStore
    """

    def __init__(self, settings: CollectorSettings, log: RawLog, *, writer: Writer, state: StateStore) -> None:
        self.settings = settings
        self.log = log
        self.writer = writer
        self.state = state
        self.caught = CaughtErrors()
        self.cursors = DualCursor(log, timedelta(seconds=settings.drain_live_after_s))
        self._clock = ClockScreen(settings, state)
        self.overwrites = OverwriteLog(settings, writer.store, state, log)
        self.bookkeeping = Bookkeeping(settings, state, writer.store, self.caught)
        self.lag = Lag(log, self.bookkeeping.attempt)
        self._outages = {name: Outage(_log) for name in ("read", "plan", "record")}
        self._superseded = 0

    def decode_next(self, attempts: Attempts | None = None) -> DecodedBatch | None:
        """Read, decode, validate and screen the next batch; None where there is none. With attempts: one message."""
        started = time.perf_counter()
        cursor, logged = self._read(1 if attempts is not None else self.settings.drain_batch)
        if not logged:
            return None
        position = logged[-1].position
        deaths = 0 if attempts is None else attempts.take(position)
        if deaths >= DEATHS_IN_HAND:
            return DecodedBatch([fatal_message(logged[0].message, deaths)], position, cursor, 0.0)
        batch = [decode_and_validate(item.message, self.settings) for item in logged]
        for item in batch:
            try:
                self._clock.screen(item)
            except Exception as error:  # noqa: BLE001 - costs this message, nothing else
                set_aside(item, error)
        clocks = self._clock.hand_over()
        is_behind = cursor == CURSOR and self.cursors.is_open
        return DecodedBatch(batch, position, cursor, time.perf_counter() - started, clocks, is_behind)

    def store(self, batch: DecodedBatch) -> DrainReport | None:
        """Write, quarantine, and only then move the cursor; None when stopped before that."""
        started, messages = time.perf_counter(), batch.decoded
        written: list[Written] = []
        self.overwrites.is_behind = batch.is_behind
        try:
            self.prepare()
            divide(lambda part: written.append(self._write(part, len(messages))), messages, set_aside)
            self._until_done(
                "record", "state_refuses", lambda: divide(self._quarantine, messages, self._quarantine_bare)
            )
            self._until_done("record", "state_refuses", lambda: self.log.advance(batch.cursor, batch.position))
            self._until_done("record", "state_refuses", lambda: self.bookkeeping.count(messages))
        except StoppedError:
            return None
        self.bookkeeping.record(messages, batch.clocks)
        superseded, self._superseded = self._superseded, 0
        return DrainReport(
            messages=len(messages),
            readings=sum(part.readings for part in written),
            values=sum(part.values for part in written),
            rejected=count_reasons(messages),
            errors=self.bookkeeping.take_errors(messages),
            restarts=self.caught.take_restarts(),
            superseded=superseded,
            retries=sum(part.retries for part in written),
            lag=self.lag.measure(),
            decode_s=batch.decode_s,
            write_s=time.perf_counter() - started,
        )

    def prepare(self) -> None:
        """Ask the database for the newest readings, once; raises `StoppedError`."""
        self._until_done("plan", "cannot_look_back", self.overwrites.prepare)

    def _read(self, limit: int) -> tuple[str, list[LoggedMessage]]:
        found: list[tuple[str, list[LoggedMessage]]] = []

        def read() -> None:
            found.append(self.cursors.next(limit, self.settings.drain_batch_bytes, datetime.now(UTC)))

        try:
            self._until_done("read", "cannot_read", read)
        except StoppedError:
            return CURSOR, []
        return found[0]

    def _write(self, part: Sequence[DecodedMessage], whole: int) -> Written:
        """Plan, keep what is replaced, then write; may be done again. ``whole`` is the size of the batch."""
        plan = self._plan(part, _TRIES if len(part) in (1, whole) else 1)
        written = self.writer.write(plan.of(reading for item in part for reading in item.readings))
        if written is None:
            raise StoppedError
        move_refused(part, plan, written.refused)
        self._superseded += plan.superseded
        return written

    def _plan(self, part: Sequence[DecodedMessage], tries: int) -> WritePlan:
        """A database that does not answer is waited for; a question that it refuses ``tries`` times is the message's fault."""
        refused, plan = 0, WritePlan()

        def attempt() -> None:
            nonlocal refused, plan
            try:
                plan = self.overwrites.plan_writes(part)
            except QueryError as error:
                refused += 1
                # where a proxy answers with a page, no question is answered, whatever message asks
                if refused >= tries and self.writer.store.health().ok:
                    msg = f"the database refuses the question what is stored: {error}"
                    raise RuntimeError(msg) from error
                raise

        self._until_done("plan", "cannot_look_back", attempt)
        return plan

    def _quarantine(self, part: Sequence[DecodedMessage]) -> None:
        add_entries(self.state, part)

    def _quarantine_bare(self, item: DecodedMessage, error: Exception) -> None:
        add_bare_entry(self.state, item, error, self.caught)

    def _until_done(self, name: str, event: str, step: Callable[[], object]) -> None:
        """Do a step however long a database refuses it; raises `StoppedError` when stopped before."""
        retry_until_stopped(step, event, self._outages[name], self.writer.stop, self.writer.alive)

    def complaint(self) -> str:
        """What has kept messages from being stored for long; empty where nothing has."""
        parts = (*(outage.complaint for outage in self._outages.values()), self.writer.complaint)
        return joined(part() for part in parts)
