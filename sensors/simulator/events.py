"""Events of a simulated period: one regional haze, one rain, one ozone episode, one industrial plume.

They are placed by the span and its end, so that a province of three days has all of them and its plume is fresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from schemas.interval import Interval, floor_hour

CIVIL = timezone(timedelta(hours=8))
"""Civil time of the province; it has no summer time."""

_HOUR = timedelta(hours=1)
_HAZE_LONGEST = timedelta(hours=60)
_PLUME_BEFORE_END = (timedelta(hours=10), timedelta(hours=4))
_SHORTEST_SPAN = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """When what happens; None where the span has no room for it (ozone: no whole day between 10 and 18 o'clock)."""

    haze: Interval | None
    rain: Interval | None
    ozone: Interval | None
    plume: Interval | None
    more_plumes: tuple[tuple[Interval, str], ...] = ()
    """Further releases with the stations they are aimed at."""
    haze_strength: float = 1.0
    ozone_strength: float = 1.0
    """Strength of the haze and of the ozone episode at its height [1]; smaller ones are milder."""


def schedule(start: datetime, end: datetime, *, haze: Interval | None = None, rain: Interval | None = None) -> Events:
    """Place the events in ``[start, end)``; haze and rain where they are given."""
    span = end - start
    if span < _SHORTEST_SPAN:
        return Events(haze=None, rain=None, ozone=None, plume=None)
    haze_start = floor_hour(start + 0.12 * span)
    haze = haze or Interval(haze_start, haze_start + _whole_hours(min(0.28 * span, _HAZE_LONGEST)))
    rain_start = floor_hour(start + 0.5 * span)
    rain = rain or Interval(rain_start, rain_start + _whole_hours(min(0.06 * span, 5 * _HOUR)))
    plume = Interval(floor_hour(end - _PLUME_BEFORE_END[0]), floor_hour(end - _PLUME_BEFORE_END[1]))
    return Events(haze=haze, rain=rain, ozone=_ozone(start, end, (haze, rain, plume)), plume=plume)


def shape(event: Interval | None, times: np.ndarray, ramp_s: float) -> np.ndarray:
    """Strength of an event in [0, 1] at times in epoch seconds; it rises and falls within ``ramp_s`` inside its interval."""
    if event is None:
        return np.zeros_like(times)
    since = times - event.start.timestamp()
    until = event.end.timestamp() - times
    return np.clip(np.minimum(since, until) / ramp_s, 0.0, 1.0)


def _whole_hours(length: timedelta) -> timedelta:
    return max(1, round(length / _HOUR)) * _HOUR


def _ozone(start: datetime, end: datetime, others: tuple[Interval, ...]) -> Interval | None:
    """Choose the day between 10 and 18 o'clock that has least to do with the other events, the latest of equals."""
    day = start.astimezone(CIVIL).replace(hour=10, minute=0, second=0, microsecond=0)
    candidates = []
    while day + 8 * _HOUR <= end.astimezone(CIVIL):
        if day >= start:
            candidates.append(Interval(floor_hour(day), floor_hour(day + 8 * _HOUR)))
        day += timedelta(days=1)
    return min(reversed(candidates), key=lambda event: _overlap_s(event, others), default=None)


def _overlap_s(event: Interval, others: tuple[Interval, ...]) -> float:
    overlaps = (min(event.end, other.end) - max(event.start, other.start) for other in others)
    return sum(max(0.0, overlap.total_seconds()) for overlap in overlaps)
