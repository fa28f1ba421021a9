"""Releases of known place and rate that a cluster of stations meets: test data of an inversion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from sensors.simulator.events import Events
from sensors.simulator.geography import moved
from sensors.simulator.labelled.cluster import draw_cluster, measure
from sensors.simulator.labelled.frame import hourly_frame, minute_frame
from sensors.simulator.layout import city_index
from sensors.simulator.release.draw import Release, draw_release
from sensors.simulator.stream import generator
from sensors.simulator.world import World

if TYPE_CHECKING:
    import pandas as pd

    from schemas.network import Station

HISTORY = timedelta(days=5)
"""Before the release."""
SIGMA = 3.0
"""Robust standard deviations of the history by which a station counts as reached."""
KINDS: dict[str, str] = {
    "landfill": "ghg1", "gas_leak": "ghg1", "coal": "gas1", "heavy_oil": "gas1", "steel": "gas1", "biomass": "gas1",
    "solvent": "gc1", "petrochemical": "gc1",
}  # fmt: skip
"""Kinds whose leading species an instrument of the cluster measures, with the instrument."""
_DISTANCE_KM = (1.5, 9.0)
_AIMED_SHARE = 0.7
_AIMED_DEG = 25.0
_DURATION_H = (4, 13)
_YEAR_D = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRelease:
    """A release and what stations made of it.

    Attributes
    ----------
    seed : int
    species : str
        Parameter that all stations measure: ``ch4`` [ppb], ``so2`` or ``pm25`` [ug m⁻³], ``toluene`` or ``ethylene`` [ug m⁻³].
    stations : tuple of Station
        Seven, 3 to 5 km apart.
    hourly : dict of str to DataFrame
        By station id: ``species``, ``wind_speed`` [m s⁻¹], ``wind_direction`` (from) [deg], ``temperature`` [degC],
        ``pressure`` [hPa], ``global_radiation`` [W m⁻²], ``relative_humidity``, ``rain``, and at the first station
        ``boundary_layer_height`` [m]; `schemas.frames` hourly. Five days of history, the release, three hours after it.
    minute : dict of str to DataFrame
        The same parameters by the minute from two hours before the release; without ``species`` where it is hourly.
    window : Interval
        Whole hours from the begin of the release to two hours after its end: what an inversion is given as the event.
    release : Release
        Truth: ``lon``, ``lat``, ``rate_kg_h`` (mean of ``species``), ``interval``, ``height_m``, ``kind``.
    excess : dict of str to DataFrame
        Truth: what the release adds to ``species`` in each hour of the frames, canonical unit; column ``excess``.
    reached : tuple of str
        Truth: stations where it adds more than 3 robust standard deviations of their history in an hour at least.
    """

    seed: int
    species: str
    stations: tuple[Station, ...]
    hourly: dict[str, pd.DataFrame]
    minute: dict[str, pd.DataFrame]
    window: Interval
    release: Release
    excess: dict[str, pd.DataFrame]
    reached: tuple[str, ...]


def labelled_release(seed: int) -> LabelledRelease:
    """Draw a cluster, a stretch of weather and a release, and measure.

    Parameters
    ----------
    seed : int
        At least 0; the same seed gives the same numbers.

    Examples
    --------
    >>> case = labelled_release(5)
    >>> len(case.stations), case.species in case.hourly["park-01"], len(case.hourly["park-01"]) > 120
    (7, True, True)
    """
    rng = generator(seed, "labelled-release")
    kind = tuple(KINDS)[int(rng.integers(len(KINDS)))]
    instrument = KINDS[kind]
    equipment = (instrument[:-1], "met")
    stations = draw_cluster(rng, (((*equipment, "ceil")), *[equipment] * 6))
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=int(rng.integers(24 * _YEAR_D)))
    interval = Interval(begin, begin + timedelta(hours=int(rng.integers(*_DURATION_H))))
    release = _placed(seed, rng, stations, interval, kind)
    return _measured(seed, stations, release, instrument)


def _world(seed: int, interval: Interval, releases: tuple[Release, ...]) -> World:
    quiet = Events(haze=None, rain=None, ozone=None, plume=None)
    end = interval.end + timedelta(hours=3)
    return World(seed, interval.start - HISTORY, end, releases=releases, events=quiet)


def _placed(
    seed: int, rng: np.random.Generator, stations: tuple[Station, ...], interval: Interval, kind: str
) -> Release:
    """Upwind of the cluster in most cases, else in any direction."""
    middle, world = stations[0], _world(seed, interval, ())
    weather, city = world.weather, city_index(middle)
    during = (weather.times >= interval.start.timestamp()) & (weather.times <= interval.end.timestamp())
    east, north = (item[during, city].mean() for item in (weather.wind_east, weather.wind_north))
    is_aimed = rng.random() < _AIMED_SHARE
    turn = rng.uniform(-_AIMED_DEG, _AIMED_DEG) if is_aimed else rng.uniform(-180, 180)
    angle = float(np.arctan2(-north, -east) + np.radians(turn))
    distance = float(rng.uniform(*_DISTANCE_KM))
    lon, lat = middle.lon or 0.0, middle.lat or 0.0
    place = moved(lon, lat, east_km=distance * float(np.cos(angle)), north_km=distance * float(np.sin(angle)))
    return draw_release(rng, "release-1", place, interval, among=(kind,))


def _measured(seed: int, stations: tuple[Station, ...], release: Release, instrument: str) -> LabelledRelease:
    species = release.kind.leading
    interval = release.interval
    window = Interval(interval.start, interval.end + timedelta(hours=2))
    met, clean = _world(seed, interval, (release,)), _world(seed, interval, ())
    wanted = {instrument: (species,)}
    hourly, minute, excess, reached = {}, {}, {}, []
    for station in stations:
        others = {item.id: item.parameters for item in station.instruments if item.id != instrument}
        found = measure(met, station, {**wanted, **others})
        hourly[station.id] = hourly_frame(found)
        minute[station.id] = minute_frame(found, interval.start - timedelta(hours=2), met.end)
        without = hourly_frame(measure(clean, station, wanted))
        added = (hourly[station.id][species] - without[species]).rename("excess")
        excess[station.id] = added.to_frame()
        before = hourly[station.id].loc[: interval.start - timedelta(hours=1), species]
        if float(added.max()) > SIGMA * _robust_sigma(before.to_numpy(dtype=float)):
            reached.append(station.id)
    return LabelledRelease(
        seed=seed,
        species=species,
        stations=stations,
        hourly=hourly,
        minute=minute,
        window=window,
        release=release,
        excess=excess,
        reached=tuple(reached),
    )


def _robust_sigma(values: np.ndarray) -> float:
    """1.4826 times the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
