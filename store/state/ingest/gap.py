"""Gaps: intervals of an instrument without readings, and the state of the request to the station."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import eq, gt, lt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import insert, narrowed, utc_now
from store.state.table import gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class GapState(StrEnum):
    """State of a gap."""

    OPEN = "open"
    """To be requested."""
    ASKED = "asked"
    """Requested, not filled yet."""
    FILLED = "filled"
    NO_DATA = "no_data"
    """The station has no data for it."""
    GIVEN_UP = "given_up"
    """Readings are still missing after the last allowed request."""
    TOO_OLD = "too_old"
    """Older than the late window: an answer would be refused."""


UNSETTLED = (GapState.OPEN, GapState.ASKED)
_IS_UNSETTLED = gap.c.state.in_([state.value for state in UNSETTLED])


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of one instrument that are missing in ``[start, end)``.

    Attributes
    ----------
    id : int
        0 before it is stored.
    missing : int
        Readings [1].
    found_by : str
        ``seq``, ``cadence`` or ``person``.
    due_at : datetime
        When it is processed next, UTC.
    detail : str
        Stored reason (`schemas.reason`) of its state, empty: none; up to version 0.1 an English sentence.
    """

    network: str
    station_id: str
    instrument_id: str
    start: datetime
    end: datetime
    missing: int
    found_by: str
    found_at: datetime
    due_at: datetime
    state: GapState = GapState.OPEN
    state_at: datetime | None = None
    attempts: int = 0
    detail: str = ""
    id: int = 0


class GapStore(StateTables):
    """Functions on gaps."""

    def add(self, gaps: Iterable[Gap]) -> int:
        """Store gaps that are not known yet; a known one that is settled stays so. Returns how many are new."""
        added = 0
        with self.database.writing() as connection:
            for item in gaps:
                values = msgspec.structs.asdict(item) | {
                    "state": item.state.value,
                    "state_at": item.state_at or utc_now(),
                }
                values.pop("id")
                statement = insert(connection, gap).values(values).on_conflict_do_nothing().returning(gap.c.id)
                added += connection.execute(statement).first() is not None
        return added

    def list_due(self, now: datetime) -> list[Gap]:
        """The gap of each station that has been due longest; none of a station whose answer is still expected."""
        question = sa.select(gap).where(_IS_UNSETTLED).order_by(gap.c.due_at)
        found = [_to_gap(row) for row in self.database.rows(question)]
        busy = {item.station_id for item in found if item.state is GapState.ASKED and item.due_at > now}
        due: dict[str, Gap] = {}
        for item in found:
            if item.due_at <= now and item.station_id not in busy:
                due.setdefault(item.station_id, item)
        return list(due.values())

    def claim(self, item: Gap, due_at: datetime) -> bool:
        """Claim a due gap for one request; False where another collector has claimed it."""
        same = (gap.c.id == item.id, gap.c.due_at == item.due_at, gap.c.state == item.state.value)
        return self.database.change(sa.update(gap).where(*same).values(due_at=due_at)) == 1

    def change(
        self,
        gap_id: int,
        state: GapState,
        *,
        attempts: int | None = None,
        missing: int | None = None,
        due_at: datetime | None = None,
        detail: str | None = None,
    ) -> None:
        """Change a gap; fields that are None stay."""
        given = {"attempts": attempts, "missing": missing, "due_at": due_at, "detail": detail}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        change = sa.update(gap).where(gap.c.id == gap_id)
        self.database.change(change.values(state=state.value, state_at=utc_now(), **values))

    def reopen(self, item: Gap) -> bool:
        """Re-open a settled gap of the same time; False where it is not settled."""
        same = (gap.c[name] == getattr(item, name) for name in ("station_id", "instrument_id", "start", "end"))
        change = sa.update(gap).where(*same, ~_IS_UNSETTLED)
        values = {"state": GapState.OPEN.value, "state_at": utc_now(), "attempts": 0, "due_at": item.due_at}
        return self.database.change(change.values(values)) == 1

    def hasten(self, station_id: str, instrument_id: str, due_at: datetime) -> None:
        """Move the due time of an instrument's requested gaps forward to ``due_at``: an answer has begun to arrive."""
        asked = sa.update(gap).where(*_asked(station_id, instrument_id), gap.c.due_at > due_at)
        self.database.change(asked.values(due_at=due_at))

    def prune(self, settled_before: datetime) -> int:
        """Delete gaps that were settled before a moment; returns how many."""
        return self.database.change(sa.delete(gap).where(gap.c.state_at < settled_before, ~_IS_UNSETTLED))

    def end_asked(self, station_id: str, instrument_id: str) -> int:
        """Settle an instrument's requested gaps as without data; returns how many."""
        asked = sa.update(gap).where(*_asked(station_id, instrument_id))
        return self.database.change(asked.values(state=GapState.NO_DATA.value, state_at=utc_now()))

    def list(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        station_id: str | None = None,
        states: Sequence[GapState] = (),
        limit: int | None = None,
    ) -> list[Gap]:
        """Gaps that overlap ``[start, end)``, by station, instrument and time; with ``limit`` the newest so many, newest first."""
        place = (gap.c.station_id, gap.c.instrument_id)
        order = (*place, gap.c.start) if limit is None else (gap.c.start.desc(), *place)
        question = sa.select(gap).order_by(*order).limit(limit)
        question = narrowed(
            question, (gap.c.end, gt, start), (gap.c.start, lt, end), (gap.c.station_id, eq, station_id)
        )
        if states:
            question = question.where(gap.c.state.in_([state.value for state in states]))
        return [_to_gap(row) for row in self.database.rows(question)]


def _asked(station_id: str, instrument_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions of an instrument's requested gaps."""
    return (
        gap.c.station_id == station_id,
        gap.c.instrument_id == instrument_id,
        gap.c.state == GapState.ASKED.value,
    )


def _to_gap(row: sa.RowMapping) -> Gap:
    return Gap(**{**{str(name): value for name, value in row.items()}, "state": GapState(row["state"])})
