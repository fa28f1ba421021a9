"""A numerical weather forecast of the simulated province: its own later weather on a grid, with a stated error.

The errors are invented; they are not those of any model.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.geography import load_cities, offset_km
from sensors.simulator.stream import ar1, generator
from sensors.simulator.weather import HOUR_S, simulate_weather
from sensors.weather_forecast.run import Cell, RunField, WeatherRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensors.simulator.world import World

    Field = NDArray[np.float64]

HOURS = 96
"""Length of a run [h]."""
ADDED_ERRORS = MappingProxyType(
    {"temperature": 1.5, "humidity": 8.0, "pressure": 1.0, "wind_east": 1.0, "wind_north": 1.0}
)
"""Standard deviation of the error 24 h ahead [unit of the field]; it grows with the root of the lead."""
RELATIVE_ERRORS = MappingProxyType({"radiation": 0.25, "blh": 0.25, "rain": 0.4})
"""The same of the logarithm [1]."""
_CODES = MappingProxyType(
    {
        "temperature": "temperature",
        "humidity": "relative_humidity",
        "pressure": "pressure",
        "wind_east": "wind_east",
        "wind_north": "wind_north",
        "rain": "rain",
        "radiation": "global_radiation",
        "blh": "boundary_layer_height",
    }
)
_PERSISTENCE = 0.95
"""Correlation of an error from hour to hour."""
_SPACING_DEG, _MARGIN_DEG = 0.25, 0.75


def forecast_run(world: World, reference: datetime, *, hours: int = HOURS, error: float = 1.0) -> WeatherRun:
    """Run of a reference time, as files have it.

    Parameters
    ----------
    world : World
        Of which the weather is forecast; after its end the weather goes on by itself, with other local noise.
    reference : datetime
        Aware, a whole hour within the weather of the world.
    hours : int
        Length of the run [h].
    error : float
        Factor of the stated errors [1]; 0: none.

    Returns
    -------
    WeatherRun
        Same arguments, same values.
    """
    first = int(reference.timestamp() // HOUR_S)
    lon, lat = _axes()
    weights = _weights(lon, lat)
    lead = np.arange(hours + 1)
    rng = generator(world.seed, "weather_forecast", str(first))
    growth = error * np.sqrt(lead / 24.0)
    fields = {}
    for name, code in _CODES.items():
        noise = (growth * ar1(rng, (hours + 1,), _PERSISTENCE))[:, None]
        values = _later(world, name, first, hours)
        values = (
            values + ADDED_ERRORS[name] * noise
            if name in ADDED_ERRORS
            else values * np.exp(RELATIVE_ERRORS[name] * noise)
        )
        fields[code] = _field(name, np.clip(values, *_BOUNDS.get(name, (-np.inf, np.inf))), weights)
    return WeatherRun(
        place="simulated", reference_h=first, valid_h=first + lead.astype(np.int64), lat=lat, lon=lon, fields=fields
    )


_BOUNDS = {"humidity": (2.0, 100.0), "rain": (0.0, 200.0), "radiation": (0.0, 1400.0), "blh": (20.0, 5000.0)}


def _later(world: World, name: str, first: int, hours: int) -> Field:
    """Field of the cities at the hours of a run, (hours + 1, city)."""
    weather = world.weather
    start = int(weather.times[0] // HOUR_S)
    known: Field = getattr(weather, name)[first - start : first - start + hours + 1]
    absent = hours + 1 - len(known)
    if not absent:
        return known
    begin, end = (weather.times[place] + shift * HOUR_S for place, shift in ((0, 24), (-1, absent)))
    longer = simulate_weather(world.seed, _moment(float(begin)), _moment(float(end)), world.events)
    more: Field = getattr(longer, name)[first - start + len(known) : first - start + hours + 1]
    return np.concatenate([known, more])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _field(name: str, cities: Field, weights: Field) -> RunField:
    """Values on the grid; of rain the amount of the hour that ends."""
    if name == "rain":
        amounts = np.concatenate([[np.zeros(cities.shape[1])], (cities[1:] + cities[:-1]) / 2])
        return RunField(values=_spread(amounts, weights), cell=Cell.SUM)
    return RunField(values=_spread(cities, weights))


def _spread(cities: Field, weights: Field) -> NDArray[np.float32]:
    return np.asarray(np.einsum("tc,cyx->tyx", cities, weights), dtype=np.float32)


def _axes() -> tuple[Field, Field]:
    places = [(city.lon, city.lat) for city in load_cities()]
    low, high = np.min(places, axis=0) - _MARGIN_DEG, np.max(places, axis=0) + _MARGIN_DEG
    lon, lat = (
        np.arange(np.floor(first / _SPACING_DEG), np.ceil(last / _SPACING_DEG) + 1) * _SPACING_DEG
        for first, last in zip(low, high, strict=True)
    )
    return lon, lat


def _weights(lon: Field, lat: Field) -> Field:
    """Weight of each city at each node, (city, y, x): the fourth power of the inverse distance, but no nearer than 5 km."""
    distance = np.array(
        [[[np.hypot(*offset_km(x, y, city.lon, city.lat)) for x in lon] for y in lat] for city in load_cities()]
    )
    weight: Field = 1.0 / np.maximum(distance, 5.0) ** 4
    return np.asarray(weight / weight.sum(axis=0))
