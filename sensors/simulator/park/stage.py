"""Which enterprises around the park release something, when, and how much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from sensors.simulator.geography import offset_km
from sensors.simulator.layout import city_index
from sensors.simulator.park.enterprise import GROUPS, SimulatedEnterprise, draw_enterprises
from sensors.simulator.park.station import park_city, park_stations
from sensors.simulator.release.draw import Release, draw_release
from sensors.simulator.release.wind import minute_air
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from datetime import datetime

    from sensors.simulator.release.wind import MinuteAir
    from sensors.simulator.weather import Weather

SLOTS: tuple[tuple[str, int, int], ...] = (
    ("greenhouse", -52, -46),
    ("voc", -22, -15),
    ("particles", -13, -6),
    ("gases", -4, 4),
    ("voc", 6, 12),
    ("particles", 14, 20),
)
"""Group, begin and end in hours from the moment of the demonstration; before the rain, and between the haze and the end of the staged
province. Greenhouse gases come before the day that the gate holds, which has no case file."""
STATIONS = 3
"""So many stations get a rate's worth of notice."""
NOTICED_UG_M3 = {"pm25": 90.0, "coarse": 200.0, "so2": 70.0, "ch4": 350.0, "toluene": 30.0, "ethylene": 20.0}
"""Hourly excess of the leading species at the third station; invention, above any usual alert."""
LARGEST = 2.0
"""A staged rate may exceed the usual ones of its kind by this factor [1]."""
UPWIND_DEG = 45.0
"""Largest angle between the way to an enterprise and the mean wind of its slot."""
_LEAST_OPTIONS = 2


def stage_releases(seed: int, hour: datetime, weather: Weather) -> tuple[Release, ...]:
    """Releases around a whole hour; in each slot of the enterprise that the wind brings to most stations.

    Parameters
    ----------
    seed : int
    hour : datetime
        Whole hour of the demonstration, UTC.
    weather : Weather
        Slots that it does not cover are left out.
    """
    air = minute_air(seed, weather, city_index(park_stations(seed)[0]))
    first, last = air.times[0], air.times[-1]
    found = []
    for number, (group, begin, end) in enumerate(SLOTS, 1):
        interval = Interval(hour + timedelta(hours=begin), hour + timedelta(hours=end))
        if interval.start.timestamp() >= first and interval.end.timestamp() <= last:
            wind = air.wind[air.part(interval.start.timestamp(), interval.end.timestamp())].mean(axis=0)
            upwind = _upwind(seed, GROUPS[group], np.arctan2(-wind[0], -wind[1]))
            found.append(_best([_release(seed, f"staged-{number}", item, interval) for item in upwind], seed, air))
    return tuple(found)


def _upwind(seed: int, kinds: tuple[str, ...], from_rad: float) -> list[SimulatedEnterprise]:
    """Enterprises of some kinds at the park, those in the direction that the wind comes from; two at least."""
    middle = park_stations(seed)[0]
    own = f"sim-{park_city().letters}-"
    aside = {}
    for item in draw_enterprises(seed):
        if item.kind in kinds and item.id.startswith(own):
            way = offset_km(middle.lon or 0.0, middle.lat or 0.0, item.longitude, item.latitude)
            aside[item] = float(np.degrees(np.arccos(np.cos(np.arctan2(*way) - from_rad))))
    ordered = sorted(aside, key=aside.__getitem__)
    return ordered[: max(_LEAST_OPTIONS, sum(angle <= UPWIND_DEG for angle in aside.values()))]


def _release(seed: int, name: str, item: SimulatedEnterprise, interval: Interval) -> Release:
    """A release of an enterprise from a low outlet, so that stations within 10 km notice it in winter too."""
    rng = generator(seed, "staged", name, item.id)
    drawn = draw_release(rng, f"{name}-{item.id}", (item.longitude, item.latitude), interval, among=(item.kind,))
    return replace(drawn, height_m=drawn.kind.height_m[0], buoyancy_m4_s3=drawn.kind.buoyancy_m4_s3[0])


def _best(options: list[Release], seed: int, air: MinuteAir) -> Release:
    """The release whose third station notices most, with the rate that it needs."""
    by_rate = [_third_peak(release, seed, air) / NOTICED_UG_M3[release.kind.leading] for release in options]
    best = max(range(len(options)), key=by_rate.__getitem__)
    low, high = options[best].kind.rate_kg_h
    rate = min(max(1 / max(by_rate[best], 1e-9), low), LARGEST * high)
    return replace(options[best], rate_kg_h=float(f"{rate:.4g}"))


def _third_peak(release: Release, seed: int, air: MinuteAir) -> float:
    """Highest hourly mean at the third of the stations, by rate [ug m⁻³ / (kg h⁻¹)]."""
    peaks = []
    for station in park_stations(seed):
        _, values = release.excess(station.lon or 0.0, station.lat or 0.0, air)
        hours = values[: len(values) // 60 * 60].reshape(-1, 60).mean(axis=1)
        peaks.append(float(hours.max(initial=0.0)) / release.rate_kg_h)
    return sorted(peaks, reverse=True)[STATIONS - 1]
