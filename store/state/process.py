"""Long-running processes: each records a heartbeat at intervals, and what is wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import to_type, upsert
from store.state.table import process

BEATS_MISSED = 4
"""Missing heartbeats after which a process counts as gone; a restart takes fewer. Project's choice."""


_AHEAD_MAX = timedelta(minutes=10)
"""Clocks of two machines may differ by so much. Project's choice, as of readings."""


class ProcessState(StrEnum):
    """Condition of a process."""

    WELL = "well"
    FAILING = "failing"
    """Its heartbeats arrive and name a part that stays failed."""
    GONE = "gone"
    """Heartbeats are missing, and it did not record a shutdown."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process: ``collector/<client id>``, ``gateway/<client id>``, ``watch/<host>`` or ``console/<host>``.

    ``every_s`` is the interval of its heartbeats [s]; ``restarts`` counts starts after an unexpected end since the last orderly
    shutdown, of a collector also those of its drain [1]; ``complaint`` names the part that stays failed, empty: none.
    """

    name: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    every_s: float
    restarts: int = 0
    complaint: str = ""

    def state(self, now: datetime) -> ProcessState:
        """State at a moment (aware)."""
        missed = timedelta(seconds=BEATS_MISSED * self.every_s)
        # a heartbeat of the future: the clock was set back since, and a running process would have sent another
        if now - self.beat_at > missed or self.beat_at - now > max(missed, _AHEAD_MAX):
            return ProcessState.GONE
        return ProcessState.FAILING if self.complaint else ProcessState.WELL


class ProcessStore(StateTables):
    """Functions on processes."""

    def note(self, item: Process, *, only_known: bool = False) -> None:
        """Record a heartbeat; a restart counts where the process before it did not record its shutdown.

        Parameters
        ----------
        item : Process
            Its ``restarts`` are used only for a process that is not known yet.
        only_known : bool
            A process that is not known yet is not recorded.
        """
        question = sa.select(process.c.started_at, process.c.restarts).where(process.c.name == item.name)
        with self.database.writing() as connection:
            before = connection.execute(question.with_for_update()).first()
            if before is None and only_known:
                return
            values = msgspec.structs.asdict(item)
            if before is not None:
                # two of one name (two consoles on a host) beat in turn: only a later start is one
                values["restarts"] = before.restarts + (item.started_at > before.started_at)
                values["started_at"] = max(item.started_at, before.started_at)
            upsert(connection, process, [values])

    def end(self, name: str) -> bool:
        """Delete the record of a process that was shut down or will not return; False where there is none."""
        return self.database.change(sa.delete(process).where(process.c.name == name)) == 1

    def list(self) -> list[Process]:
        """Every process that is, or should be, running, by name."""
        return [to_type(row, Process) for row in self.database.rows(sa.select(process).order_by(process.c.name))]
