"""A cluster of stations 3 to 5 km apart, as around an industrial park, and the measurements of its instruments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemas.network import Instrument, Station
from sensors.simulator.geography import load_cities, moved
from sensors.simulator.layout import kinds
from sensors.simulator.series import simulate_instrument
from sensors.simulator.world import Site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sensors.simulator.geography import SimulatedCity
    from sensors.simulator.world import World

    Field = NDArray[np.float64]
    Measured = dict[str, tuple[Field, dict[str, Field]]]

SPACING_KM = (3.0, 5.0)
RING = 6
"""Stations around the one in the middle."""
EQUIPMENT: tuple[tuple[str, ...], ...] = (
    ("gas", "met", "ceil", "gc", "mass", "ions", "ocec", "xrf", "bc", "ghg"),
    ("gas", "met", "gc", "ghg"),
    ("gas", "met", "mass", "ions", "ocec", "xrf", "bc"),
    ("gas", "met", "gc", "ghg"),
    ("gas", "met"),
    ("gas", "met", "gc", "mass", "ions", "ocec", "xrf", "bc", "ghg"),
    ("gas", "met", "ghg"),
)
"""Kinds of instruments of each station, the one in the middle first."""
_PLACES_KM = (2.0, 9.0)
"""Distance of the cluster's middle from that of its city."""


def draw_cluster(
    rng: np.random.Generator, equipment: Sequence[tuple[str, ...]] = EQUIPMENT, within: SimulatedCity | None = None
) -> tuple[Station, ...]:
    """Stations of a cluster in a city: one in the middle, the others in a ring around it.

    Parameters
    ----------
    rng : numpy.random.Generator
    equipment : sequence of tuple of str
        Kinds of instruments of each station.
    within : SimulatedCity or None
        None: one that is drawn.

    Examples
    --------
    >>> len(draw_cluster(np.random.Generator(np.random.PCG64(1))))
    7
    """
    cities = load_cities()
    city = cities[int(rng.integers(len(cities)))] if within is None else within
    east, north = _turned(float(rng.uniform(*_PLACES_KM)), float(rng.uniform(0, 360)))
    middle = moved(city.lon, city.lat, east_km=east, north_km=north)
    turn = float(rng.uniform(0, 360))
    stations = []
    for number, names in enumerate(equipment):
        angle = turn + 360.0 / RING * number + float(rng.uniform(-8, 8))
        east, north = _turned(float(rng.uniform(*SPACING_KM)), angle) if number else (0.0, 0.0)
        lon, lat = moved(*middle, east_km=east, north_km=north)
        stations.append(
            Station(
                id=f"park-{number + 1:02d}",
                name_en=f"Park {number + 1} (simulated)",
                city=city.code,
                lon=round(lon, 5),
                lat=round(lat, 5),
                altitude_m=20,
                synthetic=True,
                instruments=tuple(_instrument(name) for name in names),
            )
        )
    return tuple(stations)


def measure(world: World, station: Station, only: Mapping[str, tuple[str, ...]] | None = None) -> Measured:
    """Faultless values of all instruments of a station over the world's period.

    Parameters
    ----------
    world : World
    station : Station
    only : mapping of str to tuple of str or None
        Instrument ids that are wanted, with their parameters; None: all.

    Returns
    -------
    dict of str to tuple
        By instrument: starts of the intervals (epoch seconds) and values by parameter in canonical units.
    """
    site = Site(world, station)
    found = {}
    for instrument in station.instruments:
        if only is not None and instrument.id not in only:
            continue
        starts = np.arange(world.start.timestamp(), world.end.timestamp(), instrument.cadence_s)
        values = simulate_instrument(site, instrument, starts)
        wanted = instrument.parameters if only is None else only[instrument.id]
        found[instrument.id] = starts, {name: values[name] for name in wanted}
    return found


def _instrument(name: str) -> Instrument:
    kind = kinds()[name]
    return Instrument(
        id=f"{name}1", network=kind.network, cadence_s=kind.cadence_s, parameters=kind.parameters, model="simulated"
    )


def _turned(distance_km: float, bearing_deg: float) -> tuple[float, float]:
    angle = np.radians(bearing_deg)
    return float(distance_km * np.sin(angle)), float(distance_km * np.cos(angle))
