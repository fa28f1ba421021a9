"""Hours and daily values of several stations on one axis of civil days."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.statistics.daily import daily_mean
from analysis.statistics.ozone import mda8

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

POLLUTANTS = ("pm25", "pm10", "so2", "no2", "co", "o3")
WEATHER = ("temperature", "pressure", "dew_point", "rain", "wind_speed", "wind_direction")
MINIMUM_HOURS = 18
"""Valid hours of a valid daily mean of PM2.5 here; MDA8 follows `analysis.statistics.ozone`."""


class DailyTarget(StrEnum):
    """What is forecast of a civil day."""

    PM25 = "pm25"
    MDA8 = "mda8"


THRESHOLDS = {DailyTarget.PM25: 150.0, DailyTarget.MDA8: 160.0}
"""[µg m⁻³] A day above it is an event: AQI 200 of PM2.5; the class 2 limit of O3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHours:
    """Hourly values and the daily target of several stations.

    Attributes
    ----------
    stations : tuple of str
    days : DatetimeIndex
        Civil days without a gap, midnights without a zone.
    hourly : dict of str to array, (24 · days, stations)
        By parameter of `POLLUTANTS` and `WEATHER`, canonical units; NaN missing.
    daily : array, (days, stations)
        Target [µg m⁻³]; NaN where the day is not valid.
    """

    stations: tuple[str, ...]
    days: pd.DatetimeIndex
    hourly: dict[str, NDArray[np.float64]]
    daily: NDArray[np.float64]


def site_hours(frames: Mapping[str, pd.DataFrame], target: DailyTarget, zone: ZoneInfo) -> SiteHours:
    """Put the hours of several stations on one axis.

    Parameters
    ----------
    frames : mapping of station id to DataFrame
        Index UTC hour starts, each once; columns among `POLLUTANTS` and `WEATHER`, canonical units. Absent hours and columns are missing.
    target : DailyTarget
    zone : ZoneInfo
        Of the civil days; they have 24 hours (no summer time).

    Raises
    ------
    ValueError
        If there is no hour at all.
    """
    frames = {name: frame for name, frame in frames.items() if len(frame)}
    if not frames:
        msg = "no hours to forecast from"
        raise ValueError(msg)
    local = {name: _local(pd.DatetimeIndex(frame.index), zone) for name, frame in frames.items()}
    first, last = min(item.min() for item in local.values()), max(item.max() for item in local.values())
    days = pd.date_range(first.normalize(), last.normalize(), freq="D")
    hours = pd.date_range(days[0], days[-1] + pd.Timedelta(days=1), freq="h", inclusive="left")
    hourly = {
        name: np.column_stack(
            [_column(frame, name).set_axis(local[key]).reindex(hours) for key, frame in frames.items()]
        )
        for name in POLLUTANTS + WEATHER
    }
    daily = [_daily(frame, target, zone).reindex(days).to_numpy(float) for frame in frames.values()]
    return SiteHours(stations=tuple(frames), days=days, hourly=hourly, daily=np.column_stack(daily))


def _local(index: pd.DatetimeIndex, zone: ZoneInfo) -> pd.DatetimeIndex:
    return index.tz_convert(zone).tz_localize(None)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].astype(float) if name in frame else pd.Series(np.nan, index=frame.index)


def _daily(frame: pd.DataFrame, target: DailyTarget, zone: ZoneInfo) -> pd.Series:
    """Target by civil day."""
    if target is DailyTarget.PM25:
        found = daily_mean(_column(frame, "pm25"), zone, minimum=MINIMUM_HOURS)["mean"]
    else:
        found = mda8(_column(frame, "o3"), zone)["mda8"]
    return found.set_axis(_local(pd.DatetimeIndex(found.index), zone))
