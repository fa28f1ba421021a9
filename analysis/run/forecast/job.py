"""The hourly run: read, forecast with the model in force, store."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.forecast.hourly.issue import SeriesForecast, issue, product
from analysis.run.forecast.model_store import load_in_force
from analysis.run.forecast.reading import NetworkHours, read_network
from schemas.interval import floor_hour
from store.influx.line_frame import encode_product
from store.influx.store import Bucket, InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from store.settings import SharedSettings

HISTORY = timedelta(days=16)
"""Hours that a forecast looks back on."""
STATION_PRODUCT, CITY_PRODUCT = "forecast_hourly", "forecast_city_hourly"


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
        ``{station}/{parameter}`` without a recent value.
    out_of_range : int
        Forecasts whose inputs are outside the range of the training.
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
    held_batches: int = 0


def forecast(settings: SharedSettings, now: datetime) -> ForecastSummary:
    """Forecast the next 72 h of stations and cities that have a recent value.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC. The forecast begins with the hour that contains it and uses the hours before.

    Raises
    ------
    store.error.StoreError
    """
    origin = floor_hour(now)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        hours = read_network(settings, store, origin - HISTORY, origin)
        loaded = load_in_force(settings, state)
        at = pd.Timestamp(origin)
        found, skipped = ([], []) if hours.grid is None else issue(hours.grid, loaded.model, at, hours.wanted)
        _write(store, hours, found, at, loaded.version)
    return ForecastSummary(
        origin=origin,
        forecasts=sum(item.series not in hours.cities for item in found),
        cities=sum(item.series in hours.cities for item in found),
        models={item.target: str(item.kind) for item in found},
        model_version=loaded.version,
        refused=loaded.refused,
        skipped=tuple(skipped),
        out_of_range=sum(bool(item.out_of_range) for item in found),
        held_batches=hours.held_batches,
    )


def _write(
    store: InfluxStore, hours: NetworkHours, found: list[SeriesForecast], origin: pd.Timestamp, version: str
) -> None:
    """All rows in one request: one a series and pollutant would take longer than the forecast."""
    lines = chain.from_iterable(
        encode_product(
            CITY_PRODUCT if item.series in hours.cities else STATION_PRODUCT,
            item.series,
            product(item, origin, version if item.kind == "lightgbm" else ""),
            {"parameter": item.target},
        )
        for item in found
    )
    if rows := list(lines):
        require_accepted(store.write_lines(Bucket.PRODUCT, rows), "forecasts")
