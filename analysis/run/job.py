"""The jobs: load checked hours, compute, store products and documents. The only module of analysis that does I/O.

A job whose products the store does not take fails with `store.error.StoreError`; it may be run again.

Each job may be run again for the same span: the same points and documents are written again. A row of a product goes in one
write, which says which of its numbers are none: one that is no longer valid in a later run is gone then.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.case.attribution import BACKGROUND, Attribution, attribute_episode
from analysis.case.join_networks import Frames, join_station, monitored, until
from analysis.chemistry.reactivity import hourly_ofp
from analysis.coanalysis.copollution import joint_products
from analysis.forecast.backtest import THRESHOLDS, Backtest, BacktestPlan, backtest
from analysis.forecast.feature import HORIZONS, network_features
from analysis.forecast.forecast import TrainingOptions, forecast_station, train
from analysis.run.gate_mask import held_hours, held_note, held_statistics, without_held
from analysis.run.to_json import to_json as _plain
from analysis.statement import Confidence
from analysis.statistics.aqi_frame import daily_aqi, hourly_aqi
from analysis.statistics.episode import Episode, find_episodes, watched_parameters
from analysis.statistics.exceedance import count_days
from schemas.frames import parameters_in, valid_values
from schemas.interval import floor_hour
from store.influx.store import InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from schemas.network import Network, Station
    from store.settings import SharedSettings
    from store.state import HeldBatch

HISTORY = timedelta(days=60)
"""What a forecast is trained on."""
BACKTEST_SPAN = timedelta(days=7)
RECENT_H = 6
"""A station without a valid hour in this many gets no forecast."""
TARGETS = ("pm25", "o3")
_MOVING_MEAN = timedelta(hours=24)
_LONGEST_EPISODE = timedelta(days=5)
"""An episode that began longer before the window has a shorter background, which its statements say."""
_OPTIONS = TrainingOptions(rows=20_000)


class CoanalysisSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `coanalyse` stored; hours of held batches are left out.

    Attributes
    ----------
    stations : int
        Stations with hours in the period.
    station_days : int
        Station-days that were computed, valid or not [d].
    joint_days : int
        Station-days on which PM2.5 and O3 both exceeded [d], of ``joint_valid_days``.
    joint_valid_days : int
        Station-days with a valid value of both [d].
    days_asked : int
        Station-days of the period, at all stations that measure gases [d].
    aqi_hours, ofp_hours : int
        Hours of the products [h].
    cities : int
    held_batches : int
    """

    stations: int
    station_days: int
    joint_days: int
    joint_valid_days: int
    days_asked: int
    aqi_hours: int
    ofp_hours: int
    cities: int
    held_batches: int = 0


class AttributionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `attribute` stored: keys of the documents, and how many of each grade."""

    stations: int
    episodes: int
    keys: tuple[str, ...]
    by_confidence: dict[Confidence, int]
    held_batches: int = 0


class ForecastSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What `forecast` stored.

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


def coanalyse(settings: SharedSettings, day_from: date, day_to: date, now: datetime) -> CoanalysisSummary:
    """AQI, joint exceedance and reactivity of civil days.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
        First and last civil day, both included.
    now : datetime
        UTC; hours from here on are not looked at.

    Returns
    -------
    CoanalysisSummary
    """
    network = settings.stations
    zone = network.timezone
    start, end = _span(day_from, day_to, zone, now)
    daily: dict[str, pd.DataFrame] = {}
    length = (day_to - day_from).days + 1
    counts = {"station_days": 0, "joint_days": 0, "joint_valid_days": 0, "aqi_hours": 0}
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        frames, held = _read(settings, store, start - _MOVING_MEAN, end)
        of_gas = [item for item in held if item.network == "gas"]
        for station in network.stations_of("gas"):
            hourly = frames["gas"].get(station.id)
            if hourly is None or _inside(hourly, start).empty:
                continue
            daily[station.id] = held_statistics(_inside(hourly, start), zone, of_gas, until=end)
            counts["aqi_hours"] += _store_aqi(
                store, station, hourly, start=start, statistics=daily[station.id], zone=zone, held=of_gas
            )
            days, words = joint_products(_inside(hourly, start), daily[station.id], zone)
            words = _plain(words) | ({"held": held_note(of_gas)} if of_gas else {})
            _save(store, "copollution_daily", station.id, days)
            joint = count_days(days, "joint", length)
            counts["station_days"] += joint.computed
            counts["joint_days"] += joint.exceeded
            counts["joint_valid_days"] += joint.valid
            state.documents.put("copollution", f"{station.id}/{day_from}/{day_to}", words)
        ofp_hours = _store_ofp(store, frames["voc"], start)
        cities = _store_cities(store, network, daily)
    return CoanalysisSummary(
        stations=len(daily),
        days_asked=length * sum(1 for _ in network.stations_of("gas")),
        ofp_hours=ofp_hours,
        cities=cities,
        held_batches=len(held),
        **counts,
    )


def attribute(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    station_ids: Collection[str] | None = None,
) -> AttributionSummary:
    """Find the episodes that overlap ``[start, end)`` and store what is known about their causes.

    Parameters
    ----------
    settings : SharedSettings
    start, end : datetime
        UTC.
    now : datetime
        UTC; hours from here on are not looked at.
    station_ids : collection of str or None
        Only the episodes of these stations; None: all. Neighbours are looked at in any case.

    Returns
    -------
    AttributionSummary
        One document of kind ``attribution`` an episode, key ``{station}/{parameter}/{start of the episode}``.
    """
    network = settings.stations
    end = min(end, now)
    with closing(InfluxStore(settings)) as store:
        frames, held = _read(settings, store, start - BACKGROUND - _LONGEST_EPISODE, end)
    found = []
    for parameter in watched_parameters():
        values = {
            name: valid_values(frame, parameter)
            for name, frame in frames["gas"].items()
            if parameter in frame and name in network.stations
        }
        for station_id, series in values.items():
            if station_ids is not None and station_id not in station_ids:
                continue
            episodes = find_episodes(series, station_id, parameter, network.timezone)
            found += [
                _attributed(episode, frames, network, values)
                for episode in episodes
                if episode.end > start and episode.start < end
            ]
    with StateStore(settings.state_url) as state:
        for item in found:
            body = _plain(item) | ({"held": held_note(held)} if held else {})
            state.documents.put("attribution", item.episode.key, body)
    grades = [item.confidence for item in found]
    return AttributionSummary(
        stations=len({item.station_id for item in found}),
        episodes=len(found),
        keys=tuple(item.episode.key for item in found),
        by_confidence={name: grades.count(name) for name in dict.fromkeys(grades)},
        held_batches=len(held),
    )


def forecast(settings: SharedSettings, now: datetime) -> ForecastSummary:
    """Forecast the next 24 h at every station with a recent value, and back-test once a day.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC. The forecast begins with the hour that holds it and knows the hours before.

    Returns
    -------
    ForecastSummary
    """
    network, origin = settings.stations, floor_hour(now)
    skipped: list[str] = []
    models: dict[str, str] = {}
    written, tests = 0, []
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        frames, held = _read(settings, store, origin - HISTORY, origin, networks=("gas", "met"))
        joined = (join_station(station, frames, network) for station in network.stations_of("gas"))
        stations = {item.station.id: until(item.hourly, origin) for item in joined if item is not None}
        for target in TARGETS:
            usable = {name: frame for name, frame in stations.items() if valid_values(frame, target).notna().any()}
            recent = {
                name for name, frame in usable.items() if valid_values(frame, target).iloc[-RECENT_H:].notna().any()
            }
            skipped += [f"{name}/{target}" for name in sorted(stations.keys() - recent)]
            if not recent:
                continue
            models[target] = _forecast_target(store, usable, recent, target, origin=origin, zone=network.timezone)
            written += len(recent)
            key = f"{target}/{origin.astimezone(network.timezone):%Y-%m-%d}"
            if state.documents.get("backtest", key) is None:
                result = _recent_backtest(usable, target, origin, network.timezone)
                if result is not None:
                    state.documents.put("backtest", key, _plain(result))
                    tests.append(key)
    return ForecastSummary(
        origin=origin,
        forecasts=written,
        models=models,
        skipped=tuple(skipped),
        backtests=tuple(tests),
        held_batches=len(held),
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
        UTC, end of the data that is looked at.
    days : int
        Days that are scored, in blocks of 7.
    history_days : int
        Days that are read.

    Returns
    -------
    Backtest or None
        None without anything to score.
    """
    network, origin = settings.stations, floor_hour(now)
    with closing(InfluxStore(settings)) as store:
        frames, _ = _read(settings, store, origin - timedelta(days=history_days), origin, networks=("gas", "met"))
    joined = (join_station(station, frames, network) for station in network.stations_of("gas"))
    stations = {item.station.id: until(item.hourly, origin) for item in joined if item is not None}
    usable = {name: frame for name, frame in stations.items() if valid_values(frame, target).notna().any()}
    return _recent_backtest(usable, target, origin, network.timezone, span=timedelta(days=days)) if usable else None


def _span(day_from: date, day_to: date, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """UTC hours of the civil days, both included, up to now."""
    if day_to < day_from:
        msg = f"day_to {day_to} is before day_from {day_from}"
        raise ValueError(msg)
    midnight = datetime.min.time()
    start = datetime.combine(day_from, midnight, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day_to + timedelta(days=1), midnight, tzinfo=zone).astimezone(UTC)
    return start, min(end, now)


def _read(
    settings: SharedSettings,
    store: InfluxStore,
    start: datetime,
    end: datetime,
    *,
    networks: tuple[str, ...] = ("gas", "met", "pm", "voc"),
) -> tuple[Frames, list[HeldBatch]]:
    """Hours without those of batches that the gate holds, and these batches."""
    with StateStore(settings.state_url) as state:
        state.migrate()
        held = [
            item for item in state.gate.list_held(start=start, end=end, only_blocking=True) if item.network in networks
        ]
    return without_held({code: store.read_hourly_all(code, start, end) for code in networks}, held), held


def _save(
    store: InfluxStore, product: str, station_id: str, frame: pd.DataFrame, tags: Mapping[str, str] | None = None
) -> None:
    """Write a product; raises `store.error.StoreError` unless the store took all of it."""
    require_accepted(store.write_product(product, station_id, frame, tags or {}), f"{product} of {station_id}")


def _inside(frame: pd.DataFrame, start: datetime) -> pd.DataFrame:
    return frame[frame.index >= pd.Timestamp(start)]


def _store_aqi(  # noqa: PLR0913 - a station's hours, and all that a row is made of
    store: InfluxStore,
    station: Station,
    hourly: pd.DataFrame,
    *,
    start: datetime,
    statistics: pd.DataFrame,
    zone: ZoneInfo,
    held: Sequence[HeldBatch],
) -> int:
    """Store ``aqi_hourly`` and ``aqi_daily`` of a station, each row in one write; returns the hours.

    A second write of a row would say anew which of its numbers are none, and bring back those of an earlier run.
    """
    codes = monitored(station) or frozenset(parameters_in(hourly))
    hours = _inside(hourly_aqi(hourly, zone, monitored=codes), start)
    _save(store, "aqi_hourly", station.id, hours.assign(held=held_hours(pd.DatetimeIndex(hours.index), held)))
    _save(store, "aqi_daily", station.id, statistics.join(daily_aqi(statistics, zone, monitored=codes)))
    return len(hours)


def _store_ofp(store: InfluxStore, frames: dict[str, pd.DataFrame], start: datetime) -> int:
    hours = 0
    for station_id, frame in frames.items():
        product = hourly_ofp(_inside(frame, start))
        _save(store, "ofp_hourly", station_id, product)
        hours += len(product)
    return hours


def _store_cities(store: InfluxStore, network: Network, daily: dict[str, pd.DataFrame]) -> int:
    """Store ``aqi_city_daily``: the mean of the valid stations first, then the index; the tag is the city's code."""
    by_city: dict[str, list[Station]] = {}
    for station_id in daily:
        station = network.stations[station_id]
        if station.city:
            by_city.setdefault(station.city, []).append(station)
    for city, stations in by_city.items():
        tables = pd.concat([daily[station.id] for station in stations])
        means = tables.groupby(level=0).mean().rename_axis("start")
        codes = frozenset(code for station in stations for code in monitored(station))
        product = means.join(daily_aqi(means, network.timezone, monitored=codes))
        product["stations"] = tables.groupby(level=0).size().astype(float)
        _save(store, "aqi_city_daily", city, product)
    return len(by_city)


def _attributed(episode: Episode, frames: Frames, network: Network, values: dict[str, pd.Series]) -> Attribution:
    station = network.stations[episode.station_id]
    data = join_station(station, frames, network)
    if data is None:
        msg = f"an episode at {station.id} without hours"
        raise AssertionError(msg)
    return attribute_episode(episode, data, network.stations, values, zone=network.timezone)


def _forecast_target(
    store: InfluxStore,
    usable: dict[str, pd.DataFrame],
    recent: set[str],
    target: str,
    *,
    origin: datetime,
    zone: ZoneInfo,
) -> str:
    """Train, forecast and store one parameter; returns the kind of model."""
    features = network_features(usable, target, zone)
    model = train(features, target, before=pd.Timestamp(origin), options=_OPTIONS)
    for position, item in enumerate(features):
        if item.station_id not in recent:
            continue
        product = forecast_station(model, features, position).dropna(subset=["value"])
        product["origin"] = f"{origin:%Y-%m-%dT%H:%MZ}"
        _save(store, "forecast_hourly", item.station_id, product, tags={"parameter": target})
    return str(model.kind)


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
