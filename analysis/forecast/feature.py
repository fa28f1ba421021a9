"""Features of a forecast: observations before its origin only.

A forecast made at ``origin`` (start of an hour) uses the hours before it; horizon 1 is the hour that starts at
``origin``, horizon 24 the one that starts 23 h later. No weather forecast is used.
"""

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

HORIZONS = 24
_LAGS_H = (0, 1, 2, 3, 5, 8, 11, 17, 23, 47)
_MEANS_H = (3, 6, 12, 24, 48, 72)
_GASES = ("pm25", "pm10", "o3", "no2", "so2", "co")
_WEATHER = ("temperature", "relative_humidity", "dew_point", "pressure", "wind_speed", "rain")
_HISTORY_FOR_SEASON_H = 300 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFeatures:
    """Features of one station at every origin.

    Attributes
    ----------
    origins : DatetimeIndex
        UTC, hourly; the row of an origin uses hours before it only.
    matrix : array of float32, (origins, len(names))
        NaN where not known.
    target : array of float, (origins,)
        Value of the hour that starts at the origin.
    local_hour, weekday : array of int, (origins,)
    """

    station_id: str
    origins: pd.DatetimeIndex
    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    target: NDArray[np.float64]
    local_hour: NDArray[np.int64]
    weekday: NDArray[np.int64]


def network_features(stations: Mapping[str, pd.DataFrame], target: str, zone: ZoneInfo) -> tuple[StationFeatures, ...]:
    """Features of every station, with the mean of all stations among them.

    Parameters
    ----------
    stations : mapping of station id to hourly frame
        ``schemas.frames`` hourly. Every station has the same features; those it does not measure are NaN.
    target : str
        Parameter to be forecast.
    zone : ZoneInfo
        Of hour of day and day of week.

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=48, freq="h", tz="UTC", name="start")
    >>> (station,) = network_features({"a": pd.DataFrame({"pm25": 30.0}, index=hours)}, "pm25", ZoneInfo("Asia/Shanghai"))
    >>> len(station.origins), float(climatology_by_hour((station,), hours[-1])[0])
    (49, 30.0)
    """
    tables = {name: _hours(frame) for name, frame in stations.items() if len(frame)}
    if not tables:
        return ()
    network = pd.DataFrame({name: table[target] for name, table in tables.items()}).mean(axis=1)
    span_h = int((network.index[-1] - network.index[0]) / pd.Timedelta(hours=1))
    return tuple(
        _station_features(name, table, target, zone=zone, network=network, seasonal=span_h >= _HISTORY_FOR_SEASON_H)
        for name, table in tables.items()
    )


def horizon_columns(
    station: StationFeatures, rows: NDArray[np.int64], horizons: NDArray[np.int64], climatology: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Columns that depend on origin and horizon.

    Parameters
    ----------
    station : StationFeatures
    rows, horizons : array of int, (n,)
        Row of the origin and hours ahead, 1 to 24.
    climatology : array of float, (24,)
        Typical value by local hour.

    Returns
    -------
    array of float32, (n, 5)
        Horizon, hour of day of the forecast hour, its weekday, the value 24 h before it, climatology.
    """
    hour = (station.local_hour[rows] + horizons - 1) % 24
    day = (station.weekday[rows] + (station.local_hour[rows] + horizons - 1) // 24) % 7
    before = rows + horizons - 1 - 24
    yesterday = np.where(before >= 0, station.target[np.maximum(before, 0)], np.nan)
    return np.column_stack([horizons, hour, day, yesterday, climatology[hour]]).astype(np.float32)


HORIZON_NAMES = ("horizon_h", "target_hour", "target_weekday", "yesterday", "climatology")


def climatology_by_hour(stations: tuple[StationFeatures, ...], before: pd.Timestamp) -> NDArray[np.float64]:
    """Median of the target by local hour of day over all stations and hours before a moment, (24,)."""
    hours = np.concatenate([item.local_hour[item.origins < before] for item in stations])
    values = np.concatenate([item.target[item.origins < before] for item in stations])
    return (
        pd.Series(values).groupby(hours).median().reindex(range(24)).interpolate(limit_direction="both").to_numpy(float)
    )


def _hours(frame: pd.DataFrame) -> pd.DataFrame:
    """Values on every hour, one row past the last: the origin of the forecast that follows the data."""
    codes = (*_GASES, *_WEATHER, "wind_direction")
    table = pd.DataFrame({code: valid_values(frame, code) for code in codes}, index=frame.index)
    index = pd.date_range(table.index[0], table.index[-1] + pd.Timedelta(hours=1), freq="h", name="start")
    return table.reindex(index)


def _station_features(
    station_id: str, table: pd.DataFrame, target: str, *, zone: ZoneInfo, network: pd.Series, seasonal: bool
) -> StationFeatures:
    values = table[target]
    columns: dict[str, pd.Series] = {f"lag_{lag}h": values.shift(lag) for lag in _LAGS_H}
    columns |= {f"mean_{hours}h": _mean(values, hours) for hours in _MEANS_H}
    columns["maximum_24h"], columns["minimum_24h"] = (
        values.rolling(24, min_periods=12).max(),
        values.rolling(24, min_periods=12).min(),
    )
    columns["trend_3h"] = columns["mean_3h"] - columns["mean_3h"].shift(3)
    columns["trend_24h"] = columns["mean_24h"] - columns["mean_24h"].shift(24)
    around = network.reindex(table.index)
    columns |= {"network": around, "network_24h": _mean(around, 24), "network_trend_6h": around - around.shift(6)}
    columns |= _other_gases(table, target) | _weather(table)
    known = pd.DataFrame(columns).shift(1)  # the row of an origin sees the hour before it as the last
    local = pd.DatetimeIndex(table.index).tz_convert(zone)
    angle = 2 * np.pi * np.asarray(local.day_of_year) / 365.25
    known["season_sin"], known["season_cos"] = (np.sin(angle), np.cos(angle)) if seasonal else (np.nan, np.nan)
    return StationFeatures(
        station_id=station_id,
        origins=pd.DatetimeIndex(table.index),
        names=tuple(map(str, known.columns)),
        matrix=known.to_numpy(dtype=np.float32),
        target=values.to_numpy(dtype=float),
        local_hour=np.asarray(local.hour, dtype=np.int64),
        weekday=np.asarray(local.day_of_week, dtype=np.int64),
    )


def _other_gases(table: pd.DataFrame, target: str) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for code in _GASES:
        if code != target:
            columns |= {f"{code}": table[code], f"{code}_24h": _mean(table[code], 24)}
    return columns


def _weather(table: pd.DataFrame) -> dict[str, pd.Series]:
    columns: dict[str, pd.Series] = {}
    for code in _WEATHER:
        columns |= {code: table[code], f"{code}_24h": _mean(table[code], 24)}
        columns[f"{code}_change_24h"] = table[code] - table[code].shift(24)
    columns["pressure_change_6h"] = table["pressure"] - table["pressure"].shift(6)
    angle = np.deg2rad(table["wind_direction"])
    speed = table["wind_speed"].fillna(1.0)
    for name, part in (("east", -np.sin(angle) * speed), ("north", -np.cos(angle) * speed)):
        columns |= {f"wind_{name}": part, f"wind_{name}_6h": _mean(part, 6), f"wind_{name}_24h": _mean(part, 24)}
    return columns


def _mean(values: pd.Series, hours: int) -> pd.Series:
    return values.rolling(hours, min_periods=max(1, hours // 2)).mean()
