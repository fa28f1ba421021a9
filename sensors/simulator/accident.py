"""A release that reaches one station within minutes of a given moment: what an alert of readings is for.

It is on the ground, about a kilometre upwind of a station that reports every minute, and begins so early that its front arrives at that
moment, for the wind as it is then. All of it is invented.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from sensors.simulator.geography import moved
from sensors.simulator.layout import all_stations, city_index
from sensors.simulator.release.draw import draw_release
from sensors.simulator.release.wind import minute_air
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.network import Station
    from sensors.simulator.release.draw import Release
    from sensors.simulator.release.wind import MinuteAir
    from sensors.simulator.weather import Weather

STATION = "ln-dl-01"
"""In a city so far from the others that no other staged event reaches it."""
KIND = "heavy_oil"
DISTANCE_KM = 1.2
LASTS = timedelta(hours=2)
PEAK_UG_M3 = 1200.0
"""Highest minute of the leading species that it adds at the station; far above any limit of an hour."""
FRONT_UG_M3 = 400.0
"""The front has arrived with the first minute above it."""
_ROUNDS = 3


def stage_accident(seed: int, at: datetime, weather: Weather) -> Release:
    """The release whose front arrives at a moment.

    Parameters
    ----------
    seed : int
    at : datetime
        Whole minute, UTC; within the weather, with an hour before it.
    weather : Weather
    """
    station = next(item for item in all_stations(seed) if item.id == STATION)
    air = minute_air(seed, weather, city_index(station))
    during = air.part(at.timestamp() - 600, at.timestamp() + 600)
    east, north = air.wind[during].mean(axis=0)
    length = max(float(np.hypot(east, north)), 1e-6)
    place = moved(
        station.lon or 0.0,
        station.lat or 0.0,
        east_km=float(-DISTANCE_KM * east / length),
        north_km=float(-DISTANCE_KM * north / length),
    )
    rng = generator(seed, "accident")
    drawn = draw_release(rng, f"accident-{STATION}", place, Interval(at, at + LASTS), among=(KIND,))
    drawn = replace(drawn, height_m=2.0, buoyancy_m4_s3=0.0)
    for _ in range(_ROUNDS):  # the wind of other minutes carries it on another way
        drawn = _with_peak(drawn, station, air)
        late = round((_arrival(drawn, station, air) - at.timestamp()) / 60)
        drawn = replace(drawn, interval=Interval(drawn.interval.start - timedelta(minutes=late), at + LASTS))
    return _with_peak(drawn, station, air)


def _with_peak(release: Release, station: Station, air: MinuteAir) -> Release:
    _, values = release.excess(station.lon or 0.0, station.lat or 0.0, air)
    peak = max(float(values.max(initial=0.0)), 1e-9)
    return replace(release, rate_kg_h=float(f"{release.rate_kg_h * PEAK_UG_M3 / peak:.4g}"))


def _arrival(release: Release, station: Station, air: MinuteAir) -> float:
    """First minute above `FRONT_UG_M3`, epoch seconds."""
    part, values = release.excess(station.lon or 0.0, station.lat or 0.0, air)
    return float(air.times[part][int(np.argmax(values > FRONT_UG_M3))])
