"""Weather taken out of the daily values of the stations of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.coanalysis.daily_relation import daily_relation
from analysis.forecast.daily.feature import mean_known
from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, site_hours
from analysis.forecast.deweather.model import daily_means, held_out, is_usable, r_squared
from analysis.forecast.deweather.predictor import of_stations, predictors
from analysis.forecast.deweather.summary import DeweatherError, check_days, check_weather, deweathered
from analysis.run.to_json import to_json
from analysis.statistics.finite import finite_or_none
from schemas.frames import valid_values
from schemas.reason import Reason
from sensors.weather_forecast.moist_air import dew_point
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from analysis.coanalysis.daily_relation import DeweatheredRelation
    from analysis.forecast.daily.site_hours import SiteHours
    from analysis.forecast.deweather.summary import Deweathered
    from analysis.run.hour_source import StationHours
    from store.settings import SharedSettings

DOCUMENT = "deweathered"
"""Kind of the documents; key ``{city or station}/{parameter}``."""
_GIVEN = ("temperature", "dew_point", "wind_speed", "pressure")
"""Weather of partial correlations of daily values."""


def deweather_hours(
    found: StationHours, parameter: str, *, progress: Callable[[float], None] | None = None
) -> Deweathered:
    """Months and trends of a parameter before and after the weather is taken out.

    Parameters
    ----------
    found : StationHours
    parameter : str
        One of `analysis.forecast.daily.site_hours.POLLUTANTS`.
    progress : callable or None
        Called with the part that is done [1].

    Raises
    ------
    analysis.forecast.deweather.summary.DeweatherError
        An unknown parameter, fewer than two years, too few valid days, or missing weather.
    """
    hours, daily = daily_values(found, parameter)
    return deweathered(hours, predictors(hours), daily, parameter, progress=progress)


def relations_without_weather(
    found: StationHours, *, progress: Callable[[float], None] | None = None
) -> dict[str, DeweatheredRelation]:
    """How daily PM2.5 and O3 go together at each station with the weather taken out; the stations are learnt together.

    Parameters
    ----------
    found : StationHours
    progress : callable or None
        Called with the part that is done [1].

    Returns
    -------
    dict of str to DeweatheredRelation
        By station with a valid day of both.

    Raises
    ------
    analysis.forecast.deweather.summary.DeweatherError
        Fewer than 365 valid days of either at any station, or missing weather.
    """
    said = progress or (lambda _: None)
    hours, pm25 = daily_values(found, "pm25")
    o3 = daily_values(found, "o3")[1]
    check_weather(hours)
    for name, values in (("pm25", pm25), ("o3", o3)):
        check_days(hours, values, name)
    kept = np.asarray(np.isfinite(pm25).any(axis=0) & np.isfinite(o3).any(axis=0))
    data = of_stations(predictors(hours), kept)
    observed = (pm25[:, kept], o3[:, kept])
    first, _ = held_out(data, observed[0], progress=lambda part: said(part / 2))
    second, _ = held_out(data, observed[1], progress=lambda part: said((1 + part) / 2))
    r2 = (finite_or_none(r_squared(observed[0], first)), finite_or_none(r_squared(observed[1], second)))
    weather = {name: _day_means(hours, name)[:, kept] for name in _GIVEN}
    names = [name for name, is_kept in zip(hours.stations, kept, strict=True) if is_kept]
    return {
        name: daily_relation(
            hours.days,
            (observed[0][:, place], observed[1][:, place]),
            (first[:, place], second[:, place]),
            {code: values[:, place] for code, values in weather.items()},
            r2,
            is_usable=all(map(is_usable, r2)),
        )
        for place, name in enumerate(names)
    }


def store_deweathered(settings: SharedSettings, place: str, found: Deweathered) -> str:
    """Store a result as a document and return its key; one equal to the newest makes no new version.

    Parameters
    ----------
    settings : SharedSettings
    place : str
        Code of the city, or id of the station.
    found : Deweathered
    """
    key = f"{place}/{found.parameter}"
    with StateStore(settings.state_url) as state:
        state.migrate()
        state.documents.put(DOCUMENT, key, to_json(found))
    return key


def daily_values(found: StationHours, parameter: str) -> tuple[SiteHours, NDArray[np.float64]]:
    """Hours of pollutants and weather on one axis, and the daily values of a parameter; of ``o3`` MDA8."""
    if parameter not in POLLUTANTS:
        figures = {"parameter": parameter, "known": ", ".join(POLLUTANTS)}
        raise DeweatherError(Reason("refused", "parameter", figures, scope="deweather"))
    frames = {name: _columns(frame) for name, frame in found.hourly.items()}
    hours = site_hours(frames, DailyTarget.MDA8 if parameter == "o3" else DailyTarget.PM25, found.zone)
    return hours, hours.daily if parameter == "o3" else daily_means(hours, parameter)


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Valid values; dew point from humidity where only that was measured."""
    columns = {name: valid_values(frame, name) for name in (*POLLUTANTS, *WEATHER)}
    if not columns["dew_point"].notna().any() and "relative_humidity" in frame:
        humidity = valid_values(frame, "relative_humidity").where(lambda item: item > 0)
        temperature = columns["temperature"].to_numpy(dtype=float)
        columns["dew_point"] = pd.Series(dew_point(temperature, humidity.to_numpy(dtype=float)), index=frame.index)
    return pd.DataFrame(columns)


def _day_means(hours: SiteHours, name: str) -> NDArray[np.float64]:
    """Of the hours that were measured, (days, stations)."""
    return mean_known(hours.hourly[name].reshape(len(hours.days), 24, -1), axis=1)
