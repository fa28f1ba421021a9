"""A month of the simulated province with known truth, as the alerts of it are grouped into cases.

Five spans of six days follow four days without events, from which the usual levels come. Each span has one haze or none, one ozone episode and one rain; releases,
faults of instruments, outages of single stations, cut lines of a city and one outage of everything are drawn over the month.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from bench.verdict.flaw import Flaw
from bench.verdict.plan import Plan, PlannedWorld, _released, start_of
from bench.verdict.week import PlannedWeek
from schemas.interval import Interval, floor_hour
from sensors.simulator.events import CIVIL, Events
from sensors.simulator.layout import all_stations, kind_of
from sensors.simulator.stream import generator
from sensors.simulator.weather import Weather, simulate_weather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.network import Station

BEFORE_DAYS, SPANS, SPAN_DAYS = 4, 5, 6
DAYS = SPANS * SPAN_DAYS
RELEASES, FAULTS, OUTAGES, LINES = 16, 12, 5, 4
HOUR = timedelta(hours=1)
_KEPT = frozenset({"gas", "met", "gamma", "mass", "bc", "gc", "flux"})
_FEW = {"gc": ("benzene", "toluene", "m_p_xylene", "ethylene", "propane"), "flux": ("temperature", "relative_humidity")}
_KINDS = ("industry", "coal", "stack", "smelter")
LIMITS = {"pm25": 150.0, "so2": 500.0, "benzene": 30.0}
"""Levels that a release reaches at its target [ug m⁻³]: those of the rules, times what is drawn."""


@dataclass(frozen=True, kw_only=True)
class TrueEvent:
    """One thing that happened.

    Attributes
    ----------
    kind : str
        ``haze``, ``ozone``, ``plume``, ``fault``, ``outage``, ``line``, ``system``.
    parts : frozenset of (station id, instrument id, parameter or None)
        Of faults and outages: what fails. Of plumes the stations that are reached.
    """

    id: str
    kind: str
    interval: Interval
    parts: frozenset[tuple[str, str, str | None]] = frozenset()


class MonthWorld(PlannedWorld):
    """A world with the weather events of several spans."""

    def __init__(self, seed: int, start: datetime, end: datetime, events: list[Events]) -> None:
        super().__init__(seed, start, end, Events(haze=None, rain=None, ozone=None, plume=None), (1.0, 1.0))
        self._spans = events

    @cached_property
    def weather(self) -> Weather:
        """Of each span with its own events; the drawn numbers are the same."""
        calm = simulate_weather(self.seed, self.start, self.end, self._events)
        found = {name: value.copy() for name, value in _arrays(calm).items()}
        for number, events in enumerate(self._spans):
            own = _arrays(simulate_weather(self.seed, self.start, self.end, events))
            begin = self.start + timedelta(days=BEFORE_DAYS + number * SPAN_DAYS)
            inside = (calm.times >= begin.timestamp()) & (calm.times < (begin + timedelta(days=SPAN_DAYS)).timestamp())
            for name, value in own.items():
                found[name][inside] = value[inside]
        return replace(calm, **found)


def _arrays(weather: Weather) -> dict[str, np.ndarray]:
    return {name: getattr(weather, name) for name in Weather.__dataclass_fields__ if name != "times"}


@dataclass(kw_only=True)
class Month:
    """A month, and what happened in it."""

    seed: int
    week: PlannedWeek
    events: list[TrueEvent] = field(default_factory=list)

    @property
    def begin(self) -> datetime:
        """First moment that counts."""
        return self.week.start + timedelta(days=BEFORE_DAYS)


def simulated_month(seed: int) -> Month:
    """The month of a seed."""
    rng = generator(seed, "cases-month")
    start = start_of(seed)
    end = start + timedelta(days=BEFORE_DAYS + DAYS)
    spans = [_events(rng, start + timedelta(days=BEFORE_DAYS + number * SPAN_DAYS)) for number in range(SPANS)]
    stations = tuple(_thinned(all_stations(seed)))
    plan = Plan(seed=seed, world=MonthWorld(seed, start, end, spans), stations=stations)
    events = [
        TrueEvent(id=f"{kind}-{number}", kind=kind, interval=interval)
        for number, item in enumerate(spans)
        for kind, interval in (("haze", item.haze), ("ozone", item.ozone))
        if interval is not None
    ]
    events += _plumes(plan, rng)
    events += _faults(plan, rng)
    events += _silences(plan, rng)
    return Month(seed=seed, week=PlannedWeek(plan), events=sorted(events, key=lambda item: item.interval.start))


def _thinned(stations: tuple[Station, ...]) -> Iterator[Station]:
    for station in stations:
        kept = tuple(
            msgspec.structs.replace(item, parameters=_FEW.get(kind_of(item), item.parameters))
            for item in station.instruments
            if kind_of(item) in _KEPT
        )
        yield msgspec.structs.replace(station, instruments=kept or station.instruments[:1])


def _events(rng: np.random.Generator, begin: datetime) -> Events:
    """One haze in two of three spans, one ozone episode of a day and one rain, apart from each other."""
    haze_at = floor_hour(begin + timedelta(hours=float(rng.uniform(4, 20))))
    haze = Interval(haze_at, haze_at + timedelta(hours=int(rng.integers(24, 54))))
    day = begin.astimezone(CIVIL).replace(hour=10, minute=0) + timedelta(days=int(rng.integers(4, 6)))
    ozone = Interval(day.astimezone(UTC), day.astimezone(UTC) + 8 * HOUR)
    rain_at = haze.end + timedelta(hours=int(rng.integers(2, 10)))
    is_hazy = rng.random() < 2 / 3
    return Events(
        haze=haze if is_hazy else None,
        rain=Interval(rain_at, rain_at + timedelta(hours=int(rng.integers(2, 6)))),
        ozone=ozone,
        plume=None,
        haze_strength=float(rng.uniform(0.6, 1.0)),
        ozone_strength=float(rng.uniform(0.8, 1.1)),
    )


def _moments(plan: Plan, rng: np.random.Generator, count: int, hours: float) -> list[datetime]:
    first = plan.world.start + timedelta(days=BEFORE_DAYS)
    span = (plan.world.end - first) / HOUR - hours - 2
    return [first + timedelta(hours=float(value)) for value in np.sort(rng.uniform(0, span, count))]


def _plumes(plan: Plan, rng: np.random.Generator) -> Iterator[TrueEvent]:
    """Releases that exceed a threshold at their target, at stations drawn at random."""
    targets = [item for item in plan.stations if any(kind_of(one) in {"gas", "gc"} for one in item.instruments)]
    for number, at in enumerate(_moments(plan, rng, RELEASES, 10)):
        station = targets[int(rng.integers(len(targets)))]
        found = list(_released(station, plan, at.timestamp(), _KINDS, rng))
        if not found:
            continue
        own = next(item for item in found if item.is_target)
        measured = {code for one in station.instruments for code in one.parameters}
        peak = float(pd.Series(own.strength).rolling(60, min_periods=1).mean().max())
        levels = {code: own.profile.get(code, 0.0) * peak / limit for code, limit in LIMITS.items() if code in measured}
        code = max(levels, key=lambda name: levels[name], default=None)
        if code is None or levels[code] <= 0:
            continue
        scale = float(rng.uniform(1.2, 3.0)) / levels[code]
        plan.releases.extend(replace(item, strength=item.strength * scale) for item in found)
        end = datetime.fromtimestamp(float(own.end), UTC)
        parts = frozenset((item.station_id, "", None) for item in found)
        yield TrueEvent(id=f"plume-{number}", kind="plume", interval=Interval(at, end), parts=parts)


def _faults(plan: Plan, rng: np.random.Generator) -> Iterator[TrueEvent]:
    """Faults whose values exceed a threshold: gains and offsets of gas analysers and particle monitors."""
    gas = [(item, one) for item in plan.stations for one in item.instruments if kind_of(one) == "gas"]
    for number, at in enumerate(_moments(plan, rng, FAULTS, 30)):
        station, instrument = gas[int(rng.integers(len(gas)))]
        code = ("pm25", "pm25", "o3", "no2")[int(rng.integers(4))]
        is_gain = rng.random() < 0.5
        hours = float(rng.uniform(3, 24))
        begin = 60.0 * np.floor(at.timestamp() / 60)
        flaw = Flaw(
            kind="step", variant="gain" if is_gain else "offset", station_id=station.id, instrument_id=instrument.id,
            parameter=code, start=begin, end=begin + hours * 3600,
            size=float(rng.uniform(3.5, 7)) if is_gain else float(rng.uniform(7, 14)),
        )  # fmt: skip
        plan.flaws.append(flaw)
        yield TrueEvent(
            id=f"fault-{number}",
            kind="fault",
            interval=_interval(flaw),
            parts=frozenset({(station.id, instrument.id, code)}),
        )


def _silences(plan: Plan, rng: np.random.Generator) -> Iterator[TrueEvent]:
    """Outages of stations, of lines and of everything."""
    by_city: dict[str, list[Station]] = {}
    for item in plan.stations:
        by_city.setdefault(item.city, []).append(item)
    cities = [own for own in by_city.values() if len(own) >= 3]
    chosen = [("outage", [plan.stations[int(rng.integers(len(plan.stations)))]]) for _ in range(OUTAGES)]
    for _ in range(LINES):
        own = cities[int(rng.integers(len(cities)))]
        spared = int(rng.integers(len(own) + 1))  # one of the stations has another line, or none
        chosen.append(("line", [item for number, item in enumerate(own) if number != spared or len(own) < 4]))
    chosen.append(("system", list(plan.stations)))
    moments = _moments(plan, rng, len(chosen), 12)
    for number, position in enumerate(rng.permutation(len(chosen))):
        kind, stations = chosen[int(position)]
        begin, hours = 60.0 * np.floor(moments[number].timestamp() / 60), float(rng.uniform(4, 10))
        parts = set()
        for station in stations:
            for instrument in station.instruments:
                plan.flaws.append(
                    Flaw(
                        kind="outage",
                        variant="outage",
                        station_id=station.id,
                        instrument_id=instrument.id,
                        parameter=None,
                        start=begin,
                        end=begin + hours * 3600,
                        size=0.0,
                    )
                )
                parts.add((station.id, instrument.id, None))
        interval = Interval(*(datetime.fromtimestamp(at, UTC) for at in (begin, begin + hours * 3600)))
        yield TrueEvent(id=f"{kind}-{number}", kind=kind, interval=interval, parts=frozenset(parts))


def _interval(flaw: Flaw) -> Interval:
    return Interval(datetime.fromtimestamp(flaw.start, UTC), datetime.fromtimestamp(flaw.end, UTC))
