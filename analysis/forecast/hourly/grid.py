"""Hours of all series of a network on one grid: what the hourly forecast reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.frames import valid_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

TARGETS = ("pm25", "pm10", "o3", "no2", "so2", "co")
WEATHER = ("temperature", "relative_humidity", "dew_point", "pressure", "rain", "wind_speed", "wind_east", "wind_north")
"""Weather that a forecast may know ahead; the wind blows towards east and north [m s⁻¹], the rest in canonical units."""
CODES = TARGETS + WEATHER
SHOWN_H = 72
"""Hours ahead of the hourly product [h]."""
LAST_LEAD_H = 96
"""Hours ahead that a model knows [h]: today and three more days from any hour of the day."""
LEAD_GROUPS = ((1, 6), (7, 24), (25, 48), (49, 72), (73, 96))
"""First and last hour ahead that one model serves."""
LEVELS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
"""Levels of the calibrated quantiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourGrid:
    """Values by parameter, hour and series.

    Attributes
    ----------
    series : tuple of str
        Stations, and codes of cities (mean of their stations).
    hours : DatetimeIndex
        UTC, of the observations. Origin row ``r`` sees the hours before it; lead 1 is hour ``r`` itself.
    values : array of float32, (len(CODES), hours, series)
        Observations in canonical units; NaN missing.
    ahead : array of float32, (len(WEATHER), hours + LAST_LEAD_H, series)
        Weather known ahead: observed hours, then a weather forecast or NaN.
    local_hour, weekday, day_of_year : array of int, (hours + LAST_LEAD_H,)
        In the zone of the network.
    """

    series: tuple[str, ...]
    hours: pd.DatetimeIndex
    values: NDArray[np.float32]
    ahead: NDArray[np.float32]
    local_hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    day_of_year: NDArray[np.int64]

    def target(self, code: str) -> NDArray[np.float32]:
        """Values of a pollutant, (hours, series)."""
        return np.asarray(self.values[CODES.index(code)])

    def row_of(self, moment: pd.Timestamp) -> int:
        """Origin row of a moment, also of the hour that follows the data."""
        return int(self.hours.searchsorted(moment))


def hour_grid(
    frames: Mapping[str, pd.DataFrame], zone: ZoneInfo, weather_ahead: Mapping[str, pd.DataFrame] | None = None
) -> HourGrid | None:
    """Grid of hourly frames.

    Parameters
    ----------
    frames : mapping of series to hourly frame
        ``schemas.frames`` hourly, in canonical units. Rows may be unordered; of doubled hours the last counts.
    zone : ZoneInfo
    weather_ahead : mapping of series to frame, optional
        Index ``start`` (UTC), columns of `WEATHER`; only hours after the data are taken.

    Returns
    -------
    HourGrid or None
        None without any row.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=48, freq="h", tz="UTC", name="start")
    >>> grid = hour_grid({"a": pd.DataFrame({"pm25": 30.0}, index=hours)}, ZoneInfo("Asia/Shanghai"))
    >>> grid.target("pm25").shape, int(grid.local_hour[0])
    ((48, 1), 8)
    """
    kept = {name: frame for name, frame in frames.items() if len(frame)}
    if not kept:
        return None
    first = min(pd.Timestamp(frame.index.min()) for frame in kept.values())
    last = max(pd.Timestamp(frame.index.max()) for frame in kept.values())
    hours = pd.date_range(first, last, freq="h", name="start")
    extended = pd.date_range(first, last + pd.Timedelta(hours=LAST_LEAD_H), freq="h", name="start")
    values = np.stack([_series_values(frame, hours) for frame in kept.values()], axis=2)
    ahead = np.full((len(WEATHER), len(extended), len(kept)), np.nan, dtype=np.float32)
    ahead[:, : len(hours)] = values[len(TARGETS) :]
    for place, name in enumerate(kept):
        known = (weather_ahead or {}).get(name)
        if known is not None:
            later = known.reindex(index=extended[len(hours) :], columns=list(WEATHER))
            ahead[:, len(hours) :, place] = later.to_numpy(dtype=np.float32).T
    local = extended.tz_convert(zone)
    return HourGrid(
        series=tuple(kept),
        hours=hours,
        values=values,
        ahead=ahead,
        local_hour=np.asarray(local.hour, dtype=np.int64),
        weekday=np.asarray(local.day_of_week, dtype=np.int64),
        day_of_year=np.asarray(local.day_of_year, dtype=np.int64),
    )


def city_frames(frames: Mapping[str, pd.DataFrame], cities: Mapping[str, tuple[str, ...]]) -> dict[str, pd.DataFrame]:
    """Hourly mean of the stations of each city; an hour counts where at least half of them are valid.

    Parameters
    ----------
    frames : mapping of station id to hourly frame
    cities : mapping of city code to station ids

    Returns
    -------
    dict of city code to frame
        Columns of `TARGETS` and weather with east and north wind; a city without any hour of its stations is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=1, freq="h", tz="UTC", name="start")
    >>> frames = {name: pd.DataFrame({"pm25": [value]}, index=hours) for name, value in (("a", 20.0), ("b", 40.0))}
    >>> float(city_frames(frames, {"210100": ("a", "b")})["210100"]["pm25"].iloc[0])
    30.0
    """
    found = {}
    for city, names in cities.items():
        there = [components(frames[name]) for name in names if name in frames and len(frames[name])]
        if there:
            stacked = pd.concat(there)
            means, counts = stacked.groupby(level=0).mean(), stacked.groupby(level=0).count()
            found[city] = means.where(counts >= len(there) / 2).rename_axis("start")
    return found


def components(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of `CODES` of an hourly frame, valid values only; wind as components towards east and north."""
    frame = frame[~frame.index.duplicated(keep="last")].sort_index()
    direct = [code for code in CODES if code not in {"wind_east", "wind_north"}]
    table = pd.DataFrame({code: valid_values(frame, code) for code in direct}, index=frame.index)
    if "wind_east" in frame:
        table["wind_east"], table["wind_north"] = frame["wind_east"], frame["wind_north"]
    else:
        angle = np.deg2rad(valid_values(frame, "wind_direction"))
        table["wind_east"] = -np.sin(angle) * table["wind_speed"]
        table["wind_north"] = -np.cos(angle) * table["wind_speed"]
    return table.reindex(columns=list(CODES))


def _series_values(frame: pd.DataFrame, hours: pd.DatetimeIndex) -> NDArray[np.float32]:
    return components(frame).reindex(hours).to_numpy(dtype=np.float32).T
