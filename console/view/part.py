"""Parts of a long answer: how much of an interval one answer holds, so that its size is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from console.view.query import SeriesQuery, SeriesQueryError, expected, parse_whole
from schemas.interval import floor_hour
from store.archive.option import Level

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from schemas.network import Network

MOST = 100_000
"""Values or verdicts of one JSON answer, where no smaller ``limit`` is given."""
MOST_DRAWN = 600_000
"""Values that one page reads for its plots."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPart:
    """The beginning of a query that one answer holds, and the query for the rest; None where it holds all."""

    query: SeriesQuery
    rest: SeriesQuery | None


def parse_limit(given: Mapping[str, str]) -> int:
    """The word ``limit``; raises `SeriesQueryError`."""
    return parse_whole(given, "limit", least=1, most=MOST) or MOST


def values_per_hour(query: SeriesQuery, network: Network) -> float:
    """Values that the cadences promise for every hour of a query [1/h]; of hourly levels one for each network and parameter."""
    count = 0.0
    for station in query.stations:
        own = [item for item in network.stations[station].instruments if set(item.parameters) & set(query.parameters)]
        if query.level is Level.NATIVE:
            count += sum(len(set(item.parameters) & set(query.parameters)) * 3600 / item.cadence_s for item in own)
        else:
            count += len({(item.network, code) for item in own for code in item.parameters if code in query.parameters})
    return count


def split(query: SeriesQuery, network: Network, limit: int) -> QueryPart:
    """The first part of a query that holds about ``limit`` values at most, whole hours and at least one."""
    hours = max(1, int(limit / max(values_per_hour(query, network), 1e-9)))
    if (query.end - query.start) / HOUR <= hours:
        return QueryPart(query=query, rest=None)
    return cut(query, floor_hour(query.start) + hours * HOUR)


def cut(query: SeriesQuery, at: datetime) -> QueryPart:
    """A query in two at a moment."""
    if at >= query.end:
        return QueryPart(query=query, rest=None)
    fixed = query.with_(period=None, moving=False)
    return QueryPart(query=fixed.with_(end=at), rest=fixed.with_(start=at))


def parts(query: SeriesQuery, network: Network, limit: int) -> Iterator[SeriesQuery]:
    """All parts, in the order of time."""
    rest: SeriesQuery | None = query
    while rest is not None:
        part = split(rest, network, limit)
        yield part.query
        rest = part.rest


def check_drawn(query: SeriesQuery, network: Network) -> None:
    """Raise `SeriesQueryError` where a plot would have to read more than `MOST_DRAWN` values."""
    per_hour = values_per_hour(query, network)
    hours = (query.end - query.start) / HOUR
    if per_hour * hours > MOST_DRAWN:
        longest = expected("drawn", most=MOST_DRAWN, days=int(MOST_DRAWN / per_hour / 24))
        raise SeriesQueryError(field="from", given=f"{per_hour * hours:,.0f}", expected=longest)
