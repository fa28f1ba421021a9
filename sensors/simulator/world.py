"""Everything that instruments of one simulated province can measure: weather, air and the plume, by station."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator import plume
from sensors.simulator.events import Events, schedule
from sensors.simulator.layout import PLUME_TARGET, all_stations, city_index
from sensors.simulator.profiles import load_profiles
from sensors.simulator.sources import Air, simulate_air
from sensors.simulator.stream import ar1, generator
from sensors.simulator.weather import Weather, simulate_weather

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]

STATION_SPREAD = 0.22
"""How different two stations of a city are, as the standard deviation of the logarithm."""
HOURLY_SPREAD = 0.18
"""How much a source fluctuates from hour to hour at a station, likewise."""


class World:
    """State of the province; the same for the whole of it and for any part of it.

    Parameters
    ----------
    seed : int
    start, end : datetime
        UTC.
    """

    def __init__(self, seed: int, start: datetime, end: datetime) -> None:
        self.seed = seed
        self.start = start
        self.end = end

    @cached_property
    def events(self) -> Events:
        """When what happens."""
        return schedule(self.start, self.end)

    @cached_property
    def weather(self) -> Weather:
        """Hourly weather of the cities."""
        return simulate_weather(self.seed, self.start, self.end, self.events)

    @cached_property
    def air(self) -> Air:
        """Hourly air of the cities."""
        return simulate_air(self.weather)

    @cached_property
    def plume_source(self) -> plume.PlumeSource | None:
        """The industrial release; None where the span is too short for one."""
        if self.events.plume is None:
            return None
        target = next(station for station in all_stations(self.seed) if station.id == PLUME_TARGET)
        return plume.aim(self.events.plume, target, self.weather, city_index(target))


@dataclass(frozen=True)
class Site:
    """The world as seen from one station."""

    world: World
    station: Station

    @cached_property
    def city(self) -> int:
        """Position of the city."""
        return city_index(self.station)

    def rng(self, *names: str) -> np.random.Generator:
        """Generator of this station for one purpose."""
        return generator(self.world.seed, self.station.id, *names)

    def field(self, name: str, times: Field) -> Field:
        """Weather field of the city at any times (epoch seconds), linear between the hours."""
        hourly: Field = getattr(self.world.weather, name)[:, self.city]
        return np.interp(times, self.world.weather.times, hourly)

    def ox(self, times: Field) -> Field:
        """O3 + NO2 without the NO2 that is emitted as such [ppb]."""
        return np.interp(times, self.world.weather.times, self.world.air.ox[:, self.city])

    @cached_property
    def contributions(self) -> Field:
        """Contribution of each source at the station at whole hours [ug m⁻³], shape (hour, source)."""
        city = self.world.air.contributions[:, self.city]
        rng = self.rng("sources")
        factor = np.exp(STATION_SPREAD * rng.standard_normal(city.shape[1]))
        noise = np.exp(HOURLY_SPREAD * ar1(rng, city.shape, 0.6))
        local: Field = city * factor * noise
        if self.world.plume_source is not None:
            weather = self.world.weather
            wind = (weather.wind_east[:, self.city], weather.wind_north[:, self.city])
            local[:, load_profiles().row("plume")] = plume.contribution(
                self.world.plume_source, self.station, weather.times, wind
            )
        return local

    @cached_property
    def _concentrations(self) -> Field:
        profiles = load_profiles()
        return self.contributions @ profiles.matrix + profiles.background

    def concentration(self, name: str, times: Field) -> Field:
        """Concentration of a parameter of the profiles at any times [ug m⁻³], linear between the hours."""
        column = self._concentrations[:, load_profiles().column(name)]
        return np.interp(times, self.world.weather.times, column)

    def contribution(self, source: str, times: Field) -> Field:
        """Contribution of one source at any times [ug m⁻³]."""
        return np.interp(times, self.world.weather.times, self.contributions[:, load_profiles().row(source)])
