"""Which times of a station's values a finished run of quality control has screened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from schemas.interval import Interval, floor_hour, hours_between, united
from store.state.database import StateTables
from store.state.table import reopened_hour, screened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime


ANY_STATION = ""
"""Station id of intervals from before they were recorded by station: those of runs over a whole network."""

_KEY = ("network", "station_id", "start")
_DELETE = sa.delete(screened).where(*(screened.c[name] == sa.bindparam(f"old_{name}") for name in _KEY))


class ScreenedStore(StateTables):
    """Functions on screened intervals."""

    def add(self, network: str, stations: Collection[str], start: datetime, end: datetime) -> None:
        """Record that the values of stations that start in ``[start, end)`` were screened; doing it again changes nothing."""
        if not stations or start >= end:
            return
        columns, wanted = screened.c, set(stations)
        touching = sa.select(screened).where(columns.network == network, columns.start <= end, columns.end >= start)
        with self.database.writing() as connection:
            rows = [row for row in connection.execute(touching).mappings() if row["station_id"] in wanted]
            spans = dict.fromkeys(sorted(wanted), (start, end))
            for row in rows:
                first, last = spans[row["station_id"]]
                spans[row["station_id"]] = min(first, row["start"]), max(last, row["end"])
            if rows:
                connection.execute(_DELETE, [{f"old_{name}": row[name] for name in _KEY} for row in rows])
            new = [
                {"network": network, "station_id": station, "start": first, "end": last}
                for station, (first, last) in spans.items()
            ]
            connection.execute(sa.insert(screened), new)

    def list(self, network: str, station_id: str, start: datetime, end: datetime) -> tuple[Interval, ...]:
        """Screened parts of ``[start, end)``, ascending, disjoint, without the hours that wait to be screened again."""
        columns, waiting = screened.c, reopened_hour.c
        spans = sa.select(columns.start, columns.end).where(
            columns.network == network,
            columns.station_id.in_((station_id, ANY_STATION)),
            columns.start < end,
            columns.end > start,
        )
        hours = sa.select(waiting.hour).where(
            waiting.network == network,
            waiting.station_id == station_id,
            waiting.hour >= floor_hour(start),
            waiting.hour < end,
        )
        with self.database.reading() as connection:
            found = [Interval(max(row.start, start), min(row.end, end)) for row in connection.execute(spans)]
            reopened = {row.hour for row in connection.execute(hours)}
        return _without(united(found), reopened)


def _without(intervals: Iterable[Interval], hours: Collection[datetime]) -> tuple[Interval, ...]:
    """Intervals without some UTC hours."""
    if not hours:
        return tuple(intervals)
    pieces = [
        Interval(max(hour, item.start), min(next_hour, item.end))
        for item in intervals
        for hour, next_hour in _hour_bounds(item)
        if hour not in hours
    ]
    return tuple(united(pieces))


def _hour_bounds(item: Interval) -> Iterable[tuple[datetime, datetime]]:
    hours = hours_between(item.start, item.end)
    return zip(hours, [*hours[1:], item.end], strict=True)
