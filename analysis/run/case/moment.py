"""The time of an event at a station: hours or minutes in which a parameter is above its threshold or its usual course. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.case.event.rise import find_rises
from analysis.statistics.daily import civil_date
from analysis.statistics.episode import find_episodes, threshold_on, watched_parameters
from schemas.frames import SEPARATOR, valid_values
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from analysis.run.case.case_data import CaseData

NEAR = timedelta(hours=3)
"""An event this long before or after the moment asked for is meant."""
AROUND = timedelta(days=2)
"""Time before and after the moment in which the nearest event is looked for."""

LONGEST = timedelta(days=5)
"""A stretch above a threshold that began longer before is found from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWindow:
    """When a parameter was high at a station.

    Attributes
    ----------
    score : float
        Robust standard deviations above the usual course [1]; 0 where it is not known.
    threshold : float or None
        Canonical unit; None without one.
    """

    station_id: str
    parameter: str
    interval: Interval
    score: float = 0.0
    threshold: float | None = None


class NoEventError(LookupError):
    """No parameter was high near the moment.

    Attributes
    ----------
    nearest : EventWindow or None
        Within `AROUND`.
    """

    def __init__(self, nearest: EventWindow | None) -> None:
        super().__init__("no event near the moment")
        self.nearest = nearest


def window_at(
    data: CaseData, station_id: str, at: datetime, zone: ZoneInfo, *, parameter: str | None = None
) -> EventWindow:
    """The event of a station at a moment.

    Parameters
    ----------
    data : CaseData
        From `AROUND` before the moment on.
    station_id : str
    at : datetime
        UTC.
    zone : ZoneInfo
        Of the civil day that chooses a threshold.
    parameter : str or None
        None: the one that deviates most, of those that rise at the moment, else of those near it.

    Raises
    ------
    NoEventError
        Nothing within `NEAR`.
    """
    found = list(windows_of(data, station_id, at - AROUND, zone, parameter=parameter))
    near = [item for item in found if item.interval.distance(at) <= NEAR]
    there = [item for item in near if not item.interval.distance(at)]
    if near:
        return max(there or near, key=lambda item: (item.score, -item.interval.distance(at)))
    raise NoEventError(min(found, key=lambda item: item.interval.distance(at), default=None))


def window_around(data: CaseData, given: EventWindow, zone: ZoneInfo) -> EventWindow:
    """A window grown by the hours that became known since; the given one where the data show no rise there."""
    found = [
        item
        for item in windows_of(data, given.station_id, given.interval.start - NEAR, zone, parameter=given.parameter)
        if item.interval.distance(given.interval.start) == timedelta(0)
    ]
    if not found:
        return given
    start = given.interval.start
    end = max(item.interval.end for item in found)
    best = max(found, key=lambda item: item.score)
    return EventWindow(
        station_id=given.station_id,
        parameter=given.parameter,
        interval=Interval(start, max(end, given.interval.end)),
        score=best.score,
        threshold=best.threshold if given.threshold is None else given.threshold,
    )


def windows_of(
    data: CaseData, station_id: str, since: datetime, zone: ZoneInfo, *, parameter: str | None = None
) -> Iterator[EventWindow]:
    """Rises above the usual course, and stretches above a threshold, of a station from a moment on; of one parameter, or of all."""
    hourly = data.hourly.get(station_id)
    if hourly is None:
        return
    minute = data.minute.get(station_id)
    if parameter is not None:
        hourly = hourly[[name for name in hourly if str(name).split(SEPARATOR)[0] == parameter]]
        minute = None if minute is None or parameter not in minute else minute[[parameter]]
    for item in find_rises(hourly, station_id, since=since, minute=minute):
        if not item.is_fall:
            yield EventWindow(
                station_id=station_id,
                parameter=item.parameter,
                interval=Interval(item.start, item.end),
                score=item.score,
                threshold=threshold_of(item.parameter, item.start, zone),
            )
    recent = hourly[hourly.index >= pd.Timestamp(since) - LONGEST]
    for code in watched_parameters():
        yield from episode_windows(recent, station_id, code, since, zone)


def episode_windows(
    hourly: pd.DataFrame, station_id: str, parameter: str, since: datetime, zone: ZoneInfo
) -> Iterator[EventWindow]:
    """Stretches of a parameter above its threshold that end after a moment; the score is the peak by the threshold."""
    if parameter not in hourly:
        return
    for episode in find_episodes(valid_values(hourly, parameter), station_id, parameter, zone):
        if episode.end > since:
            limit = episode.threshold.value
            yield EventWindow(
                station_id=station_id,
                parameter=parameter,
                interval=Interval(episode.start, episode.end),
                score=episode.peak / limit if limit > 0 else 0.0,
                threshold=limit,
            )


def threshold_of(parameter: str, moment: datetime, zone: ZoneInfo) -> float | None:
    """Hourly threshold of a parameter on the civil day of a moment; None where it has none."""
    found = threshold_on(parameter, civil_date(pd.Timestamp(moment), zone))
    return None if found is None else found.value
