"""Messages about points that more than one message is about, with their ranks (`ingest.correction.rank`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import upsert, utc_now
from store.state.table import contender

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """Content of one message for one point.

    Attributes
    ----------
    digest : str
        Identity of the content; ``stored`` where only what the database held is known of the message.
    received_at : datetime
        First receipt of the earliest copy, UTC; an estimate where ``is_exact`` is False.
    part : int
        Place of the reading in its message [1].
    is_answer : bool
        Of an answer to a request for missing readings.
    """

    network: str
    station_id: str
    instrument_id: str
    start: datetime
    digest: str
    received_at: datetime
    is_exact: bool = True
    seq: int | None = None
    part: int = 0
    is_answer: bool = False
    values: dict[str, float]
    status: dict[str, str]


_POINT = ("station_id", "instrument_id", "start")
_KEY = (*_POINT, "digest")
_COLUMNS = tuple(name for name in Contender.__struct_fields__ if name not in {"values", "status"})


class ContenderStore(StateTables):
    """Functions on contenders."""

    def put(self, items: Iterable[Contender], dropped: Iterable[Contender] = ()) -> None:
        """Keep contenders, and delete others in the same transaction; doing it again changes nothing."""
        now = utc_now()
        rows = [
            {name: getattr(item, name) for name in _COLUMNS}
            | {"content": {"values": item.values, "status": item.status}, "changed_at": now}
            for item in items
        ]
        with self.database.writing() as connection:
            for item in dropped:
                same = [contender.c[name] == getattr(item, name) for name in _KEY]
                connection.execute(sa.delete(contender).where(*same))
            upsert(connection, contender, rows)

    def list_changed(self, since: datetime) -> list[Contender]:
        """Contenders about points of which one was changed at ``since`` or later, by point and receipt."""
        columns = contender.c
        changed = (
            sa.select(*(columns[name] for name in _POINT)).where(columns.changed_at >= since).distinct().subquery()
        )
        same = sa.and_(*(columns[name] == changed.c[name] for name in _POINT))
        question = sa.select(contender).join(changed, same)
        rows = self.database.rows(question.order_by(*(columns[name] for name in _POINT), columns.received_at))
        return [_to_contender(row) for row in rows]

    def prune(self, before: datetime, kept: Collection[str] = ()) -> int:
        """Delete what nothing changed since ``before``, but for the stations ``kept``; returns how many rows."""
        old = sa.delete(contender).where(contender.c.changed_at < before, contender.c.station_id.not_in(kept))
        return self.database.change(old)

    def list(self, start: datetime, end: datetime, stations: Collection[str] | None = None) -> list[Contender]:
        """Contenders about points that start in ``[start, end]``, of some stations or all, by point and receipt."""
        columns = contender.c
        question = sa.select(contender).where(columns.start >= start, columns.start <= end)
        if stations is not None:
            question = question.where(columns.station_id.in_(stations))
        order = (columns.station_id, columns.instrument_id, columns.start, columns.received_at)
        return [_to_contender(row) for row in self.database.rows(question.order_by(*order))]


def _to_contender(row: sa.RowMapping) -> Contender:
    known: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    return Contender(**known, values=row["content"]["values"], status=row["content"]["status"])
