"""Features of a daily forecast that is issued at local midnight.

Those of the issue time rest on the hours before it only. Those of a day's weather rest on the hours of that day and of days
before it; with perfect weather they are taken on the target day too, as from a weather forecast without error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.daily.site_hours import POLLUTANTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours

    Values = NDArray[np.float64]
    Features = dict[str, Values]

_WINDOWS_H = (1, 3, 6, 12, 24, 48, 72)
_NETWORK_WINDOWS_H = (3, 6, 24)
_LAGS_D = (1, 2, 3, 7)
_MEANS_D = (3, 7, 30, 60)
_HALF_LIVES_H = (6, 18, 48)
_PARTS = 4
_LAST_H = 3
_O3_OF_NO2 = 48.0 / 46.0
"""Mass of O3 that as many molecules as those of a mass of NO2 have (molar masses)."""
_CALM_M_S = 1.0
_CLEAN_M_S = 3.0
"""Northerly wind that clears the plain of Beijing (project default)."""
_YEAR_D = 365.25


def issue_features(hours: SiteHours) -> Features:
    """State of the air at each local midnight, from the hours and days before it.

    Returns
    -------
    dict of str to array, (days, stations)
        Row i: issued at the start of day i; NaN missing.
    """
    found: Features = {}
    for name in POLLUTANTS:
        values = hours.hourly[name]
        for window in _WINDOWS_H:
            found[f"{name}_{window}h"] = _before(values, window)
        found[f"{name}_trend"] = found[f"{name}_3h"] - found[f"{name}_24h"]
        for window in _NETWORK_WINDOWS_H:
            found[f"{name}_network_{window}h"] = network_mean(found[f"{name}_{window}h"])
        found[f"{name}_excess"] = found[f"{name}_6h"] - found[f"{name}_network_6h"]
        found[f"{name}_spread"] = _spread(found[f"{name}_6h"])
    for name in ("pm25", "o3"):
        found[f"{name}_most"], found[f"{name}_least"] = _extremes(hours.hourly[name])
        found[f"{name}_same_hours"] = _night_level(hours.hourly[name])
    return found | _oxidant_state(hours) | _weather_state(hours) | _daily_lags(hours.daily)


def _oxidant_state(hours: SiteHours) -> Features:
    """Course of O3, NO2 and of their sum over the day before the issue."""
    o3, no2 = (_by_day(_filled(hours.hourly[name])) for name in ("o3", "no2"))
    total = o3 + _O3_OF_NO2 * no2
    found = {
        "oxidant_most": total.max(axis=1),
        "oxidant_night": total[:, :6].mean(axis=1),
        "oxidant_afternoon": total[:, 12:18].mean(axis=1),
        "oxidant_evening": total[:, 18:].mean(axis=1),
        "oxidant_last": total[:, -_LAST_H:].mean(axis=1),
        "no2_morning": no2[:, 6:10].mean(axis=1),
        "ozone_rise": o3[:, 14] - o3[:, 8],
        "ozone_decay": o3[:, -1] - o3.max(axis=1),
    }
    found["oxidant_network"] = network_mean(found["oxidant_most"])
    found["oxidant_network_3d"] = mean_known(
        np.stack([ahead(found["oxidant_network"], -back) for back in range(3)]), axis=0
    )
    return {name: ahead(values, -1) for name, values in found.items()}


def _weather_state(hours: SiteHours) -> Features:
    """Weather of the last hours before the issue and its change, from which that of the next day is guessed."""
    found: Features = {}
    for name, values in drawn_weather(hours).items():
        found[f"{name}_last"] = _before(values, _LAST_H)
        found[f"{name}_turn"] = _change(found[f"{name}_last"])
    warmth = _by_day(drawn_weather(hours)["temperature"])
    found["warmth_range"] = ahead(warmth.max(axis=1) - warmth.min(axis=1), -1)
    return found


def weather_features(hours: SiteHours) -> Features:
    """Weather of each civil day: quarters of the day, extremes, and what the days up to it add up to.

    Returns
    -------
    dict of str to array, (days, stations)
        Row i: from the hours of day i and before; NaN missing.
    """
    drawn = drawn_weather(hours)
    days = len(hours.days)
    found: Features = {}
    for name, values in drawn.items():
        quarters = mean_known(values.reshape(days, _PARTS, 24 // _PARTS, -1), axis=2)
        for part in range(_PARTS):
            found[f"{name}_part{part}"] = quarters[:, part]
        by_day = values.reshape(days, 24, -1)
        found[f"{name}_day"] = mean_known(by_day, axis=1)
    for name in ("wind_speed", "north", "east", "dryness", "rain"):
        found |= _accumulated(name, drawn[name])
    speed = drawn["wind_speed"].reshape(days, 24, -1)
    found["calm_hours"] = (speed < _CALM_M_S).sum(axis=1).astype(float)
    found["clean_hours"] = (drawn["north"].reshape(days, 24, -1) >= _CLEAN_M_S).sum(axis=1).astype(float)
    found["gust"] = speed.max(axis=1)
    warmth = drawn["temperature"].reshape(days, 24, -1)
    found["warmest"], found["coldest"] = warmth.max(axis=1), warmth.min(axis=1)
    found["pressure_tendency"] = found["pressure_part3"] - found["pressure_part0"]
    found["temperature_change"] = _change(found["temperature_day"])
    found["pressure_change"] = _change(found["pressure_day"])
    found["since_clean"] = _since(network_mean(drawn["north"]) >= _CLEAN_M_S)
    found["network_speed"] = network_mean(found["wind_speed_day"])
    found["network_north"] = network_mean(found["north_day"])
    return found


def calendar_features(days: pd.DatetimeIndex, stations: int) -> Features:
    """Season and weekday of each civil day, (days, stations)."""
    angle = 2 * np.pi * np.asarray(days.day_of_year, dtype=float) / _YEAR_D
    columns = {
        "season_sin": np.sin(angle),
        "season_cos": np.cos(angle),
        "weekday": np.asarray(days.day_of_week, dtype=float),
    }
    return {name: np.repeat(values[:, None], stations, axis=1) for name, values in columns.items()}


def mean_between(values: Values, lead: int) -> Values:
    """Mean over the day of issue and the ``lead`` days after it, at the day of issue; beyond the end NaN."""
    padded = np.vstack([values, np.full((lead, values.shape[1]), np.nan)])
    return np.asarray(np.mean([padded[shift : len(values) + shift] for shift in range(lead + 1)], axis=0))


def ahead(values: Values, days: int) -> Values:
    """Value ``days`` later (earlier where negative) at each day; beyond the ends NaN."""
    moved = np.full_like(values, np.nan)
    if days >= 0:
        moved[: len(values) - days] = values[days:]
    else:
        moved[-days:] = values[:days]
    return moved


def _by_day(values: Values) -> Values:
    return values.reshape(len(values) // 24, 24, -1)


def _before(values: Values, window_h: int) -> Values:
    """Mean of the last hours before each midnight."""
    total = np.vstack([np.zeros(values.shape[1]), np.nancumsum(values, axis=0)])
    count = np.vstack([np.zeros(values.shape[1]), np.cumsum(np.isfinite(values), axis=0)])
    ends = np.arange(0, len(values), 24)
    begins = np.maximum(ends - window_h, 0)
    known = count[ends] - count[begins]
    return _ratio(total[ends] - total[begins], known)


def network_mean(values: Values) -> Values:
    """Mean over the stations, for each of them."""
    return np.broadcast_to(mean_known(values, axis=1)[:, None], values.shape).copy()


def _spread(values: Values) -> Values:
    """Standard deviation over the stations, for each of them."""
    return np.sqrt(network_mean((values - network_mean(values)) ** 2))


def mean_known(values: Values, axis: int) -> Values:
    """Mean of what is known; NaN where nothing is."""
    known = np.isfinite(values).sum(axis=axis)
    total = np.nansum(values, axis=axis)
    return _ratio(total, known)


def _ratio(total: Values, count: Values) -> Values:
    """NaN where the count is 0."""
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0), dtype=float)


def _extremes(values: Values) -> tuple[Values, Values]:
    """Largest and smallest hour of the day before each midnight."""
    by_day = values.reshape(len(values) // 24, 24, -1)
    unknown = ~np.isfinite(by_day).any(axis=1)
    most = np.where(unknown, np.nan, np.where(np.isfinite(by_day), by_day, -np.inf).max(axis=1))
    least = np.where(unknown, np.nan, np.where(np.isfinite(by_day), by_day, np.inf).min(axis=1))
    return ahead(most, -1), ahead(least, -1)


def _night_level(values: Values) -> Values:
    """Change of the last six hours against the same hours of the day before."""
    evening = mean_known(values.reshape(len(values) // 24, 4, 6, -1)[:, 3], axis=1)
    return ahead(evening, -1) - ahead(evening, -2)


def _daily_lags(daily: Values) -> Features:
    """Daily values of the days before, at the station and over all."""
    found = {f"daily_lag{lag}": ahead(daily, -lag) for lag in _LAGS_D}
    found |= {f"daily_network_lag{lag}": network_mean(found[f"daily_lag{lag}"]) for lag in _LAGS_D[:2]}
    for window in _MEANS_D:
        mean = pd.DataFrame(daily).rolling(window, min_periods=1).mean().to_numpy()
        found[f"daily_mean{window}"] = ahead(mean, -1)
    found["daily_level"] = found["daily_mean60"] - network_mean(found["daily_mean60"])
    return found


def drawn_weather(hours: SiteHours) -> Features:
    """Hourly weather with wind components; a gap takes the mean of the other stations, then the last value."""
    raw = hours.hourly
    toward = np.deg2rad(raw["wind_direction"])
    drawn = {
        "wind_speed": raw["wind_speed"],
        "north": raw["wind_speed"] * np.cos(toward),
        "east": raw["wind_speed"] * np.sin(toward),
        "temperature": raw["temperature"],
        "dryness": raw["temperature"] - raw["dew_point"],
        "dew_point": raw["dew_point"],
        "pressure": raw["pressure"],
        "rain": raw["rain"],
    }
    return {name: _filled(values) for name, values in drawn.items()}


def _filled(values: Values) -> Values:
    return pd.DataFrame(np.where(np.isfinite(values), values, network_mean(values))).ffill().to_numpy()


def _accumulated(name: str, values: Values) -> Features:
    """Exponentially weighted means at the end and in the middle of each day."""
    found: Features = {}
    for half_life in _HALF_LIVES_H:
        mean = pd.DataFrame(values).ewm(halflife=half_life, ignore_na=True).mean().to_numpy()
        found[f"{name}_weighted{half_life}_end"] = mean[23::24]
        found[f"{name}_weighted{half_life}_noon"] = mean[11::24]
    return found


def _change(values: Values) -> Values:
    return values - ahead(values, -1)


def _since(happened: NDArray[np.bool_]) -> Values:
    """Hours since it last happened, at the end of each day; NaN before the first time."""
    position = np.arange(len(happened), dtype=float)[:, None]
    last = np.maximum.accumulate(np.where(happened, position, -np.inf), axis=0)
    gone = position - last
    return np.where(np.isfinite(gone), gone, np.nan)[23::24]
