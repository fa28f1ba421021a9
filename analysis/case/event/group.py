"""Events: groups of rises that are joined, directly or by way of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.case.event.event import Event, event_of
from analysis.case.event.link import arrays_of, joined_pairs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.case.event.rise import EventRise
    from schemas.network import Station


def group_events(
    rises: Iterable[EventRise],
    stations: Mapping[str, Station],
    *,
    winds: Mapping[str, pd.DataFrame] | None = None,
    measured: Mapping[str, Collection[str]] | None = None,
    until: datetime | None = None,
    seed: int = 0,
) -> tuple[Event, ...]:
    """Group rises into events; the order of the rises is of no importance.

    Parameters
    ----------
    rises : iterable of EventRise
    stations : mapping of station id to Station
        One without coordinates is near no other.
    winds : mapping of station id to DataFrame
        Columns ``wind_speed`` [m s⁻¹] and ``wind_direction`` [deg] by hour; missing: the wind is not known.
    measured : mapping of station id to parameters
        What each station measured: a station that measures a parameter and does not rise is quiet. Missing: the parameters of its
        instruments.
    until : datetime or None
        End of the data: an event that reaches it goes on. None: all have ended.
    seed : int
        Of the intervals of an advance.

    Returns
    -------
    tuple of Event
        Ascending by start. Falls that accompany no rise are left out.

    Raises
    ------
    ValueError
        If the station of a rise is not in ``stations``.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> from analysis.case.event.rise import EventRise
    >>> from schemas.network import Station
    >>> at = datetime(2026, 5, 1, 6, tzinfo=UTC)
    >>> stations = {name: Station(id=name, instruments=(), lon=lon, lat=41.8) for name, lon in (("a", 123.4), ("b", 123.45))}
    >>> def rise(place, parameter, hour):
    ...     moment = at + timedelta(hours=hour)
    ...     end = moment + timedelta(hours=2)
    ...     return EventRise(
    ...         start=moment, end=end, station_id=place, parameter=parameter, peak_at=moment, score=5.0, ratio=3.0
    ...     )
    >>> found = group_events([rise("a", "so2", 0), rise("b", "so2", 1), rise("a", "ammonia", 0), rise("b", "co", 1)], stations)
    >>> [(event.parameters, event.stations) for event in found]
    [(('ammonia',), ('a',)), (('co', 'so2'), ('a', 'b'))]
    """
    ordered = sorted(
        {(item.start, item.end, item.station_id, item.parameter, item.is_fall): item for item in rises}.items()
    )
    members = [item for _, item in ordered]
    for item in members:
        if item.station_id not in stations:
            msg = f"a rise of {item.parameter} is at station {item.station_id!r}, which is not among the stations given"
            raise ValueError(msg)
    known = _instrumented(stations) if measured is None else measured
    groups = _united(len(members), joined_pairs(arrays_of(members, stations, winds or {}, known)))
    events = (event_of([members[position] for position in group], stations, until, seed) for group in groups)
    return tuple(sorted((item for item in events if item is not None), key=lambda event: (event.start, event.rises)))


def _united(count: int, pairs: Iterable[tuple[int, NDArray[np.intp]]]) -> list[list[int]]:
    """Connected groups, each ascending."""
    # scipy takes long to import, and a page without alerts does not need it
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return []
    joined = [*pairs]
    first = np.repeat([item for item, _ in joined], [len(later) for _, later in joined])
    second = np.concatenate([later for _, later in joined]) if joined else np.empty(0, dtype=np.intp)
    ones = np.ones(len(second), dtype=np.int8)
    total, label = connected_components(coo_array((ones, (first, second)), shape=(count, count)), directed=False)
    groups: list[list[int]] = [[] for _ in range(total)]
    for item, group in enumerate(label):
        groups[group].append(item)
    return groups


def _instrumented(stations: Mapping[str, Station]) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(code for item in station.instruments for code in item.parameters)
        for name, station in stations.items()
    }
