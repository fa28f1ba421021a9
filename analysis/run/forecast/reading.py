"""Stored hours of stations and cities as the hourly forecast takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.case.join_networks import join_station, monitored, until
from analysis.forecast.hourly.grid import TARGETS, HourGrid, city_frames, hour_grid
from analysis.run.hours import read_hours

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    import pandas as pd

    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkHours:
    """Hours of all series before an origin.

    Attributes
    ----------
    grid : HourGrid or None
        None without any hour.
    wanted : dict of target to series
        Stations whose instruments measure it (all where the network file does not say), and their cities.
    cities : dict of city code to station ids
    held_batches : int
        Left out because the gate holds them.
    """

    grid: HourGrid | None
    wanted: dict[str, Collection[str]]
    cities: dict[str, tuple[str, ...]]
    held_batches: int


def read_network(
    settings: SharedSettings,
    store: InfluxStore,
    start: datetime,
    origin: datetime,
    weather_ahead: Mapping[str, pd.DataFrame] | None = None,
) -> NetworkHours:
    """Hours of ``[start, origin)`` of stations and cities, with the weather ahead of stations and its mean in each city.

    Raises `store.error.StoreError`.
    """
    network = settings.stations
    frames, held = read_hours(settings, store, start, origin, networks=("gas", "met"))
    joined = (join_station(station, frames, network) for station in network.stations_of("gas"))
    stations = {item.station.id: until(item.hourly, origin) for item in joined if item is not None}
    stations = {name: frame for name, frame in stations.items() if len(frame)}
    cities = _cities(network, stations)
    ahead = {name: frame for name, frame in (weather_ahead or {}).items() if name in stations}
    return NetworkHours(
        grid=hour_grid(stations | city_frames(stations, cities), network.timezone, ahead | city_frames(ahead, cities)),
        wanted=_wanted(network, stations, cities),
        cities=cities,
        held_batches=len(held),
    )


def _cities(network: Network, stations: Collection[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(stations):
        city = network.stations[name].city
        if city:
            found[city] = (*found.get(city, ()), name)
    return found


def _wanted(
    network: Network, stations: Collection[str], cities: Mapping[str, tuple[str, ...]]
) -> dict[str, Collection[str]]:
    found: dict[str, Collection[str]] = {}
    for target in TARGETS:
        measured = {name for name in stations if target in (monitored(network.stations[name]) or TARGETS)}
        found[target] = measured | {city for city, names in cities.items() if measured.intersection(names)}
    return found
