"""Where, on what and for how long an alert would see an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADLINES = (
    "pm25", "pm10", "so2", "no2", "co", "ch4", "co2", "ammonia", "benzene", "toluene", "ethylene", "acetaldehyde",
)  # fmt: skip
"""Parameters that an alert may be about, unless the kind of event gives one."""
SIGMAS = 2.0
"""Robust standard deviations above the median of the history in which an hour belongs to the event."""
_LATE = pd.Timedelta(hours=4)
_NORMAL = 1.4826


def headline(
    hourly: Mapping[str, pd.DataFrame], interval: Interval, given: tuple[str | None, str | None]
) -> tuple[str, str]:
    """Station and parameter with the largest rise above the history.

    Parameters
    ----------
    hourly : mapping of str to DataFrame
    interval : Interval
        Of the event; four hours after it count with it.
    given : tuple of str or None
        Station and parameter where they are known.
    """
    station_id, name = given
    stations = hourly if station_id is None else (station_id,)
    names = HEADLINES if name is None else (name,)
    rises = {
        (station, item): _rise(hourly[station][item], interval)
        for station in stations
        for item in names
        if item in hourly[station]
    }
    return max(rises, key=lambda key: rises[key])


def exceeding(values: pd.Series, interval: Interval) -> Interval:
    """Consecutive hours around the peak of the event that are well above the history; at least the hour of the peak."""
    median, spread = _history(values, interval)
    peak = int(np.argmax(np.where(_during(values, interval), values.to_numpy(dtype=float), -np.inf)))
    above = values.to_numpy(dtype=float) > median + SIGMAS * spread
    first = last = peak
    while first > 0 and above[first - 1]:
        first -= 1
    while last + 1 < len(above) and above[last + 1]:
        last += 1
    hour = pd.Timedelta(hours=1)
    begin, end = pd.DatetimeIndex(values.index)[[first, last]]
    return Interval(begin.to_pydatetime(), (end + hour).to_pydatetime())


def _during(values: pd.Series, interval: Interval) -> np.ndarray:
    index = pd.DatetimeIndex(values.index)
    return np.asarray((index >= pd.Timestamp(interval.start)) & (index < pd.Timestamp(interval.end) + _LATE))


def _history(values: pd.Series, interval: Interval) -> tuple[float, float]:
    """Median and robust standard deviation before the event."""
    index = pd.DatetimeIndex(values.index)
    before = values.to_numpy(dtype=float)[np.asarray(index < pd.Timestamp(interval.start))]
    median = float(np.median(before))
    return median, max(_NORMAL * float(np.median(np.abs(before - median))), 1e-9)


def _rise(values: pd.Series, interval: Interval) -> float:
    median, spread = _history(values, interval)
    return (float(values.to_numpy(dtype=float)[_during(values, interval)].max()) - median) / spread
