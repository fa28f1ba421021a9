"""What happens in a planned week for the cases of `qc.verdict`: stations, weather events, releases, faults; all by the seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bench.verdict.drawn_flaw import draw_drift, draw_flaw
from bench.verdict.release import HELD_OUT, LEADS, TRAINED, Release, profile_of, reach, shape_of
from schemas.interval import Interval, floor_hour
from schemas.network import Instrument
from sensors.simulator.events import CIVIL, Events
from sensors.simulator.geography import moved
from sensors.simulator.layout import all_stations, city_index, kind_of, kinds
from sensors.simulator.stream import generator
from sensors.simulator.weather import Weather, simulate_weather
from sensors.simulator.world import Site, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bench.verdict.flaw import Flaw
    from schemas.network import Station

    Field = NDArray[np.float64]

DAYS = 8
_BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
HOUR_S = 3600.0
FIRST_H = 84.0
"""Hours before the first case."""
NAMED = ("sources", "place")
"""Random numbers that belong to a station, not to one instrument of it."""
_DROPPED = 0.18


class PlannedWorld(World):
    """A world whose weather events are placed and sized by the seed, without a plume of its own."""

    def __init__(self, seed: int, start: datetime, end: datetime, events: Events, sizes: tuple[float, float]) -> None:
        super().__init__(seed, start, end)
        self._events, self._sizes = events, sizes

    @cached_property
    def events(self) -> Events:
        """When what happens."""
        return self._events

    @cached_property
    def weather(self) -> Weather:
        """Hourly weather of the cities."""
        found = simulate_weather(self.seed, self.start, self.end, self._events)
        return replace(found, haze=found.haze * self._sizes[0], ozone=found.ozone * self._sizes[1])


@dataclass(frozen=True)
class PlannedSite(Site):
    """A station in a planned week: releases reach it, and each instrument has a noise of its own."""

    instrument: str = ""
    releases: tuple[Release, ...] = ()

    def rng(self, *names: str) -> np.random.Generator:
        """Generator of this station, or of one of several instruments of a kind."""
        is_first = names[0] in NAMED or self.instrument.endswith("1")
        return super().rng(*names) if is_first else super().rng(*names, self.instrument)

    def concentration(self, name: str, times: Field) -> Field:
        """Concentration of a parameter of the profiles, releases with it [ug m⁻³]."""
        found = super().concentration(name, times)
        for release in self.releases:
            if name in release.profile:
                found = found + release.profile[name] * release.at(times)
        return found


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that happens in one week.

    Attributes
    ----------
    releases : list of Release
        One for each station that is reached.
    phases : dict of (station id, instrument id) to float
        Steady offset of an instrument's stamps [s].
    """

    seed: int
    world: PlannedWorld
    stations: tuple[Station, ...]
    releases: list[Release] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    phases: dict[tuple[str, str], float] = field(default_factory=dict)


def start_of(seed: int) -> datetime:
    """First moment of a week: the season goes by the seed."""
    return _BEGIN + timedelta(days=37 * seed % 360)


def plan_of(seed: int, *, is_held_out: bool = False) -> Plan:
    """Plan of a week; with ``is_held_out`` all releases are of kinds that no weight was fitted on."""
    rng = generator(seed, "verdict-plan")
    start = start_of(seed)
    world = PlannedWorld(
        seed, start, start + timedelta(days=DAYS), _events(rng, start), (rng.uniform(0.5, 1), rng.uniform(0.6, 1.2))
    )
    plan = Plan(seed=seed, world=world, stations=tuple(_stations(seed, rng)))
    for station in plan.stations:
        plan.phases.update(_phases(station, rng))
    kinds_of = HELD_OUT if is_held_out else TRAINED
    for station in plan.stations:
        if rng.random() < 0.2:
            plan.flaws.append(draw_drift(station, Interval(plan.world.start, plan.world.end), rng))
            continue
        for begin in _slots(plan, rng):
            chance = rng.random()
            if chance < 0.4:
                plan.releases.extend(_released(station, plan, begin, kinds_of, rng))
            elif chance < 0.9:
                plan.flaws.append(draw_flaw(station, begin, rng))
    return plan


def _phases(station: Station, rng: np.random.Generator) -> Iterator[tuple[tuple[str, str], float]]:
    """Steady offsets of some instruments' stamps from whole steps: they are no fault."""
    for instrument in station.instruments:
        if rng.random() < 0.15:
            yield (station.id, instrument.id), float(rng.integers(1, max(60, instrument.cadence_s)))


def _events(rng: np.random.Generator, start: datetime) -> Events:
    def at(low: float, high: float) -> datetime:
        return floor_hour(start + timedelta(hours=float(rng.uniform(low, high))))

    haze_at, rain_at = at(50, 130), at(88, 175)
    day = start.astimezone(CIVIL).replace(hour=10, minute=0) + timedelta(days=int(rng.integers(4, 7)))
    rain_at += timedelta(days=1) if abs(rain_at - day) < timedelta(hours=14) else timedelta(0)
    haze = Interval(haze_at, haze_at + timedelta(hours=int(rng.integers(16, 60))))
    rain = Interval(rain_at, rain_at + timedelta(hours=int(rng.integers(2, 9))))
    ozone = Interval(day.astimezone(UTC), day.astimezone(UTC) + timedelta(hours=8))
    return Events(haze=haze if rng.random() < 0.75 else None, rain=rain, ozone=ozone, plume=None)


def _stations(seed: int, rng: np.random.Generator) -> Iterator[Station]:
    """Stations of the province with instruments left out and added, so that no two weeks have the same network."""
    for station in all_stations(seed):
        kept = [item for item in station.instruments if kind_of(item) == "gas" or rng.random() > _DROPPED]
        is_alone = rng.random() < 0.08 and not any(kind_of(item) == "gas" for item in kept)
        kept = [kept[int(rng.integers(len(kept)))]] if is_alone and kept else kept or list(station.instruments[:1])
        if any(kind_of(item) == "gas" for item in kept):
            kept = _with_others(kept, rng)
        elif any(kind_of(item) == "mass" for item in kept) and rng.random() < 0.3:
            kept.append(_instrument("mass", 2, ("pm25", "pm10")))
        yield msgspec.structs.replace(station, instruments=tuple(kept))


def _with_others(kept: list[Instrument], rng: np.random.Generator) -> list[Instrument]:
    names = {kind_of(item) for item in kept}
    chance = rng.random()
    if chance < 0.16:
        few: list[tuple[str, ...]] = [("pm25", "pm10"), ("o3",), ("so2",), ("pm25",), ("pm25",), ("no", "no2")]
        kept[0] = msgspec.structs.replace(kept[0], parameters=few[int(rng.integers(len(few)))])
    elif chance < 0.42:
        several: list[tuple[str, ...]] = [("pm25", "pm10"), ("so2",), ("o3", "no2"), ("pm25",)]
        kept.append(_instrument("gas", 2, several[int(rng.integers(len(several)))]))
    if "mass" not in names and rng.random() < 0.3:
        kept.append(_instrument("mass", 1, ("pm25", "pm10")))
    if "bc" not in names and rng.random() < 0.2:
        kept.append(_instrument("bc", 1, ("bc",)))
    return kept


def _instrument(name: str, number: int, parameters: tuple[str, ...]) -> Instrument:
    kind = kinds()[name]
    return Instrument(id=f"{name}{number}", network=kind.network, cadence_s=kind.cadence_s, parameters=parameters)


def _slots(plan: Plan, rng: np.random.Generator) -> Iterator[float]:
    """Moments at which something may begin at a station [epoch seconds]."""
    begin, end = plan.world.start.timestamp(), plan.world.end.timestamp()
    at = begin + FIRST_H * HOUR_S + rng.uniform(0, 20) * HOUR_S
    while at < end - 13 * HOUR_S:
        yield 60.0 * np.floor(at / 60)
        at += rng.uniform(18, 44) * HOUR_S


def _released(
    station: Station, plan: Plan, begin: float, kinds_of: tuple[str, ...], rng: np.random.Generator
) -> Iterator[Release]:
    """One release at each station that it reaches; nothing where the station measures none of its parameters."""
    measured = {code for item in station.instruments for code in item.parameters}
    measured |= {"nox"} if "no2" in measured else set()
    measured |= {"coarse"} if "pm10" in measured else set()
    possible = [kind for kind in kinds_of if any(code in measured for code in LEADS[kind])]
    if not possible:
        return
    kind = possible[int(rng.integers(len(possible)))]
    lead = next(code for code in LEADS[kind] if code in measured)
    minutes = int(np.exp(rng.uniform(np.log(40), np.log(540))))
    profile = {**profile_of(kind, rng)}
    profile[lead] = max(profile.get(lead, 0.0), 1e-6)
    level = float(np.median(Site(plan.world, station).concentration(lead, plan.world.weather.times)))
    size = level * float(np.exp(rng.uniform(np.log(1.2), np.log(10)))) / profile[lead]
    wind = _wind(plan, station, begin + 30.0 * minutes)
    distance = float(np.exp(rng.uniform(np.log(0.8), np.log(8))))
    back = -distance / max(float(np.hypot(*wind)), 0.3)
    source = moved(station.lon or 0.0, station.lat or 0.0, east_km=back * wind[0], north_km=back * wind[1])
    for other in plan.stations:
        share = 1.0 if other.id == station.id else reach(source, other, wind, distance)
        if share:
            yield Release(
                kind=kind, station_id=other.id, start=begin, end=begin + 60.0 * minutes,
                strength=share * size * shape_of(rng, minutes), profile=profile, is_target=other.id == station.id,
            )  # fmt: skip


def _wind(plan: Plan, station: Station, at: float) -> tuple[float, float]:
    weather, city = plan.world.weather, city_index(station)
    row = int(np.clip(np.searchsorted(weather.times, at), 0, len(weather.times) - 1))
    return float(weather.wind_east[row, city]), float(weather.wind_north[row, city])
