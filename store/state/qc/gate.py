"""Results of the gate, and the decisions about held batches: a batch is held until it is released."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import eq, ge, lt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.gate import GateOutcome
from store.error import StateError
from store.state.database import StateTables
from store.state.statement import narrowed, to_type, utc_now
from store.state.table import gate_decision, gate_result

if TYPE_CHECKING:
    from collections.abc import Sequence


class GateRuling(StrEnum):
    """Decision about a held batch."""

    RELEASE = "release"
    REJECT = "reject"


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's result for one batch of a network.

    ``detail`` is plain JSON: expectations that failed, with their figures. The store gives ``id`` and ``created_at``.
    """

    network: str
    start: datetime
    end: datetime
    outcome: GateOutcome
    detail: dict[str, Any] = msgspec.field(default_factory=dict)
    run_id: str | None = None
    id: int | None = None
    created_at: datetime | None = None


class GateDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with who, when and why; all are kept, the last one is in force."""

    result_id: int
    ruling: GateRuling
    who: str
    note: str
    at: datetime


class HeldBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was held: ``id`` and ``detail`` of its `GateResult`, and its decisions, oldest first.

    It is superseded once a later result for all of its hours passed.
    """

    id: int
    network: str
    start: datetime
    end: datetime
    detail: dict[str, Any]
    run_id: str | None
    created_at: datetime
    decisions: tuple[GateDecision, ...] = ()
    superseded: bool = False

    @property
    def ruling(self) -> GateRuling | None:
        """The last decision; None: undecided."""
        return self.decisions[-1].ruling if self.decisions else None

    @property
    def blocks(self) -> bool:
        """Whether its hours are excluded from products: neither released nor superseded."""
        return not self.superseded and self.ruling is not GateRuling.RELEASE


class GateStore(StateTables):
    """Functions on gate results and held batches."""

    def add_result(self, result: GateResult) -> int:
        """Keep a gate result; earlier ones of the same batch stay. Returns its id."""
        values = msgspec.structs.asdict(result) | {
            "outcome": str(result.outcome),
            "created_at": result.created_at or utc_now(),
        }
        values.pop("id")
        with self.database.writing() as connection:
            key = connection.execute(sa.insert(gate_result).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def list_results(
        self, network: str | None = None, start: datetime | None = None, end: datetime | None = None, limit: int = 100
    ) -> list[GateResult]:
        """Gate results of batches that start in ``[start, end)``, newest batch and newest result first."""
        question = sa.select(gate_result).order_by(gate_result.c.start.desc(), gate_result.c.id.desc()).limit(limit)
        span = ((gate_result.c.start, ge, start), (gate_result.c.start, lt, end))
        question = narrowed(question, (gate_result.c.network, eq, network), *span)
        return [to_type(row, GateResult) for row in self.database.rows(question)]

    def decide(self, decision: GateDecision) -> HeldBatch:
        """Keep a decision; earlier ones stay.

        Raises
        ------
        StateError
            If there is no such held batch, it is superseded, or who or note is empty.
        """
        if not decision.who.strip() or not decision.note.strip():
            msg = "a decision needs a name and a note"
            raise StateError(msg)
        with self.database.writing() as connection:
            found = [item for item in _held(connection, None) if item.id == decision.result_id]
            if not found:
                msg = f"gate result {decision.result_id} is no held batch; `skyground qc held list` shows them"
                raise StateError(msg)
            if found[0].superseded:
                msg = f"held batch {decision.result_id} was evaluated again and passed: nothing to decide"
                raise StateError(msg)
            values = msgspec.structs.asdict(decision) | {"ruling": decision.ruling.value}
            connection.execute(sa.insert(gate_decision).values(values))
        held = found[0]
        return msgspec.structs.replace(held, decisions=(*held.decisions, decision))

    def list_held(
        self,
        network: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        only_blocking: bool = False,
    ) -> list[HeldBatch]:
        """Held batches that overlap ``[start, end)``, newest first.

        Parameters
        ----------
        only_blocking : bool
            Leave out released and superseded batches.
        """
        with self.database.reading() as connection:
            held = _held(connection, network)
        return [
            item
            for item in reversed(held)
            if (start is None or item.end > start)
            and (end is None or item.start < end)
            and (item.blocks or not only_blocking)
        ]


def _held(connection: sa.Connection, network: str | None) -> list[HeldBatch]:
    question = narrowed(sa.select(gate_result).order_by(gate_result.c.id), (gate_result.c.network, eq, network))
    held = question.where(gate_result.c.outcome == GateOutcome.HOLD.value)
    rows = list(connection.execute(held).mappings())
    if not rows:
        return []
    later = _let_through(connection, min(int(row["id"]) for row in rows))
    decided: dict[int, list[GateDecision]] = {}
    for row in connection.execute(sa.select(gate_decision).order_by(gate_decision.c.id)).mappings():
        decided.setdefault(row["result_id"], []).append(to_type(row, GateDecision))
    names = [name for name in HeldBatch.__struct_fields__ if name not in {"decisions", "superseded"}]
    return [
        HeldBatch(
            **{name: row[name] for name in names},
            decisions=tuple(decided.get(row["id"], ())),
            superseded=_is_superseded(row, later),
        )
        for row in rows
    ]


def _let_through(connection: sa.Connection, after: int) -> list[sa.RowMapping]:
    question = sa.select(gate_result.c.id, gate_result.c.network, gate_result.c.start, gate_result.c.end)
    passed = question.where(gate_result.c.id > after, gate_result.c.outcome != GateOutcome.HOLD.value)
    return list(connection.execute(passed).mappings())


def _is_superseded(row: sa.RowMapping, later: Sequence[sa.RowMapping]) -> bool:
    return any(
        item["id"] > row["id"]
        and item["network"] == row["network"]
        and item["start"] <= row["start"]
        and item["end"] >= row["end"]
        for item in later
    )
