"""Everything that instruments of one simulated province can measure: weather, air and the plume, by station."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator import plume
from sensors.simulator.events import Events, schedule
from sensors.simulator.geography import load_cities, offset_km
from sensors.simulator.layout import PLUME_TARGET, all_stations, city_index
from sensors.simulator.profiles import load_profiles
from sensors.simulator.release.draw import FARTHEST_KM
from sensors.simulator.release.wind import MINUTE_S, MinuteAir, minute_air
from sensors.simulator.sources import Air, simulate_air
from sensors.simulator.stream import ar1, generator
from sensors.simulator.weather import Weather, simulate_weather

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.network import Station
    from sensors.simulator.release.draw import Release
    from sensors.simulator.story import Story

    Field = NDArray[np.float64]

STATION_SPREAD = 0.22
"""How different two stations of a city are, as the standard deviation of the logarithm."""
HOURLY_SPREAD = 0.18
"""How much a source fluctuates from hour to hour at a station, likewise."""
FARTHEST_STATION_KM = 45.0
"""Distance of a station from the centre of its city at most [km]."""
_WIND = ("wind_east", "wind_north")


class World:
    """State of the province; the same for the whole of it and for any part of it.

    Parameters
    ----------
    seed : int
    start, end : datetime
        UTC.
    story : Story or None
    releases : tuple of Release
        What is released at known places; near one, the wind that stations report has the meander that carries the puffs.
    events : Events or None
        In place of those that the span gives.
    """

    def __init__(
        self,
        seed: int,
        start: datetime,
        end: datetime,
        story: Story | None = None,
        *,
        releases: tuple[Release, ...] = (),
        events: Events | None = None,
    ) -> None:
        self.seed = seed
        self.start = start
        self.end = end
        self._story = story
        self.releases = releases
        self._given_events = events
        self._minute_air: dict[int, MinuteAir] = {}

    @cached_property
    def events(self) -> Events:
        """When what happens."""
        if self._given_events is not None:
            return self._given_events
        if self._story is None:
            return schedule(self.start, self.end)
        story = self._story
        planned = schedule(self.start, story.history_end, haze=story.haze, rain=story.rain)
        return replace(planned, more_plumes=story.plumes)

    @cached_property
    def weather(self) -> Weather:
        """Hourly weather of the cities, from the begin of the archive on where there is one."""
        archive = None if self._story is None else self._story.archive_start
        return simulate_weather(self.seed, archive or self.start, self.end, self.events)

    @cached_property
    def air(self) -> Air:
        """Hourly air of the cities."""
        return simulate_air(self.weather)

    def minute_air(self, city: int) -> MinuteAir:
        """Wind and turbulence of a city by the minute."""
        if city not in self._minute_air:
            self._minute_air[city] = minute_air(self.seed, self.weather, city)
        return self._minute_air[city]

    @cached_property
    def released_cities(self) -> frozenset[int]:
        """Positions of the cities whose stations a release may reach; the wind of the others has no meander."""
        reach = FARTHEST_KM + FARTHEST_STATION_KM
        return frozenset(
            index
            for index, city in enumerate(load_cities())
            if any(np.hypot(*offset_km(city.lon, city.lat, item.lon, item.lat)) < reach for item in self.releases)
        )

    @cached_property
    def plume_sources(self) -> tuple[plume.PlumeSource, ...]:
        """The industrial releases; none where the span is too short for one."""
        planned = [(self.events.plume, PLUME_TARGET), *self.events.more_plumes]
        known = {station.id: station for station in all_stations(self.seed)}
        return tuple(
            plume.aim(interval, known[target], self.weather, city_index(known[target]))
            for interval, target in planned
            if interval is not None
        )


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
        if name in _WIND and self.city in self.world.released_cities:
            air = self.world.minute_air(self.city)
            return _mean_around(times, air, air.wind[:, _WIND.index(name)])
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
        for source in self.world.plume_sources:
            local[:, load_profiles().row("plume")] += self.reached_by(source)
        return local

    def reached_by(self, source: plume.PlumeSource) -> Field:
        """PM2.5 that one release adds here at whole hours [ug m⁻³]."""
        weather = self.world.weather
        wind = (weather.wind_east[:, self.city], weather.wind_north[:, self.city])
        return plume.contribution(source, self.station, weather.times, wind)

    @cached_property
    def _concentrations(self) -> Field:
        profiles = load_profiles()
        return self.contributions @ profiles.matrix + profiles.background

    def concentration(self, name: str, times: Field) -> Field:
        """Concentration of a parameter of the profiles at any times [ug m⁻³], linear between the hours."""
        column = self._concentrations[:, load_profiles().column(name)]
        return np.interp(times, self.world.weather.times, column) + self.released(name, times)

    @cached_property
    def excess(self) -> dict[str, Field]:
        """What each release adds here by the minute of the city's air, of its leading species [ug m⁻³]."""
        air = self.world.minute_air(self.city)
        found = {}
        for release in self.world.releases:
            part, values = release.excess(self.station.lon or 0.0, self.station.lat or 0.0, air)
            if values.any():
                found[release.id] = np.zeros_like(air.times)
                found[release.id][part] = values
        return found

    def released(self, name: str, times: Field) -> Field:
        """What all releases add to a parameter at the middles of equal intervals, a mean over each of them [ug m⁻³]."""
        emitted = [
            release.emission[name] * self.excess[release.id]
            for release in self.world.releases
            if name in release.emission and release.id in self.excess
        ]
        if not emitted:
            return np.zeros_like(times)
        return _mean_around(times, self.world.minute_air(self.city), np.sum(emitted, axis=0))

    def contribution(self, source: str, times: Field) -> Field:
        """Contribution of one source at any times [ug m⁻³]."""
        return np.interp(times, self.world.weather.times, self.contributions[:, load_profiles().row(source)])


def _mean_around(times: Field, air: MinuteAir, values: Field) -> Field:
    """Means of a series by the minute over intervals whose middles are given, epoch seconds."""
    width_s = float(times[1] - times[0]) if len(times) > 1 else MINUTE_S
    edges = np.append(air.times[0] - MINUTE_S / 2, air.times + MINUTE_S / 2)
    total = np.concatenate([[0.0], np.cumsum(values)]) * MINUTE_S
    upper, lower = (np.interp(times + sign * width_s / 2, edges, total) for sign in (1, -1))
    mean: Field = (upper - lower) / width_s
    return mean
