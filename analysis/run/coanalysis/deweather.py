"""Weather taken out of the daily values of the stations of a source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.coanalysis.daily_relation import daily_relation
from analysis.forecast.daily.feature import mean_known
from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, site_hours
from analysis.forecast.deweather.model import daily_means, held_out, is_usable, r_squared
from analysis.forecast.deweather.predictor import of_stations, predictors
from analysis.forecast.deweather.summary import DeweatherError, check_days, check_weather, deweathered
from analysis.run.hour_source import NoHoursError, stored_hours
from analysis.run.to_json import to_json
from analysis.statistics.finite import finite_or_none
from schemas.frames import valid_values
from schemas.interval import civil_days
from schemas.reason import Reason
from sensors.weather_forecast.moist_air import dew_point
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from numpy.typing import NDArray

    from analysis.coanalysis.daily_relation import DeweatheredRelation
    from analysis.forecast.daily.site_hours import SiteHours
    from analysis.forecast.deweather.summary import Deweathered
    from analysis.run.hour_source import StationHours
    from store.settings import SharedSettings

DOCUMENT = "deweathered"
"""Kind of the documents; key ``{city or station}/{parameter}``."""
SCHEDULED = ("no2", "pm25", "o3")
"""Parameters that the monthly schedule takes."""
SPAN_D = 4 * 366
"""Days up to the last one that are taken [d]; project choice."""
_GIVEN = ("temperature", "dew_point", "wind_speed", "pressure")
"""Weather of partial correlations of daily values."""


class DeweatherRun(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of the documents of `deweather_cities`, those of them whose series is not to be used, and the reasons of those without one."""

    stored: tuple[str, ...]
    not_usable: tuple[str, ...]
    insufficient: dict[str, str]


def deweather_cities(
    settings: SharedSettings, last: date, *, cities: Iterable[str] = (), parameters: Iterable[str] = SCHEDULED
) -> DeweatherRun:
    """Months and trends without weather of the last four years of cities, as documents; about a minute a city and parameter.

    Parameters
    ----------
    settings : SharedSettings
    last : date
        Last civil day.
    cities : iterable of str
        Codes; none: all that have a station with gases.
    parameters : iterable of str

    Raises
    ------
    store.error.StoreError
        The store did not answer; the job may be run again. A result equal to the newest makes no new version.
    """
    network = settings.stations
    days = civil_days(last - timedelta(days=SPAN_D - 1), last, network.timezone)
    chosen = tuple(cities) or tuple(sorted({item.city for item in network.stations_of("gas") if item.city}))
    stored, not_usable, insufficient = [], [], {}
    for city in chosen:
        try:
            hours = stored_hours(settings, days.start, days.end, city=city, networks=("gas", "met"))
        except NoHoursError as error:
            insufficient[city] = str(error)
            continue
        for parameter in parameters:
            try:
                found = deweather_hours(hours, parameter)
            except DeweatherError as error:
                insufficient[f"{city}/{parameter}"] = str(error)
                continue
            stored.append(store_deweathered(settings, city, found))
            if not found.is_usable:
                not_usable.append(stored[-1])
    return DeweatherRun(stored=tuple(stored), not_usable=tuple(not_usable), insufficient=insufficient)


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
