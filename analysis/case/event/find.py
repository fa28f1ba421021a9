"""Events in the frames of some stations: all from a moment on, or the one of an alert."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.case.event.group import group_events
from analysis.case.event.rise import EventRise, last_minute, rises_in, stated_rise
from analysis.case.event.usual import valid_hours
from schemas.frames import valid_values
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from analysis.case.event.event import Event
    from schemas.interval import Interval
    from schemas.network import Station

LEAD = timedelta(hours=12)
"""Before an alert: rises that began earlier are no part of its event unless they go on; project choice."""
_HOUR = timedelta(hours=1)
_WIND = ("wind_speed", "wind_direction")


def event_around(
    stations: Mapping[str, Station],
    hourly: Mapping[str, pd.DataFrame],
    alert: tuple[str, str, Interval],
    *,
    minute: Mapping[str, pd.DataFrame] | None = None,
    seed: int = 0,
) -> Event:
    """The event that an alert belongs to; at least the alert itself.

    Parameters
    ----------
    stations, hourly, minute, seed
        As in `events_in`; hours from 29 days before the alert on.
    alert : (str, str, Interval)
        Station id, parameter, and the hours or minutes in which it is high.

    Raises
    ------
    ValueError
        If the station of the alert has no hours, or a station of ``hourly`` is not in ``stations``.
    """
    station_id, parameter, window = alert
    if station_id not in hourly:
        msg = f"the alert is at station {station_id!r}, of which no hours are given"
        raise ValueError(msg)
    stated = stated_rise(hourly[station_id], station_id, parameter, window)
    since = floor_hour(window.start) - LEAD
    events = events_in(stations, hourly, since=since, minute=minute, stated=(stated,), seed=seed)
    found = event_at(events, station_id, parameter, window)
    if found is None:
        msg = f"the alert of {parameter} at {station_id} covers no time: {window.start} to {window.end}"
        raise ValueError(msg)
    return found


def events_in(
    stations: Mapping[str, Station],
    hourly: Mapping[str, pd.DataFrame],
    *,
    since: datetime,
    minute: Mapping[str, pd.DataFrame] | None = None,
    stated: Iterable[EventRise] = (),
    seed: int = 0,
) -> tuple[Event, ...]:
    """Find rises at all stations from a moment on, and group them.

    Parameters
    ----------
    stations : mapping of station id to Station
    hourly : mapping of station id to DataFrame
        ``schemas.frames`` hourly, all networks joined, from 28 days before ``since`` on.
    since : datetime
        UTC.
    minute : mapping of station id to DataFrame or None
        As in `find_rises`.
    stated : iterable of EventRise
        Rises that are known to be, whatever their deviation; one that a rise found covers is left out.
    seed : int
        As in `group_events`.

    Returns
    -------
    tuple of Event
        Ascending by start.

    Raises
    ------
    ValueError
        If a station of ``hourly`` is not in ``stations``.
    """
    fine = minute or {}
    taken = {name: valid_hours(frame, since, last_minute(fine.get(name))) for name, frame in hourly.items()}
    rises = [rise for name, hours in taken.items() for rise in rises_in(hours, name, fine.get(name))]
    ends = [end for name, frame in hourly.items() for end in _ends(frame, fine.get(name))]
    return group_events(
        [*rises, *(item for item in stated if not any(_covers(rise, item) for rise in rises))],
        stations,
        winds={name: _winds(frame) for name, frame in hourly.items() if set(_WIND) <= {*frame.columns}},
        measured={name: hours.measured() for name, hours in taken.items()},
        until=max(ends, default=None),
        seed=seed,
    )


def event_at(events: Iterable[Event], station_id: str, parameter: str, window: Interval) -> Event | None:
    """Event in which a parameter is high at a station: the one with the longest overlap; None where it did not rise.

    Parameters
    ----------
    events : iterable of Event
    station_id, parameter : str
    window : Interval
        Hours or minutes in which it is high.
    """
    best, longest = None, timedelta(0)
    for event in events:
        overlap = sum(
            (_overlap(item, window) for item in event.rises if _is(item, station_id, parameter)), timedelta(0)
        )
        if overlap > longest:
            best, longest = event, overlap
    return best


def _is(rise: EventRise, station_id: str, parameter: str) -> bool:
    return rise.station_id == station_id and rise.parameter == parameter and not rise.is_fall


def _covers(rise: EventRise, stated: EventRise) -> bool:
    is_same = _is(rise, stated.station_id, stated.parameter)
    return is_same and rise.start <= stated.start and rise.end >= stated.end


def _overlap(rise: EventRise, window: Interval) -> timedelta:
    return max(min(rise.end, window.end) - max(rise.start, window.start), timedelta(0))


def _winds(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: valid_values(frame, name) for name in _WIND})


def _ends(frame: pd.DataFrame, minute: pd.DataFrame | None) -> list[datetime]:
    """Ends of the hours and of the minutes of a station."""
    steps = ((frame, _HOUR), (minute, timedelta(minutes=1)))
    return [
        pd.DatetimeIndex(part.index)[-1].to_pydatetime() + step
        for part, step in steps
        if part is not None and len(part)
    ]
