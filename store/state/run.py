"""Runs of jobs."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping  # noqa: TC003 - a dataclass' field
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from operator import eq
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.error import StateError
from store.state.database import StateTables
from store.state.statement import narrowed, to_type, utc_now
from store.state.table import run

if TYPE_CHECKING:
    from collections.abc import Iterator


LOST_AFTER = timedelta(days=2)
"""Age beyond which a running run counts as lost, on whichever host it ran. Project's choice."""
_MARK = uuid.uuid4().hex[:12]


class RunState(StrEnum):
    """State of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"  # its process ended without recording how


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a job over an interval; ``version`` is that of software and configuration."""

    id: str
    kind: str
    network: str | None
    start: datetime | None
    end: datetime | None
    version: str
    state: RunState
    counts: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None


@dataclass(slots=True)
class OpenRun:
    """A run in progress; its fields are recorded when it ends without an error."""

    id: str
    state: RunState = RunState.DONE
    counts: Mapping[str, Any] = field(default_factory=dict)


class RunStore(StateTables):
    """Functions on runs."""

    def start(self, kind: str, network: str | None, start: datetime | None, end: datetime | None, version: str) -> str:
        """Record the start of a run, and runs whose process is gone as lost; returns its id."""
        run_id, now = uuid.uuid4().hex, utc_now()
        values = {"id": run_id, "kind": kind, "network": network, "start": start, "end": end, "version": version}
        with self.database.writing() as connection:
            _end_lost(connection, now)
            connection.execute(
                sa.insert(run).values(**values, state=RunState.RUNNING, counts={}, started_at=now, process=_process())
            )
        return run_id

    def finish(self, run_id: str, state: RunState, counts: Mapping[str, Any]) -> None:
        """Record the end of a run; raises `StateError` for one that never started."""
        change = (
            sa.update(run)
            .where(run.c.id == run_id)
            .values(state=str(RunState(state)), counts=dict(counts), finished_at=utc_now())
        )
        if not self.database.change(change):
            msg = f"run {run_id!r} was never started"
            raise StateError(msg)

    @contextmanager
    def open(
        self, kind: str, network: str | None, start: datetime | None, end: datetime | None, version: str
    ) -> Iterator[OpenRun]:
        """A run that lasts as long as the block; failed with the error's text where one leaves it, else as the block sets it."""
        current = OpenRun(self.start(kind, network, start, end, version))
        try:
            yield current
            self.finish(current.id, current.state, current.counts)
        except BaseException as error:
            try:
                self.finish(current.id, RunState.FAILED, {"error": f"{type(error).__name__}: {error}"})
            except StateError as second:
                error.add_note(f"run {current.id} could not be ended: {second}")
            raise

    def list_over(
        self, kind: str, network: str, first: datetime, last: datetime, *, finished_by: datetime
    ) -> list[Run]:
        """Runs that ended well by a moment and whose interval touches ``[first, last]``."""
        question = sa.select(run).where(
            run.c.kind == kind,
            run.c.network == network,
            run.c.state == RunState.DONE.value,
            run.c.start <= last,
            run.c.end > first,
            run.c.finished_at <= finished_by,
        )
        return [to_type(row, Run) for row in self.database.rows(question)]

    def list(self, kind: str | None = None, network: str | None = None, limit: int = 100) -> list[Run]:
        """Runs, newest first."""
        question = sa.select(run).order_by(run.c.started_at.desc(), run.c.id).limit(limit)
        question = narrowed(question, (run.c.kind, eq, kind), (run.c.network, eq, network))
        return [to_type(row, Run) for row in self.database.rows(question)]


def _process() -> str:
    """Name of the process: host, number and a unique mark."""
    return f"{socket.gethostname()}/{os.getpid()}/{_MARK}"


def _end_lost(connection: sa.Connection, now: datetime) -> None:
    """Record running runs as lost whose process is gone or that are older than `LOST_AFTER`; a later end overrides it."""
    running = sa.select(run.c.id, run.c.process, run.c.started_at).where(run.c.state == RunState.RUNNING.value)
    lost = [row.id for row in connection.execute(running) if now - row.started_at > LOST_AFTER or _is_gone(row.process)]
    if lost:
        counts = {"error": "the process ended without recording how"}
        change = sa.update(run).where(run.c.id.in_(lost), run.c.state == RunState.RUNNING.value)
        connection.execute(change.values(state=RunState.LOST.value, counts=counts, finished_at=now))


def _is_gone(process: str | None) -> bool:
    """Whether a process of this host has ended; False where it cannot be seen from here."""
    host, _, rest = (process or "").partition("/")
    number, _, mark = rest.partition("/")
    if host != socket.gethostname() or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return mark != _MARK
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
