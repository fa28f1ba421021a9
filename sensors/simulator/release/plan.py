"""Releases of a province over a period: so many a day, by seed, several at once, most of them upwind of a station."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval, floor_hour
from sensors.simulator.geography import moved
from sensors.simulator.layout import city_index
from sensors.simulator.release.draw import draw_release
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schemas.network import Station
    from sensors.simulator.release.draw import Release
    from sensors.simulator.weather import Weather

AIMED_SHARE = 0.8
AIMED_DEG = 20.0
DISTANCE_KM = (1.5, 10.0)
DURATION_H = (3, 13)
_DAY = timedelta(days=1)
_INSTRUMENT_OF = {
    "ch4": "ghg1", "so2": "gas1", "nox": "gas1", "coarse": "gas1", "pm25": "gas1", "ammonia": "ions1",
    "toluene": "gc1", "ethylene": "gc1", "acetaldehyde": "gc1",
}  # fmt: skip


def plan_releases(
    seed: int, span: tuple[datetime, datetime], stations: Sequence[Station], weather: Weather, per_day: float
) -> tuple[Release, ...]:
    """Releases that begin in ``[start, end)``, in the order of their days.

    Parameters
    ----------
    seed : int
    span : tuple of datetime
        Start and end, UTC.
    stations : sequence of Station
        A release is placed near one that measures its leading species.
    weather : Weather
        Of the same period.
    per_day : float
        Mean number a day; the number of a day is drawn (Poisson).

    Raises
    ------
    ValueError
        If ``per_day`` is negative.
    """
    if per_day < 0:
        msg = f"releases: {per_day} a day, expected 0 or more"
        raise ValueError(msg)
    start, end = span
    found = []
    day = floor_hour(start).replace(hour=0)
    while day < end:
        rng = generator(seed, "releases", day.date().isoformat())
        for number in range(int(rng.poisson(per_day))):
            begin = day + timedelta(hours=int(rng.integers(24)))
            interval = Interval(begin, begin + timedelta(hours=int(rng.integers(*DURATION_H))))
            release = _placed(rng, f"{day:%Y%m%d}-{number + 1}", interval, stations, weather)
            if start <= begin < end:
                found.append(release)
        day += _DAY
    return tuple(found)


def _placed(
    rng: np.random.Generator, name: str, interval: Interval, stations: Sequence[Station], weather: Weather
) -> Release:
    drawn = draw_release(rng, name, (0.0, 0.0), interval)
    wanted = _INSTRUMENT_OF[drawn.kind.leading]
    near = [item for item in stations if any(instrument.id == wanted for instrument in item.instruments)]
    station = (near or list(stations))[int(rng.integers(len(near or stations)))]
    during = (weather.times >= interval.start.timestamp()) & (weather.times <= interval.end.timestamp())
    city = city_index(station)
    east, north = (item[during, city].sum() for item in (weather.wind_east, weather.wind_north))
    turn = np.radians(AIMED_DEG) if rng.random() < AIMED_SHARE else np.pi
    angle = float(np.arctan2(-north, -east) + rng.uniform(-turn, turn))
    distance = float(rng.uniform(*DISTANCE_KM))
    lon, lat = moved(
        station.lon or 0.0,
        station.lat or 0.0,
        east_km=distance * float(np.cos(angle)),
        north_km=distance * float(np.sin(angle)),
    )
    return replace(drawn, lon=round(lon, 5), lat=round(lat, 5))
