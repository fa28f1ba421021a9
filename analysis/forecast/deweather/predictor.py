"""Predictors of a daily mean from weather and calendar alone: no concentration is read here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.daily.feature import calendar_features, drawn_weather, mean_known, weather_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours

    Values = NDArray[np.float64]

SAME_DAY = ("wind_speed_day", "north_day", "east_day", "temperature_day", "dew_point_day", "pressure_day")
"""Plain weather of a day, the predictors of a plain model besides the calendar."""
CALENDAR = ("season_sin", "season_cos", "season_sin2", "season_cos2", "weekday", "trend")
_SLOW = ("temperature_day", "dew_point_day", "pressure_day", "dryness_day", "wind_speed_day", "daily_range")
_LOCAL = ("wind_speed_day", "north_day", "east_day", "temperature_day", "dew_point_day", "coldest", "calm_hours")
_CLEARING = ((0.01, 0.0), (0.01, 0.05), (0.03, 0.0), (0.03, 0.05), (0.06, 0.0), (0.06, 0.05))
"""Part of a box's air replaced in an hour by each m/s of wind and of northerly wind [s/(m h)] (project default)."""
_WASHED = 0.02
"""Part removed by each mm of rain, of at most `_MOST_RAIN_MM` in an hour [1/mm] (project default)."""
_MOST_RAIN_MM = 5.0
_START = 20.0
_FORGOTTEN_D = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """Weather and calendar of civil days.

    Attributes
    ----------
    days : DatetimeIndex
        Civil days without a gap.
    names : tuple of str
        Of the columns of ``network``; the last are those of `CALENDAR`.
    network : array, (days, columns)
        Mean over the stations; NaN missing.
    local : array, (days, stations, columns)
        Weather of each station less that of the network.
    plain : array, (days, stations, columns)
        `SAME_DAY`, season, weekday and trend of each station.
    """

    days: pd.DatetimeIndex
    names: tuple[str, ...]
    network: Values
    local: Values
    plain: Values


def predictors(hours: SiteHours) -> Predictors:
    """Predictors of each civil day, from its weather and that of the days before it.

    Parameters
    ----------
    hours : SiteHours
        Only the parameters of weather are read: wind speed [m/s] and direction [deg], temperature and dew point [°C], pressure
        [hPa], rain [mm]. A gap takes the mean of the other stations, then the last value; what is never known stays NaN.

    References
    ----------
    Grange and Carslaw (2019), doi 10.1016/j.scitotenv.2018.10.344 (method; the accumulated predictors are this project's).
    """
    by_station = weather_features(hours)
    by_station["daily_range"] = by_station["warmest"] - by_station["coldest"]
    network = {name: mean_known(values, axis=1) for name, values in by_station.items()}
    for name in _SLOW:
        network |= _slow(name, network[name])
    network |= _boxes(hours)
    calendar = _calendar(hours.days)
    stations = len(hours.stations)
    plain_calendar = [calendar[name] for name in ("season_sin", "season_cos", "weekday", "trend")]
    spread = [np.repeat(values[:, None], stations, axis=1) for values in plain_calendar]
    columns = network | calendar
    return Predictors(
        days=hours.days,
        names=tuple(columns),
        network=np.column_stack(list(columns.values())),
        local=np.stack([by_station[name] - network[name][:, None] for name in _LOCAL], axis=-1),
        plain=np.stack([*(by_station[name] for name in SAME_DAY), *spread], axis=-1),
    )


def of_stations(data: Predictors, kept: NDArray[np.bool_]) -> Predictors:
    """Predictors of some of the stations; weather of the network stays that of all."""
    return replace(data, local=data.local[:, kept], plain=data.plain[:, kept])


def _calendar(days: pd.DatetimeIndex) -> dict[str, Values]:
    """Season, weekday and the number of the day, which carries the trend."""
    usual = {name: values[:, 0] for name, values in calendar_features(days, 1).items()}
    sine, cosine = usual["season_sin"], usual["season_cos"]
    return {
        "season_sin": sine,
        "season_cos": cosine,
        "season_sin2": 2 * sine * cosine,
        "season_cos2": cosine**2 - sine**2,
        "weekday": usual["weekday"],
        "trend": np.arange(len(days), dtype=float),
    }


def _slow(name: str, values: Values) -> dict[str, Values]:
    """The day before, mean of three days, and a mean that forgets half in a week."""
    series = pd.Series(values)
    return {
        f"{name}_before": series.shift(1).to_numpy(),
        f"{name}_3d": series.rolling(3, min_periods=1).mean().to_numpy(),
        f"{name}_weeks": series.ewm(halflife=_FORGOTTEN_D, ignore_na=True).mean().to_numpy(),
    }


def _boxes(hours: SiteHours) -> dict[str, Values]:
    """Logarithm of what a constant source adds up to in boxes that wind and rain clear; mean and end of each day."""
    drawn = drawn_weather(hours)
    speed, north, rain = (np.nan_to_num(mean_known(drawn[name], axis=1)) for name in ("wind_speed", "north", "rain"))
    rates = np.array(_CLEARING)
    lost = rates[:, :1] * speed + rates[:, 1:] * np.maximum(north, 0.0) + _WASHED * np.minimum(rain, _MOST_RAIN_MM)
    kept = np.exp(-lost)
    content, filled = np.full(len(rates), _START), np.empty(kept.shape)
    for hour in range(kept.shape[1]):
        content = content * kept[:, hour] + 1.0
        filled[:, hour] = content
    by_day = filled.reshape(len(rates), len(hours.days), 24)
    found = {f"box{place}_mean": np.log(box.mean(axis=1)) for place, box in enumerate(by_day)}
    return found | {f"box{place}_end": np.log(box[:, -1]) for place, box in enumerate(by_day)}
