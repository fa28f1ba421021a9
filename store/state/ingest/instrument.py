"""Last state of each instrument: newest reading and sequence number, and its clock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import eq
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import narrowed, to_type, upsert
from store.state.table import instrument_state

if TYPE_CHECKING:
    from collections.abc import Iterable


class Clock(StrEnum):
    """State of an instrument's clock relative to the collector's."""

    UNKNOWN = "unknown"
    RIGHT = "right"
    AHEAD = "ahead"
    BEHIND = "behind"
    WRONG_ZONE = "wrong_zone"
    """Off by the zone's whole offset: local time sent as UTC, or the reverse."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Newest reading of an instrument. ``last_seq`` is None where it sends no numbers; times UTC."""

    network: str
    station_id: str
    instrument_id: str
    last_seq: int | None
    last_start: datetime
    last_end: datetime
    last_received_at: datetime


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """Clock of an instrument: its state since ``clock_since`` (UTC), and the readings held back since then [1].

    ``skew_s`` is the instrument's clock minus the collector's, positive when ahead [s]; None where not estimated.
    """

    network: str
    station_id: str
    instrument_id: str
    skew_s: float | None
    clock: Clock
    clock_since: datetime | None
    held: int


class InstrumentState(msgspec.Struct, frozen=True, kw_only=True):
    """Both for one instrument; what was never recorded is None (`Clock.UNKNOWN`, 0)."""

    network: str
    station_id: str
    instrument_id: str
    last_seq: int | None
    last_start: datetime | None
    last_end: datetime | None
    last_received_at: datetime | None
    skew_s: float | None
    clock: Clock
    clock_since: datetime | None
    held: int


_KEY = ("station_id", "instrument_id")


class InstrumentStore(StateTables):
    """Functions on the states of instruments."""

    def note_progress(self, states: Iterable[Progress]) -> None:
        """Store newest readings; clock states are unchanged."""
        self._note(
            [{**msgspec.structs.asdict(item), "clock": Clock.UNKNOWN.value, "held": 0} for item in states], Progress
        )

    def note_clocks(self, states: Iterable[ClockState]) -> None:
        """Store clock states; newest readings are unchanged."""
        self._note([{**msgspec.structs.asdict(item), "clock": item.clock.value} for item in states], ClockState)

    def _note(self, rows: list[dict[str, Any]], kind: type[msgspec.Struct]) -> None:
        if not rows:
            return
        # sorted, so that two writers lock rows in one order
        rows.sort(key=lambda row: (row["station_id"], row["instrument_id"]))
        with self.database.writing() as connection:
            changed = [name for name in kind.__struct_fields__ if name not in _KEY]
            upsert(connection, instrument_state, rows, changed=changed)

    def list(self, station_id: str | None = None) -> list[InstrumentState]:
        """All states, or those of one station, by station and instrument."""
        question = sa.select(instrument_state).order_by(*(instrument_state.c[name] for name in _KEY))
        question = narrowed(question, (instrument_state.c.station_id, eq, station_id))
        return [to_type(row, InstrumentState) for row in self.database.rows(question)]
