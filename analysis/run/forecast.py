"""Forecast of the next 24 h and its back-test: read, train and predict, store."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.case.join_networks import join_station, until
from analysis.forecast.backtest import THRESHOLDS, Backtest, BacktestPlan, backtest
from analysis.forecast.feature import HORIZONS, network_features
from analysis.forecast.forecast import forecast_station
from analysis.forecast.model import TrainingOptions
from analysis.forecast.training import train
from analysis.run.hours import read_hours, save_product
from analysis.run.to_json import to_json
from schemas.frames import valid_values
from schemas.interval import floor_hour
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

HISTORY = timedelta(days=60)
"""Training period of a forecast."""
BACKTEST_SPAN = timedelta(days=7)
RECENT_H = 6
"""A station without a valid hour in this many gets no forecast."""
TARGETS = ("pm25", "o3")
_OPTIONS = TrainingOptions(rows=20_000)


class ForecastSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts and back-tests that `forecast` stored.

    Attributes
    ----------
    forecasts : int
        Stations times parameters.
    models : dict of str to str
        Parameter to model kind.
    skipped : tuple of str
        ``{station}/{parameter}`` without a recent value.
    backtests : tuple of str
        Keys of the back-tests that were made now.
    """

    origin: datetime
    forecasts: int
    models: dict[str, str]
    skipped: tuple[str, ...]
    backtests: tuple[str, ...]
    held_batches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _TargetForecast:
    """Forecast of one parameter: products by station, and the kind of model."""

    kind: str
    products: dict[str, pd.DataFrame]


def forecast(settings: SharedSettings, now: datetime) -> ForecastSummary:
    """Forecast the next 24 h at every station with a recent value, and back-test once a day.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC. The forecast begins with the hour that contains it and uses the hours before.

    Returns
    -------
    ForecastSummary
    """
    zone, origin = settings.stations.timezone, floor_hour(now)
    skipped: list[str] = []
    models: dict[str, str] = {}
    written, tests = 0, []
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        stations, held_batches = _read(settings, store, origin - HISTORY, origin)
        for target in TARGETS:
            usable, recent = _usable(stations, target)
            skipped += [f"{name}/{target}" for name in sorted(stations.keys() - recent)]
            if not recent:
                continue
            found = _compute(usable, recent, target, origin=origin, zone=zone)
            _write(store, found, target)
            models[target] = found.kind
            written += len(recent)
            tests += _backtest_of_the_day(state, usable, target, origin, zone)
    return ForecastSummary(
        origin=origin,
        forecasts=written,
        models=models,
        skipped=tuple(skipped),
        backtests=tuple(tests),
        held_batches=held_batches,
    )


def backtest_stored(
    settings: SharedSettings, target: str, now: datetime, *, days: int, history_days: int
) -> Backtest | None:
    """Back-test on the stored hours; nothing is written.

    Parameters
    ----------
    settings : SharedSettings
    target : str
        ``pm25`` or ``o3``.
    now : datetime
        UTC, end of the data that is read.
    days : int
        Days that are scored, in blocks of 7.
    history_days : int
        Days that are read.

    Returns
    -------
    Backtest or None
        None where no hour can be scored.
    """
    origin = floor_hour(now)
    with closing(InfluxStore(settings)) as store:
        stations, _ = _read(settings, store, origin - timedelta(days=history_days), origin)
    usable, _ = _usable(stations, target)
    span = timedelta(days=days)
    return _recent_backtest(usable, target, origin, settings.stations.timezone, span=span) if usable else None


def _read(
    settings: SharedSettings, store: InfluxStore, start: datetime, origin: datetime
) -> tuple[dict[str, pd.DataFrame], int]:
    """Joined hours of each station up to the origin, and the number of held batches that are left out."""
    network = settings.stations
    frames, held = read_hours(settings, store, start, origin, networks=("gas", "met"))
    joined = (join_station(station, frames, network) for station in network.stations_of("gas"))
    return {item.station.id: until(item.hourly, origin) for item in joined if item is not None}, len(held)


def _usable(stations: dict[str, pd.DataFrame], target: str) -> tuple[dict[str, pd.DataFrame], set[str]]:
    """Stations with any valid value of the target, and those of them with a recent one."""
    usable = {name: frame for name, frame in stations.items() if valid_values(frame, target).notna().any()}
    recent = {name for name, frame in usable.items() if valid_values(frame, target).iloc[-RECENT_H:].notna().any()}
    return usable, recent


def _compute(
    usable: dict[str, pd.DataFrame], recent: set[str], target: str, *, origin: datetime, zone: ZoneInfo
) -> _TargetForecast:
    """Train on all stations, forecast those with a recent value."""
    features = network_features(usable, target, zone)
    model = train(features, target, before=pd.Timestamp(origin), options=_OPTIONS)
    products = {}
    for position, item in enumerate(features):
        if item.station_id in recent:
            product = forecast_station(model, features, position).dropna(subset=["value"])
            products[item.station_id] = product.assign(origin=f"{origin:%Y-%m-%dT%H:%MZ}")
    return _TargetForecast(kind=str(model.kind), products=products)


def _write(store: InfluxStore, found: _TargetForecast, target: str) -> None:
    for station_id, product in found.products.items():
        save_product(store, "forecast_hourly", station_id, product, tags={"parameter": target})


def _backtest_of_the_day(
    state: StateStore, usable: dict[str, pd.DataFrame], target: str, origin: datetime, zone: ZoneInfo
) -> list[str]:
    """Make and store the back-test of the civil day unless it is stored; returns its key."""
    key = f"{target}/{origin.astimezone(zone):%Y-%m-%d}"
    if state.documents.get("backtest", key) is not None:
        return []
    result = _recent_backtest(usable, target, origin, zone)
    if result is None:
        return []
    state.documents.put("backtest", key, to_json(result))
    return [key]


def _recent_backtest(
    usable: dict[str, pd.DataFrame], target: str, origin: datetime, zone: ZoneInfo, *, span: timedelta = BACKTEST_SPAN
) -> Backtest | None:
    """Back-test of the last days (or the last third of a shorter history)."""
    first = min(frame.index[0] for frame in usable.values())
    end = pd.Timestamp(origin) - pd.Timedelta(hours=HORIZONS - 1)
    start = max(end - pd.Timedelta(span), first + (end - first) * 2 / 3).ceil("h")
    if start >= end:
        return None
    plan = BacktestPlan(
        start=start,
        end=end,
        refit=pd.Timedelta(BACKTEST_SPAN),
        thresholds=THRESHOLDS[target],
        stride_h=3,
        options=_OPTIONS,
    )
    return backtest(usable, target, zone, plan)
