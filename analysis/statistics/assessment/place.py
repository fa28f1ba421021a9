"""Daily values of a city or a province from those of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

POLLUTANTS = ("so2", "no2", "co", "o3_mda8", "pm10", "pm25")
"""Daily statistics that are assessed, as `analysis.statistics.aqi_frame.daily_statistics` names them."""
STATIONS = "stations"
"""Column of the number of places in a mean; ``stations_<pollutant>``: of those with a valid value."""


def mean_of(daily: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Daily values of a city from those of its stations, or of a province from those of its cities: mean of the valid ones.

    Parameters
    ----------
    daily : mapping of str to DataFrame
        Daily statistics by place, index UTC start of the civil day.

    Returns
    -------
    pd.DataFrame
        The columns of numbers, with ``stations``: places that have a row on the day, and ``stations_<pollutant>``: those with a valid
        value of it [1]. Any number of valid places makes a mean; ``least_station_share`` of the rules marks days with few.

    References
    ----------
    The mean first, then the index (standards of AQI practice, secondary source).

    Examples
    --------
    >>> day = pd.DatetimeIndex(["2026-04-30T16:00"], tz="UTC", name="start")
    >>> found = mean_of({"a": pd.DataFrame({"pm25": [40.0]}, day), "b": pd.DataFrame({"pm25": [None]}, day, dtype=float)})
    >>> found[["pm25", "stations"]].to_numpy().tolist()
    [[40.0, 2.0]]
    """
    if not daily:
        return pd.DataFrame(
            columns=[*POLLUTANTS, STATIONS, *(f"{STATIONS}_{name}" for name in POLLUTANTS)],
            index=pd.DatetimeIndex([], tz="UTC", name="start"),
            dtype=float,
        )
    grouped = pd.concat(list(daily.values())).groupby(level=0)
    means = grouped.mean()
    known = {f"{STATIONS}_{name}": grouped[name].count().astype(float) for name in POLLUTANTS if name in means}
    return means.assign(**{STATIONS: grouped.size().astype(float)}, **known).rename_axis("start")
