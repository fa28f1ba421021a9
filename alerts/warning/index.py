"""AQI of any 24 consecutive hours of a city, for warning levels: without O3, and without PM10 of dust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.statistics.daily import MINIMUM_HOURS_OF_DAY
from analysis.statistics.iaqi import iaqi_series
from analysis.statistics.ozone import running_mean
from schemas.frames import check_time_index

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_ITEMS = ("pm25", "pm10", "so2", "no2", "co")
OZONE = "o3"


@dataclass(frozen=True, slots=True)
class DayIndex:
    """Indices of a city at every hour, index ``start``: the value at 07:00 is of the time that ends 08:00.

    Attributes
    ----------
    aqi : Series of float
        Of the 24 h, without O3 and dust; NaN without an item with enough hours [1].
    dust : Series of bool
        Whether PM10 was left out as dust.
    dust_aqi : Series of float
        With PM10 of dust; equals ``aqi`` elsewhere [1].
    ozone : Series of float
        IAQI of the moving 8 h mean of O3 [1].
    """

    aqi: pd.Series
    dust: pd.Series
    dust_aqi: pd.Series
    ozone: pd.Series


def day_index(hourly: pd.DataFrame, zone: ZoneInfo, *, pm_ratio: float) -> DayIndex:
    """Indices of the 24 h (O3: 8 h) that end with each hour.

    Parameters
    ----------
    hourly : DataFrame
        Hourly means of the city [µg m⁻³], CO [mg m⁻³], columns by registry code; index UTC hour starts. Absent hours are missing: 20
        of 24 (O3: 6 of 8) are needed.
    zone : ZoneInfo
        Of the civil day that decides the edition of the AQI.
    pm_ratio : float
        PM2.5 to PM10 below which PM10 is dust [1]; 0: never.

    References
    ----------
    HJ 633-2012 Table 1, HJ 633-2026 Table 3; what a warning counts: ``warning_levels.toml``.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=24, freq="h", tz="UTC")
    >>> found = day_index(pd.DataFrame({"pm25": 160.0}, index=hours), ZoneInfo("Asia/Shanghai"), pm_ratio=0.3)
    >>> found.aqi.iloc[[0, -1]].tolist()
    [nan, 210.0]
    """
    check_time_index(hourly)
    grid = hourly.reindex(pd.date_range(hourly.index[0], hourly.index[-1], freq="h")) if len(hourly) else hourly
    means = {
        name: running_mean(grid[name], hours=24, minimum=MINIMUM_HOURS_OF_DAY) for name in DAY_ITEMS if name in grid
    }
    indices = pd.DataFrame(
        {name: iaqi_series(series, name, "24h", zone=zone).astype(float) for name, series in means.items()},
        index=grid.index,
    )
    dust = pd.Series(data=False, index=grid.index)
    if "pm25" in means and "pm10" in means and pm_ratio > 0:
        dust = means["pm25"] < pm_ratio * means["pm10"]
    without = indices.copy()
    if "pm10" in without:
        without["pm10"] = without["pm10"].where(~dust)
    eight = running_mean(grid[OZONE]) if OZONE in grid else pd.Series(float("nan"), index=grid.index)
    return DayIndex(
        aqi=without.max(axis=1),
        dust=dust,
        dust_aqi=indices.max(axis=1),
        ozone=iaqi_series(eight, OZONE, "8h", zone=zone).astype(float),
    )
