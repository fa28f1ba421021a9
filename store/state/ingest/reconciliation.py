"""Reconciliation: the outcome of every reading, by hour of observation, station and instrument."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import eq
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import narrowed, upsert, utc_now
from store.state.table import balance_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_PAGE = 500
_INSTRUMENTS = 200
"""Instruments of one statement."""
_KEY = ("hour", "station_id", "instrument_id")
_TICK = timedelta(microseconds=1)
#: Key of the advisory lock under which rows are compared and replaced (any constant of our own).
_LOCK_KEY = 0x736B7368


class ReconciliationFigures(msgspec.Struct, kw_only=True):
    """Counts of one instrument's readings of one hour.

    Attributes
    ----------
    network : str
    seen : dict of int to int or None
        Accepted readings, by the milliseconds from the start of the hour to theirs: their numbers.
    empty : dict of int to int or None
        Accepted without value or status, in the same form; nothing is written.
    refused : dict of int to str
        Refused as a whole, in the same form: the reason.
    redelivered, repeated : int
        Copies of readings in messages that the broker marked as delivered again, and further copies.
    unreadable : dict of str to int
        Messages of the instrument received in this hour of which no reading could be made, by reason.
    read_back : int
        Of the accepted ones, found in the database.
    sent : int or None
        Readings sent according to the station's sequence numbers; None where it sends none.
    expected : int
        Readings expected by the cadence while the instrument is installed.
    """

    network: str
    seen: dict[int, int | None] = msgspec.field(default_factory=dict)
    empty: dict[int, int | None] = msgspec.field(default_factory=dict)
    refused: dict[int, str] = msgspec.field(default_factory=dict)
    redelivered: int = 0
    repeated: int = 0
    unreadable: dict[str, int] = msgspec.field(default_factory=dict)
    read_back: int = 0
    sent: int | None = None
    expected: int = 0

    @property
    def quarantined(self) -> dict[str, int]:
        """Different readings refused whole, by reason."""
        counts: dict[str, int] = {}
        for reason in self.refused.values():
            counts[reason] = counts.get(reason, 0) + 1
        return counts

    @property
    def stored(self) -> int:
        """Different readings that the database should hold."""
        return len(self.seen)

    @property
    def received(self) -> int:
        """Readings in messages, copies included."""
        return self.redelivered + self.repeated + len(self.seen) + len(self.empty) + len(self.refused)

    @property
    def rest(self) -> int:
        """Accepted and not found: must be 0."""
        return self.stored - self.read_back


class ReconciliationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row; ``hour`` is the start of the hour in which the readings start, UTC; ``settled_at`` its version, None before it is stored."""

    hour: datetime
    station_id: str
    instrument_id: str
    facts: ReconciliationFigures
    settled_at: datetime | None = None


class ReconciliationStore(StateTables):
    """Functions on reconciliation rows."""

    def put(self, rows: Iterable[ReconciliationRow]) -> bool:
        """Replace rows, all or none: False, and nothing is changed, where one of them has changed since it was read.

        ``settled_at`` is the version: what `read` gave, or None for a row that was not there. So a process that read
        rows, added to them and is now too late has to read them again, instead of undoing what another added.
        """
        pending = list(rows)
        if not pending:
            return True
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
            versions = _versions(connection, pending)
            if any(versions.get(_key_of(row)) != row.settled_at for row in pending):
                return False
            # later than every version, whatever the clocks of the writers
            settled_at = max([utc_now(), *(version + _TICK for version in versions.values())])
            for first in range(0, len(pending), _PAGE):
                page = [_values(row, settled_at) for row in pending[first : first + _PAGE]]
                upsert(connection, balance_sheet, page)
        return True

    def read(
        self,
        start: datetime,
        end: datetime,
        *,
        station_id: str | None = None,
        instruments: Sequence[tuple[str, str]] | None = None,
    ) -> list[ReconciliationRow]:
        """Rows of hours that start in ``[start, end)``, by hour, station, instrument; only the instruments named, if any are."""
        question = (
            sa.select(balance_sheet)
            .where(balance_sheet.c.hour >= start, balance_sheet.c.hour < end)
            .order_by(*(balance_sheet.c[name] for name in _KEY))
        )
        question = narrowed(question, (balance_sheet.c.station_id, eq, station_id))
        questions = [question] if instruments is None else list(_of_instruments(question, instruments))
        with self.database.reading() as connection:
            rows: list[Any] = [row for item in questions for row in connection.execute(item).mappings()]
        return sorted(map(_to_row, rows), key=_key_of) if len(questions) > 1 else [_to_row(row) for row in rows]

    def list_rests(self, after: ReconciliationRow | None = None, limit: int = 1_000) -> list[ReconciliationRow]:
        """Rows that have a rest, oldest first, at most ``limit``; those behind ``after``, so that all can be gone through."""
        key = [balance_sheet.c[name] for name in _KEY]
        question = sa.select(balance_sheet).where(balance_sheet.c.rest != 0).order_by(*key).limit(limit)
        if after is not None:
            question = question.where(_behind(after))
        return [_to_row(row) for row in self.database.rows(question)]

    def prune(self, settled_before: datetime) -> int:
        """Delete rows without a rest that were last settled before a moment; returns how many."""
        rows = sa.delete(balance_sheet).where(balance_sheet.c.settled_at < settled_before, balance_sheet.c["rest"] == 0)
        return self.database.change(rows)

    def count_rests(self, start: datetime, end: datetime) -> dict[str, int]:
        """Sum of the rests by station, of the hours in ``[start, end)``; only stations that have one."""
        total = sa.func.sum(balance_sheet.c.rest)
        question = (
            sa.select(balance_sheet.c.station_id, total)
            .where(balance_sheet.c.hour >= start, balance_sheet.c.hour < end, balance_sheet.c.rest != 0)
            .group_by(balance_sheet.c.station_id)
        )
        with self.database.reading() as connection:
            return {station: int(count) for station, count in connection.execute(question)}


def _of_instruments(question: sa.Select[Any], instruments: Sequence[tuple[str, str]]) -> Iterator[sa.Select[Any]]:
    """The query in chunks of instruments: a statement takes a limited number of parameters."""
    pair = sa.tuple_(balance_sheet.c.station_id, balance_sheet.c.instrument_id)
    for first in range(0, len(instruments), _INSTRUMENTS):
        yield question.where(pair.in_(list(instruments[first : first + _INSTRUMENTS])))


def _behind(row: ReconciliationRow) -> sa.ColumnElement[bool]:
    """Rows behind one in the order of the key; spelt out, so that the types of the columns hold."""
    hour, station_id, instrument_id = (balance_sheet.c[name] for name in _KEY)
    return sa.or_(
        hour > row.hour,
        sa.and_(hour == row.hour, station_id > row.station_id),
        sa.and_(hour == row.hour, station_id == row.station_id, instrument_id > row.instrument_id),
    )


def _to_row(row: sa.RowMapping) -> ReconciliationRow:
    return ReconciliationRow(
        hour=row["hour"],
        station_id=row["station_id"],
        instrument_id=row["instrument_id"],
        facts=msgspec.convert(row["figures"], ReconciliationFigures, strict=False),
        settled_at=row["settled_at"],
    )


def _key_of(row: ReconciliationRow) -> tuple[datetime, str, str]:
    return row.hour, row.station_id, row.instrument_id


def _versions(
    connection: sa.Connection, rows: Sequence[ReconciliationRow]
) -> dict[tuple[datetime, str, str], datetime]:
    """When the rows that are there were last settled, and others of the same time."""
    columns = (*(balance_sheet.c[name] for name in _KEY), balance_sheet.c.settled_at)
    found: dict[tuple[datetime, str, str], datetime] = {}
    # by instrument: the hours of one batch may be years apart, and the rows between are not needed
    for station_id, instrument_id in sorted({(row.station_id, row.instrument_id) for row in rows}):
        own = [row.hour for row in rows if (row.station_id, row.instrument_id) == (station_id, instrument_id)]
        for first in range(0, len(own), _PAGE):
            question = sa.select(*columns).where(
                balance_sheet.c.station_id == station_id,
                balance_sheet.c.instrument_id == instrument_id,
                balance_sheet.c.hour.in_(own[first : first + _PAGE]),
            )
            found |= {(hour, station, name): at for hour, station, name, at in connection.execute(question)}
    return found


def _values(row: ReconciliationRow, settled_at: datetime) -> dict[str, object]:
    return {
        **dict(zip(_KEY, _key_of(row), strict=True)),
        "figures": msgspec.to_builtins(row.facts, str_keys=True),
        "rest": row.facts.rest,
        "settled_at": settled_at,
    }
