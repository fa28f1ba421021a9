"""Revisions of the native series (replaced values, late readings) and the hours that they re-open."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import eq, ge, gt, lt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.interval import floor_hour
from store.state.database import StateTables
from store.state.statement import in_order, insert, narrowed, to_type, upsert, utc_now
from store.state.table import reopened_hour, revision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Before(msgspec.Struct, frozen=True):
    """Earlier values and letters of a reading.

    Attributes
    ----------
    values : dict of str to float or None
        By parameter that changed, canonical unit; None where there was no value.
    status : dict of str to str or None
        Letters that changed; None where there was none.
    """

    values: dict[str, float | None] = msgspec.field(default_factory=dict)
    status: dict[str, str | None] = msgspec.field(default_factory=dict)


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the native series after its time: readings that start from ``first`` to ``last``, equal for a correction.

    ``received_at`` is the receipt of the message that brought the change (the last one of a run), ``origin`` is ``mqtt`` or
    ``quarantine``. ``before`` is None for late readings: no value existed between the two. ``recorded_at`` is None until it is
    stored.
    """

    network: str
    station_id: str
    instrument_id: str
    first: datetime
    last: datetime
    received_at: datetime
    origin: str
    readings: int
    before: Before | None
    recorded_at: datetime | None = None


class ReopenReason(StrEnum):
    """Why an hour is re-opened."""

    LATE = "late"
    CORRECTED = "corrected"
    CALIBRATION = "calibration"
    """A check changed which of its values are valid."""
    CORRECTION = "correction"
    """A drift was corrected, or a correction was reverted."""


class ReopenedHour(msgspec.Struct, frozen=True, order=True):
    """An hour of a station's network whose readings changed after quality control; ``hour`` is its start, UTC."""

    network: str
    station_id: str
    hour: datetime
    reason: ReopenReason
    at: datetime


class RevisionStore(StateTables):
    """Functions on revisions and re-opened hours."""

    def add(self, revisions: Iterable[Revision], hours: Iterable[ReopenedHour]) -> None:
        """Keep both, all or none; doing it again changes nothing but the moment of an hour."""
        now = utc_now()
        with self.database.writing() as connection:
            for item in revisions:
                values = msgspec.structs.asdict(item) | {
                    "before": {} if item.before is None else msgspec.to_builtins(item.before),
                    "recorded_at": now,
                }
                connection.execute(insert(connection, revision).values(values).on_conflict_do_nothing())
            reopen(connection, hours)

    def list_reopened(self, network: str | None = None) -> list[ReopenedHour]:
        """Re-opened hours, by network, station and time."""
        columns = reopened_hour.c
        question = sa.select(reopened_hour).order_by(columns.network, columns.station_id, columns.hour)
        return [
            to_type(row, ReopenedHour) for row in self.database.rows(narrowed(question, (columns.network, eq, network)))
        ]

    def close_hours(
        self,
        network: str,
        start: datetime,
        end: datetime,
        read_at: datetime,
        stations: Collection[str] | None = None,
    ) -> int:
        """Close re-opened hours in ``[start, end)`` that were not re-opened again after ``read_at``; returns how many.

        Parameters
        ----------
        stations : collection of str or None
            Those that were processed; None: all of the network.
        """
        change = sa.delete(reopened_hour).where(
            reopened_hour.c.network == network,
            reopened_hour.c.hour >= floor_hour(start),
            reopened_hour.c.hour < end,
            reopened_hour.c.at <= read_at,
        )
        if stations is not None:
            change = change.where(reopened_hour.c.station_id.in_(stations))
        return self.database.change(change)

    def list(  # noqa: PLR0913 - one filter a column
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        station_id: str | None = None,
        instrument_id: str | None = None,
        received_after: datetime | None = None,
        only_corrections: bool = False,
        limit: int | None = None,
    ) -> list[Revision]:
        """Revisions of readings that start in ``[start, end)``, in the order in which they were received; with ``limit`` the newest so many, newest first."""
        columns = revision.c
        question = in_order(sa.select(revision), columns.received_at, columns.id, limit=limit)
        if only_corrections:
            question = question.where(sa.cast(columns.before, sa.String) != "{}")
        question = narrowed(
            question,
            (columns["last"], ge, start),
            (columns["first"], lt, end),
            (columns.station_id, eq, station_id),
            (columns.instrument_id, eq, instrument_id),
            (columns.received_at, gt, received_after),
        )
        return [_to_revision(row) for row in self.database.rows(question)]


def reopen(connection: sa.Connection, hours: Iterable[ReopenedHour]) -> None:
    """Re-open hours within a transaction; of one that is open the reason and the moment are replaced."""
    rows = [msgspec.structs.asdict(item) | {"reason": item.reason.value} for item in sorted(hours)]
    upsert(connection, reopened_hour, rows)


def _to_revision(row: sa.RowMapping) -> Revision:
    known: dict[str, Any] = {name: row[name] for name in Revision.__struct_fields__}
    before = msgspec.convert(row["before"], Before) if row["before"] else None
    return Revision(**{**known, "before": before})
