"""Findings: faults that a part of the system detects in its own work; `alerts` mails them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import eq, ge
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import insert, narrowed, to_type
from store.state.table import finding

if TYPE_CHECKING:
    from collections.abc import Iterable


class FindingKind(StrEnum):
    """Kind of a finding."""

    BALANCE_REST = "balance_rest"
    """A difference in the balance sheet that no reason explains."""
    FOREIGN_PAYLOAD = "foreign_payload"
    """A payload that names another station than its topic."""
    CLOCK = "clock"
    """A station's clock is wrong; its readings are held."""
    QUARANTINE_FULL = "quarantine_full"
    """The quarantine approaches the bound at which its oldest entries expire."""
    GAP = "gap"
    """Missing readings that could not be recovered."""
    DISK = "disk"
    """The disk of a raw log approaches the reserve at which the intake stops acknowledging."""
    PROCESS = "process"
    """A long-running process has ended unexpectedly, or a part of it stays failed."""
    INTERNAL_ERROR = "internal_error"
    """An unexpected exception was caught: a message was quarantined, or a row left out."""
    GATE = "gate_hold"
    """A batch that the gate holds."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding; as a report, the increment.

    A repeated finding has the same ``key``, such as ``clock/ln-sy-01``: ``count`` is the number of its reports [1], ``facts`` are
    the figures for the mail, of the last report. Times UTC.
    """

    key: str
    kind: FindingKind
    station_id: str | None = None
    instrument_id: str | None = None
    facts: dict[str, Any] = msgspec.field(default_factory=dict)
    count: int = 1
    first_at: datetime
    last_at: datetime


class FindingStore(StateTables):
    """Functions on findings."""

    def report(self, reports: Iterable[Finding]) -> None:
        """Add reports: a known key counts up, keeps its first time and takes the newer facts."""
        rows = sorted(reports, key=lambda item: item.key)
        if not rows:
            return
        with self.database.writing() as connection:
            for item in rows:
                statement = insert(connection, finding).values(
                    {**msgspec.structs.asdict(item), "kind": item.kind.value}
                )
                new = statement.excluded
                changed = {
                    "count": finding.c["count"] + new["count"],
                    "last_at": new.last_at,
                    "facts": new.facts,
                    "station_id": new.station_id,
                    "instrument_id": new.instrument_id,
                }
                connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))

    def drop(self, key: str) -> None:
        """Delete a finding whose cause is gone; no effect where there is none."""
        self.database.change(sa.delete(finding).where(finding.c.key == key))

    def list(self, *, kind: FindingKind | None = None, since: datetime | None = None) -> list[Finding]:
        """Findings last reported at ``since`` or later, newest first."""
        question = sa.select(finding).order_by(finding.c.last_at.desc(), finding.c.key)
        question = narrowed(question, (finding.c.kind, eq, kind), (finding.c.last_at, ge, since))
        return [to_type(row, Finding) for row in self.database.rows(question)]
