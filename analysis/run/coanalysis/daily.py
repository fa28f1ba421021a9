"""Products of the co-analysis of civil days: read, compute, store.

A further run for the same days writes the same points and documents. A row of a product is one write, which
also clears its missing numbers: a value that is no longer valid in a later run is removed.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from analysis.case.join_networks import Frames, monitored
from analysis.chemistry.reactivity import hourly_ofp
from analysis.coanalysis.product import joint_products
from analysis.run.coanalysis.chemistry import run_chemistry
from analysis.run.coanalysis.joint_pollution import joint_of_days
from analysis.run.coanalysis.stored_assessment import assess_days
from analysis.run.gate_mask import held_hours, held_note, held_statistics
from analysis.run.hours import read_hours, save_product, since
from analysis.run.to_json import to_json
from analysis.statistics.aqi_frame import daily_aqi, hourly_aqi
from analysis.statistics.assessment import mean_of
from analysis.statistics.exceedance import count_days
from schemas.frames import parameters_in
from schemas.interval import civil_days
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from schemas.network import Network, Station
    from store.settings import SharedSettings
    from store.state import HeldBatch

_MOVING_MEAN = timedelta(hours=24)


class CoanalysisSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Products that `coanalyse` stored; hours of held batches are excluded.

    Attributes
    ----------
    stations, cities : int
        With hours in the period.
    station_days, days_asked : int
        Station-days that were computed, valid or not, and all of the stations that measure gases [d].
    joint_days, joint_valid_days : int
        Station-days on which PM2.5 and O3 both exceeded, and those with a valid value of both [d].
    aqi_hours, ofp_hours, chemistry_hours : int
        Hours of the products [h].
    assessments : int
        Documents ``assessment`` of months and years that say something new.
    episodes : int
        Joint episodes of the seasons that the days touch.
    """

    stations: int
    station_days: int
    joint_days: int
    joint_valid_days: int
    days_asked: int
    aqi_hours: int
    ofp_hours: int
    cities: int
    chemistry_hours: int = 0
    assessments: int = 0
    episodes: int = 0
    held_batches: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    """Civil days, both included, and their UTC hours up to now."""

    day_from: date
    day_to: date
    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        """Length [d]."""
        return (self.day_to - self.day_from).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _StationProducts:
    """Products and document of one station; ``statistics`` are its daily values."""

    statistics: pd.DataFrame
    aqi_hourly: pd.DataFrame
    aqi_daily: pd.DataFrame
    copollution: pd.DataFrame
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Products:
    """Products by station (``gas``, ``ofp``) and by code of the city."""

    gas: dict[str, _StationProducts]
    ofp: dict[str, pd.DataFrame]
    cities: dict[str, pd.DataFrame]


def coanalyse(settings: SharedSettings, day_from: date, day_to: date, now: datetime) -> CoanalysisSummary:
    """AQI, joint exceedance, reactivity, chemistry of civil days; assessments and joint pollution of what they touch.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
        First and last civil day, both included.
    now : datetime
        UTC; hours from here on are not read.

    Returns
    -------
    CoanalysisSummary

    Raises
    ------
    store.error.StoreError
        The store did not accept a product; the job may be run again.
    """
    network = settings.stations
    period = _period(day_from, day_to, network.timezone, now)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        frames, held = read_hours(settings, store, period.start - _MOVING_MEAN, period.end)
        products = _compute(frames, held, network, period)
        _write(store, state, products, period)
    chemistry = run_chemistry(settings, day_from, day_to, now)
    assessment = assess_days(settings, day_from, day_to, now)
    joint = joint_of_days(settings, day_from, day_to, now)
    return msgspec.structs.replace(
        _summary(products, network, period, held),
        chemistry_hours=chemistry.hours,
        assessments=assessment.renewed,
        episodes=joint.episodes,
    )


def _compute(frames: Frames, held: list[HeldBatch], network: Network, period: _Period) -> _Products:
    of_gas = [item for item in held if item.network == "gas"]
    gas: dict[str, _StationProducts] = {}
    for station in network.stations_of("gas"):
        hourly = frames["gas"].get(station.id)
        if hourly is not None and not since(hourly, period.start).empty:
            gas[station.id] = _station_products(station, hourly, of_gas, period, network.timezone)
    return _Products(
        gas=gas,
        ofp={name: hourly_ofp(since(frame, period.start)) for name, frame in frames["voc"].items()},
        cities=_cities(network, {name: item.statistics for name, item in gas.items()}),
    )


def _station_products(
    station: Station, hourly: pd.DataFrame, held: list[HeldBatch], period: _Period, zone: ZoneInfo
) -> _StationProducts:
    """Products of one station; ``hourly`` reaches a day back before the period, for moving means."""
    codes = monitored(station) or frozenset(parameters_in(hourly))
    inside = since(hourly, period.start)
    statistics = held_statistics(inside, zone, held, until=period.end)
    hours = since(hourly_aqi(hourly, zone, monitored=codes), period.start)
    days, document = joint_products(inside, statistics, zone)
    return _StationProducts(
        statistics=statistics,
        aqi_hourly=hours.assign(held=held_hours(pd.DatetimeIndex(hours.index), held)),
        aqi_daily=statistics.join(daily_aqi(statistics, zone, monitored=codes)),
        copollution=days,
        document=to_json(document) | ({"held": held_note(held)} if held else {}),
    )


def _cities(network: Network, daily: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Daily index of cities: the mean of the valid stations first, then the index."""
    by_city: dict[str, list[Station]] = {}
    for station_id in daily:
        station = network.stations[station_id]
        if station.city:
            by_city.setdefault(station.city, []).append(station)
    found = {}
    for city, stations in by_city.items():
        means = mean_of({station.id: daily[station.id] for station in stations})
        codes = frozenset(code for station in stations for code in monitored(station))
        found[city] = means.join(daily_aqi(means, network.timezone, monitored=codes))
    return found


def _write(store: InfluxStore, state: StateStore, products: _Products, period: _Period) -> None:
    """Each row in one write: a second write would clear the numbers of the first."""
    for station_id, item in products.gas.items():
        save_product(store, "aqi_hourly", station_id, item.aqi_hourly)
        save_product(store, "aqi_daily", station_id, item.aqi_daily)
        save_product(store, "copollution_daily", station_id, item.copollution)
        state.documents.put("copollution", f"{station_id}/{period.day_from}/{period.day_to}", item.document)
    for station_id, frame in products.ofp.items():
        save_product(store, "ofp_hourly", station_id, frame)
    for city, frame in products.cities.items():
        save_product(store, "aqi_city_daily", city, frame)


def _summary(products: _Products, network: Network, period: _Period, held: list[HeldBatch]) -> CoanalysisSummary:
    joint = [count_days(item.copollution, "joint", period.days) for item in products.gas.values()]
    return CoanalysisSummary(
        stations=len(products.gas),
        station_days=sum(item.computed for item in joint),
        joint_days=sum(item.exceeded for item in joint),
        joint_valid_days=sum(item.valid for item in joint),
        days_asked=period.days * sum(1 for _ in network.stations_of("gas")),
        aqi_hours=sum(len(item.aqi_hourly) for item in products.gas.values()),
        ofp_hours=sum(len(frame) for frame in products.ofp.values()),
        cities=len(products.cities),
        held_batches=len(held),
    )


def _period(day_from: date, day_to: date, zone: ZoneInfo, now: datetime) -> _Period:
    if day_to < day_from:
        msg = f"day_to {day_to} is before day_from {day_from}"
        raise ValueError(msg)
    days = civil_days(day_from, day_to, zone)
    return _Period(day_from=day_from, day_to=day_to, start=days.start, end=min(days.end, now))
