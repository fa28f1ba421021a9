"""The hourly run: read, forecast with the model in force, store."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.forecast.hourly.daily_index import daily_index
from analysis.forecast.hourly.feature import weather_observed
from analysis.forecast.hourly.grid import WEATHER
from analysis.forecast.hourly.issue import SeriesForecast, issue, product
from analysis.forecast.hourly.model import ForecastKind
from analysis.run.forecast.history import (
    REFUSED_KEPT,
    IssueNote,
    daily_lines,
    is_issued,
    is_newest,
    issued_lines,
    mark_issued,
)
from analysis.run.forecast.model_store import LoadedModel, load_in_force
from analysis.run.forecast.reading import NetworkHours, read_network
from analysis.run.forecast.weather_forecast import weather_forecast, weather_of_files
from schemas.interval import floor_hour
from schemas.reason import encode_reason
from schemas.words import render
from sensors.weather_forecast.error import WeatherForecastError, refusal
from store.influx.line_frame import encode_product
from store.influx.store import Bucket, InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.run.forecast.weather_forecast import WeatherChoice
    from schemas.reason import Reason
    from store.settings import SharedSettings

HISTORY = timedelta(days=16)
"""Hours that a forecast looks back on."""
STATION_PRODUCT, CITY_PRODUCT = "forecast_hourly", "forecast_city_hourly"
STATION_DAILY, CITY_DAILY = "forecast_daily", "forecast_city_daily"


class ForecastSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts that `forecast` stored.

    Attributes
    ----------
    origin : datetime
        First hour of the forecasts, UTC.
    forecasts, cities : int
        Stations times pollutants, cities times pollutants.
    models : dict of str to str
        Pollutant to model kind.
    model_version : str
        Of the model in force; empty without one.
    refused : tuple of str
        Models that could not be read, with the reason.
    skipped : tuple of str
        ``{station}/{parameter}`` without a recent value, or without enough hours of the days before.
    out_of_range : int
        Forecasts whose inputs are outside the range of the training.
    daily : int
        Days times stations and cities with a daily AQI.
    already_issued : bool
        The forecast of this origin is stored already and stays: nothing was written.
    weather : str
        Reference time of the weather forecast that was used; empty without.
    weather_refused : tuple of str
        Weather forecasts, and stations of the one that was used, that were refused, with the reason in the language of the settings.
    held_batches : int
    """

    origin: datetime
    forecasts: int
    cities: int
    models: dict[str, str]
    model_version: str
    refused: tuple[str, ...]
    skipped: tuple[str, ...]
    out_of_range: int
    daily: int
    already_issued: bool
    weather: str = ""
    weather_refused: tuple[str, ...] = ()
    held_batches: int = 0


@dataclass(frozen=True, slots=True)
class _Issue:
    """Origin and model of an issue; one of a later origin has the products that show the newest."""

    origin: pd.Timestamp
    loaded: LoadedModel
    is_newest: bool


def forecast(settings: SharedSettings, now: datetime, *, weather_files: Sequence[Path] = ()) -> ForecastSummary:
    """Forecast the next 72 h, and the daily AQI of today and three more days, of stations and cities that have a recent value.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC. The forecast begins with the hour that contains it and uses the hours before.
    weather_files : sequence of Path
        Of one run of a weather forecast, in place of the folder of the settings.

    Raises
    ------
    store.error.StoreError
    sensors.weather_forecast.WeatherForecastError
        ``weather_files`` hold no usable run; nothing is issued. Files of the folder raise nothing.
    """
    origin = floor_hour(now)
    ahead = _weather(settings, now, weather_files)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        hours = read_network(settings, store, origin - HISTORY, origin, ahead.frames)
        loaded = load_in_force(settings, state)
        at = pd.Timestamp(origin)
        found, skipped = ([], []) if hours.grid is None else issue(hours.grid, loaded.model, at, hours.wanted)
        is_repeated = is_issued(state, at)
        days = 0 if is_repeated else _store(store, settings, hours, found, _Issue(at, loaded, is_newest(state, at)))
        lacking = _lacking(ahead, hours)
        weather = "" if ahead.weather is None or lacking else f"{ahead.weather.reference_at:%Y-%m-%dT%H:%MZ}"
        refused = (*ahead.refused, *lacking)
        if found and not is_repeated:
            note = IssueNote(
                model=loaded.version,
                forecasts=len(found),
                days=days,
                weather=weather,
                weather_refused=tuple(map(encode_reason, refused[:REFUSED_KEPT])),
            )
            mark_issued(state, at, note)
    return ForecastSummary(
        origin=origin,
        forecasts=sum(item.series not in hours.cities for item in found),
        cities=sum(item.series in hours.cities for item in found),
        models={item.target: str(item.kind) for item in found},
        model_version=loaded.version,
        refused=loaded.refused,
        skipped=tuple(skipped),
        out_of_range=sum(bool(item.out_of_range) for item in found),
        daily=days,
        already_issued=is_repeated,
        weather=weather,
        weather_refused=tuple(render(item, settings.language) for item in refused),
        held_batches=hours.held_batches,
    )


def _weather(settings: SharedSettings, now: datetime, files: Sequence[Path]) -> WeatherChoice:
    if not files:
        return weather_forecast(settings, settings.stations, now)
    found = weather_of_files(files, settings.stations, now, most_h=settings.weather_forecast_max_age_h)
    if found.weather is None:
        raise WeatherForecastError(found.refused[0])
    return found


def _lacking(ahead: WeatherChoice, hours: NetworkHours) -> list[Reason]:
    """Why a run is not used that lacks weather which stations observe."""
    if ahead.weather is None or hours.grid is None:
        return []
    given = {name for frame in ahead.frames.values() for name in frame.columns}
    lacking = [WEATHER[place] for place in weather_observed(hours.grid) if WEATHER[place] not in given]
    return [refusal(ahead.weather.files[0], "lacks", parameters=", ".join(lacking))] if lacking else []


def _store(
    store: InfluxStore, settings: SharedSettings, hours: NetworkHours, found: list[SeriesForecast], issue_of: _Issue
) -> int:
    """All rows in one request (one a series and pollutant would take longer than the forecast); returns the daily rows."""
    at, loaded = issue_of.origin, issue_of.loaded
    products = [
        (item.series, item.target, product(item, at, loaded.version if item.kind == ForecastKind.BOOSTED else ""))
        for item in found
    ]
    lines = list(issued_lines(products, at))
    for series, target, rows in products if issue_of.is_newest else ():
        name = CITY_PRODUCT if series in hours.cities else STATION_PRODUCT
        lines += encode_product(name, series, rows, {"parameter": target})
    days = _daily(settings, hours, found, issue_of)
    for series, rows in days.items():
        lines += daily_lines(series, rows, at)
        if issue_of.is_newest:
            lines += encode_product(CITY_DAILY if series in hours.cities else STATION_DAILY, series, rows, {})
    if lines:
        require_accepted(store.write_lines(Bucket.PRODUCT, lines), "forecasts")
    return sum(map(len, days.values()))


def _daily(
    settings: SharedSettings, hours: NetworkHours, found: list[SeriesForecast], issue_of: _Issue
) -> dict[str, pd.DataFrame]:
    by_series: dict[str, dict[str, SeriesForecast]] = {}
    for item in found:
        by_series.setdefault(item.series, {})[item.target] = item
    model, days = issue_of.loaded.model, {}
    for series, items in by_series.items():
        if hours.grid is None:
            break
        rows = daily_index(
            hours.grid, items, issue_of.origin, None if model is None else model.ranks, settings.stations.timezone
        )
        if len(rows):
            rows["out_of_range"] = float(any(item.out_of_range for item in items.values()))
            rows["model"] = issue_of.loaded.version or str(ForecastKind.SIMPLE)
            rows["origin"] = f"{issue_of.origin:%Y-%m-%dT%H:%MZ}"
            days[series] = rows
    return days
