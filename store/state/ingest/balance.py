"""Balance: received against stored, by hour, station and instrument; counters of several writers."""

from __future__ import annotations

from datetime import datetime
from operator import eq
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.interval import floor_hour
from store.state.database import StateTables
from store.state.statement import insert, narrowed
from store.state.table import balance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


_KEY = ("hour", "station_id", "instrument_id", "item")
_REJECTED = "rejected:"
_ITEMS = ("messages", "redelivered", "readings", "values_stored", "deletions")


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one hour of one instrument; as an increment, what is to be added.

    Attributes
    ----------
    hour : datetime
        Start of the UTC hour in which the messages were received.
    station_id, instrument_id : str
        Empty where the message does not state it.
    messages : int
        Received, redelivered ones included.
    redelivered : int
        Of these, marked as sent again by the broker.
    readings : int
        Decoded.
    values_stored : int
        Accepted by the time-series database.
    deletions : int
        Messages without a byte, by which MQTT deletes a retained one.
    rejected : dict of str to int
        By reason.
    """

    hour: datetime
    station_id: str
    instrument_id: str
    messages: int = 0
    redelivered: int = 0
    readings: int = 0
    values_stored: int = 0
    deletions: int = 0
    rejected: dict[str, int] = msgspec.field(default_factory=dict)


class BalanceStore(StateTables):
    """Functions on the balance."""

    def add(self, increments: Iterable[Balance]) -> None:
        """Add counts, all or none; increments of one key may come from several processes at once."""
        # sorted, so that two writers lock rows in one order
        rows = sorted(_merged(increments).items())
        if not rows:
            return
        with self.database.writing() as connection:
            statement = insert(connection, balance)
            raised = {"count": balance.c["count"] + statement.excluded["count"]}
            # one statement for all rows: a statement a row cost the drain more than decoding
            connection.execute(
                statement.on_conflict_do_update(index_elements=list(_KEY), set_=raised),
                [{**dict(zip(_KEY, key, strict=True)), "count": count} for key, count in rows],
            )

    def read(self, start: datetime, end: datetime, station_id: str | None = None) -> list[Balance]:
        """Balances of hours that start in ``[start, end)``, by hour, station, instrument."""
        question = sa.select(balance).where(balance.c.hour >= start, balance.c.hour < end)
        question = question.order_by(*(balance.c[name] for name in _KEY[:-1]))
        return _collected(self.database.rows(narrowed(question, (balance.c.station_id, eq, station_id))))


def _merged(increments: Iterable[Balance]) -> dict[tuple[datetime, str, str, str], int]:
    total: dict[tuple[datetime, str, str, str], int] = {}
    for increment in increments:
        for item, count in _items(increment):
            key = (floor_hour(increment.hour), increment.station_id, increment.instrument_id, item)
            total[key] = total.get(key, 0) + count
    return total


def _items(increment: Balance) -> Iterator[tuple[str, int]]:
    for item in _ITEMS:
        if count := getattr(increment, item):
            yield item, count
    for reason, count in increment.rejected.items():
        if count:
            yield _REJECTED + str(reason), count


def _collected(rows: Iterable[Mapping[Any, Any]]) -> list[Balance]:
    counts: dict[tuple[datetime, str, str], dict[str, int]] = {}
    for row in rows:
        counts.setdefault((row["hour"], row["station_id"], row["instrument_id"]), {})[row["item"]] = row["count"]
    return [
        Balance(
            hour=hour,
            station_id=station_id,
            instrument_id=instrument_id,
            **{name: items.get(name, 0) for name in _ITEMS},
            rejected={
                item.removeprefix(_REJECTED): count for item, count in items.items() if item.startswith(_REJECTED)
            },
        )
        for (hour, station_id, instrument_id), items in counts.items()
    ]
