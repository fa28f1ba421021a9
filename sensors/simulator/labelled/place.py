"""Places and rates of releases that a cluster of stations notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from sensors.simulator.geography import moved
from sensors.simulator.layout import city_index
from sensors.simulator.release.draw import Release, draw_release

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schemas.network import Station
    from sensors.simulator.release.wind import MinuteAir
    from sensors.simulator.world import World

NOTICED_UG_M3 = {
    "pm25": 60.0, "coarse": 120.0, "so2": 60.0, "nox": 90.0, "ch4": 250.0, "ammonia": 15.0, "toluene": 20.0,
    "ethylene": 10.0, "acetaldehyde": 8.0,
}  # fmt: skip
"""Hourly excess of the leading species that an alert would see; invention."""
DISTANCE_KM = (1.0, 9.0)
AIMED_DEG = 30.0
"""Largest angle between the way to the source and the mean wind."""
MOST_PAST = 3
_TRIES = 12
_MEASURED_AS = {"coarse": "pm10", "nox": "no2"}


def draw_past(rng: np.random.Generator, middle: Station, start: datetime, end: datetime) -> tuple[Release, ...]:
    """Up to three releases of any kind, anywhere within 12 km, in the history."""
    hours = int((end - start) / timedelta(hours=1))
    found = []
    for number in range(int(rng.integers(0, MOST_PAST + 1))):
        begin = start + timedelta(hours=int(rng.integers(24, hours)))
        interval = Interval(begin, begin + timedelta(hours=int(rng.integers(3, 11))))
        found.append(draw_release(rng, f"past-{number + 1}", _away(rng, middle, rng.uniform(0, 2 * np.pi)), interval))
    return tuple(found)


def place_release(rng: np.random.Generator, world: World, stations: tuple[Station, ...], interval: Interval) -> Release:
    """Draw a release upwind of the cluster whose rate makes one station notice it.

    Parameters
    ----------
    rng : numpy.random.Generator
    world : World
        Without it.
    stations : tuple of Station
        The middle one first.
    interval : Interval
        While it emits.

    Returns
    -------
    Release
        The first of twelve draws whose rate is in the range of its kind; else the last one, with the rate that is needed.
    """
    air = world.minute_air(city_index(stations[0]))
    part = air.part(interval.start.timestamp(), interval.end.timestamp())
    east, north = air.wind[part].mean(axis=0)
    upwind = float(np.arctan2(-north, -east))
    for _ in range(_TRIES):
        angle = upwind + np.radians(rng.uniform(-AIMED_DEG, AIMED_DEG))
        drawn = draw_release(rng, "event", _away(rng, stations[0], angle), interval)
        needed = 1.2 * NOTICED_UG_M3[drawn.kind.leading] / max(_peak_by_rate(drawn, stations, air), 1e-9)
        low, high = max(needed, drawn.kind.rate_kg_h[0]), drawn.kind.rate_kg_h[1]
        if low <= high:
            return replace(drawn, rate_kg_h=float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.4g}"))
    return replace(drawn, rate_kg_h=float(f"{min(needed, 20 * high):.4g}"))


def _away(rng: np.random.Generator, middle: Station, angle: float) -> tuple[float, float]:
    distance = float(rng.uniform(*DISTANCE_KM))
    east, north = distance * float(np.cos(angle)), distance * float(np.sin(angle))
    return moved(middle.lon or 0.0, middle.lat or 0.0, east_km=east, north_km=north)


def _peak_by_rate(release: Release, stations: Sequence[Station], air: MinuteAir) -> float:
    """Highest hourly mean at a station that measures the leading species, by rate [ug m⁻³ / (kg h⁻¹)]."""
    code = _MEASURED_AS.get(release.kind.leading, release.kind.leading)
    peaks = []
    for station in stations:
        if not any(code in item.parameters for item in station.instruments):
            continue
        _, values = release.excess(station.lon or 0.0, station.lat or 0.0, air)
        whole = values[: len(values) // 60 * 60]
        peaks.append(float(whole.reshape(-1, 60).mean(axis=1).max()) / release.rate_kg_h)
    return max(peaks, default=0.0)
