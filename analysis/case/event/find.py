"""Events in the frames of some stations from a moment on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.case.event.group import group_events
from analysis.case.event.rise import EventRise, last_minute, rises_in
from analysis.case.event.usual import valid_hours
from schemas.frames import valid_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from analysis.case.event.event import Event
    from schemas.interval import Interval
    from schemas.network import Station

_HOUR = timedelta(hours=1)
_WIND = ("wind_speed", "wind_direction")


def events_in(
    stations: Mapping[str, Station],
    hourly: Mapping[str, pd.DataFrame],
    *,
    since: datetime,
    minute: Mapping[str, pd.DataFrame] | None = None,
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
        rises,
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
