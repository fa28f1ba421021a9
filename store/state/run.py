"""Runs of jobs, and the results of the gate."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.error import StateError
from store.state.database import StateBase, to_type, utc_now
from store.state.table import gate_result, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RunState(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class GateOutcome(StrEnum):
    """What the gate says of a batch."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    HOLD = "hold"


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


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's verdict on one batch of a network.

    Attributes
    ----------
    detail : dict
        Plain JSON: expectations that failed, their figures.
    id, created_at : int, datetime or None
        Given by the store.
    """

    network: str
    start: datetime
    end: datetime
    outcome: GateOutcome
    detail: dict[str, Any] = msgspec.field(default_factory=dict)
    run_id: str | None = None
    id: int | None = None
    created_at: datetime | None = None


class RunStore(StateBase):
    """Functions on runs and gate results."""

    def start_run(
        self, kind: str, network: str | None, start: datetime | None, end: datetime | None, version: str
    ) -> str:
        """Note that a run begins; returns its id."""
        run_id = uuid.uuid4().hex
        values = {"id": run_id, "kind": kind, "network": network, "start": start, "end": end, "version": version}
        with self._writing() as connection:
            connection.execute(sa.insert(run).values(**values, state=RunState.RUNNING, counts={}, started_at=utc_now()))
        return run_id

    def finish_run(self, run_id: str, state: RunState, counts: Mapping[str, Any]) -> None:
        """Note how a run ended; raises `StateError` for one that never started."""
        change = (
            sa.update(run)
            .where(run.c.id == run_id)
            .values(state=str(RunState(state)), counts=dict(counts), finished_at=utc_now())
        )
        with self._writing() as connection:
            found = connection.execute(change).rowcount
        if not found:
            msg = f"run {run_id!r} was never started"
            raise StateError(msg)

    @contextmanager
    def failing_run(self, run_id: str) -> Iterator[None]:
        """Note a run as failed, with the error's words, where anything goes wrong inside; the error goes on."""
        try:
            yield
        except BaseException as error:
            self.finish_run(run_id, RunState.FAILED, {"error": f"{type(error).__name__}: {error}"})
            raise

    def list_runs(self, kind: str | None = None, network: str | None = None, limit: int = 100) -> list[Run]:
        """Runs, newest first."""
        question = sa.select(run).order_by(run.c.started_at.desc(), run.c.id).limit(limit)
        for column, value in ((run.c.kind, kind), (run.c.network, network)):
            if value is not None:
                question = question.where(column == value)
        with self._reading() as connection:
            return [to_type(row, Run) for row in connection.execute(question).mappings()]

    def list_runs_over(
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
        with self._reading() as connection:
            return [to_type(row, Run) for row in connection.execute(question).mappings()]

    def add_gate_result(self, result: GateResult) -> int:
        """Keep a gate result; earlier ones of the same batch stay. Returns its id."""
        values = msgspec.structs.asdict(result) | {
            "outcome": str(result.outcome),
            "created_at": result.created_at or utc_now(),
        }
        values.pop("id")
        with self._writing() as connection:
            key = connection.execute(sa.insert(gate_result).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def list_gate_results(
        self, network: str | None = None, start: datetime | None = None, end: datetime | None = None, limit: int = 100
    ) -> list[GateResult]:
        """Gate results of batches that start in ``[start, end)``, newest batch and newest result first."""
        question = sa.select(gate_result).order_by(gate_result.c.start.desc(), gate_result.c.id.desc()).limit(limit)
        if network is not None:
            question = question.where(gate_result.c.network == network)
        if start is not None:
            question = question.where(gate_result.c.start >= start)
        if end is not None:
            question = question.where(gate_result.c.start < end)
        with self._reading() as connection:
            return [to_type(row, GateResult) for row in connection.execute(question).mappings()]
