"""Months without any source: autocorrelated noise in every parameter, and a wind that walks at random and carries nothing.

A station's parameters share a part of their noise, as do the stations, so that an episode of one parameter is one of others too.
Concentrations never depend on the wind: any direction named here is wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from sensors.simulator.labelled.cluster import draw_cluster
from sensors.simulator.labelled.event import MINUTES_BEFORE, LabelledEvent, LabelledKind
from sensors.simulator.labelled.frame import hourly_frame, minute_frame
from sensors.simulator.labelled.window import exceeding
from sensors.simulator.profiles import load_profiles
from sensors.simulator.release.draw import canonical
from sensors.simulator.stream import ar1, generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.network import Station
    from sensors.simulator.labelled.cluster import Measured

    Field = NDArray[np.float64]

DAYS = 33
MEMORIES = (0.85, 0.99)
"""Least and largest correlation of the noise from hour to hour."""
TURN_DEG_H = (8.0, 30.0)
"""Standard deviation of the wind's turn within an hour [deg]."""
LAST_H = 72
"""The episode is one of the last hours."""
STRETCH_H = 6
"""An episode has at least so many hours."""
ALERTS = ("pm25", "so2", "no2", "co", "o3", "pm10", "toluene", "ch4")
_BASE = {"co2": (425.0, 9.0), "ch4": (1990.0, 35.0), "n2o": (338.5, 0.4), "h2o": (9000.0, 2500.0)}
_LEVEL = {"no": 8.0, "no2": 30.0, "o3": 70.0, "pm25": 35.0, "pm10": 60.0, "ammonia": 8.0}
_SHARES = (0.45, 0.55, 0.7)
"""Weights of the noise of the cluster, of the station and of the parameter; their squares add up to 1."""
_SPREAD = 0.55
_TYPICAL_UG_M3 = 3.0
_MINUTE_SPREAD = 0.06


def random_walk_wind(rng: np.random.Generator, hours: int, turn_deg: float) -> tuple[Field, Field]:
    """Wind by the minute whose direction walks at random.

    Parameters
    ----------
    rng : numpy.random.Generator
    hours : int
    turn_deg : float
        Standard deviation of the turn within an hour [deg].

    Returns
    -------
    tuple of array, (60 hours,)
        Speed [m s⁻¹], and the direction that it comes from [deg].

    Examples
    --------
    >>> speed, direction = random_walk_wind(np.random.Generator(np.random.PCG64(1)), 48, 20.0)
    >>> len(speed), bool(speed.min() > 0), bool(0 <= direction.min() and direction.max() < 360)
    (2880, True, True)
    """
    minutes = 60 * hours
    walk = np.cumsum(turn_deg / np.sqrt(60.0) * rng.standard_normal(minutes))
    direction = (rng.uniform(0, 360) + walk) % 360
    speed = 2.5 * np.exp(0.4 * ar1(rng, (minutes,), 0.998)) * np.exp(0.1 * ar1(rng, (minutes,), 0.7))
    return speed, direction


def noise_event(seed: int) -> LabelledEvent:
    """Make a month of noise and take the highest stretch of its last days for an episode.

    Parameters
    ----------
    seed : int
        At least 0; the same seed gives the same numbers.

    Examples
    --------
    >>> event = noise_event(1)
    >>> event.kind.value, event.release is None, len(event.hourly[event.station_id])
    ('noise', True, 792)
    """
    rng = generator(seed, "noise-event")
    stations = draw_cluster(rng)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=int(rng.integers(24 * 330)))
    hours = 24 * DAYS
    memory = float(rng.uniform(*MEMORIES))
    shared = ar1(rng, (hours,), memory)
    wind = random_walk_wind(rng, hours, float(rng.uniform(*TURN_DEG_H)))
    measured = {
        item.id: _station(item, generator(seed, "noise", item.id), start, (shared, memory), wind) for item in stations
    }
    hourly = {station_id: hourly_frame(found) for station_id, found in measured.items()}
    station = stations[int(rng.integers(len(stations)))]
    possible = [name for name in ALERTS if name in hourly[station.id]]
    name = possible[int(rng.integers(len(possible)))]
    values = hourly[station.id][name]
    means = values.rolling(STRETCH_H).mean().to_numpy(dtype=float)[-LAST_H:-4]
    stretch = start + timedelta(hours=hours - LAST_H + int(np.argmax(means)) + 1)
    highest = Interval(stretch - timedelta(hours=STRETCH_H), stretch)
    above = exceeding(values, highest)
    window = Interval(min(above.start, highest.start), max(above.end, highest.end))
    end = start + timedelta(hours=hours)
    since = max(window.start - MINUTES_BEFORE, start)
    return LabelledEvent(
        seed=seed,
        stations=stations,
        hourly=hourly,
        minute={station_id: minute_frame(found, since, end) for station_id, found in measured.items()},
        station_id=station.id,
        parameter=name,
        window=window,
        kind=LabelledKind.NOISE,
        interval=window,
    )


def _station(
    station: Station,
    rng: np.random.Generator,
    start: datetime,
    noise: tuple[Field, float],
    wind: tuple[Field, Field],
) -> Measured:
    shared, memory = noise
    own = ar1(rng, shared.shape, memory)
    measured: Measured = {}
    for instrument in station.instruments:
        step = instrument.cadence_s
        starts: Field = start.timestamp() + step * np.arange(len(shared) * 3600 // step, dtype=np.float64)
        measured[instrument.id] = starts, {}
        for name in instrument.parameters:
            parts = (shared, own, ar1(rng, shared.shape, memory))
            log = sum(share * part for share, part in zip(_SHARES, parts, strict=True))
            measured[instrument.id][1][name] = _values(name, np.asarray(log), len(starts), rng)
        if "wind_speed" in instrument.parameters:
            measured[instrument.id][1].update(_vane(wind, step, rng))
    return measured


def _values(name: str, log: Field, count: int, rng: np.random.Generator) -> Field:
    """Series at the cadence of an instrument: hourly noise, linear between the hours, and noise of the minute."""
    hours = np.arange(len(log)) + 0.5
    fine = np.interp((np.arange(count) + 0.5) * len(log) / count, hours, log)
    fine = _SPREAD * fine + _MINUTE_SPREAD * ar1(rng, (count,), 0.6)
    if name in _BASE:
        base, span = _BASE[name]
        return base + span * np.exp(fine)
    if name in _WEATHER:
        middle, span = _WEATHER[name]
        return np.maximum(middle + span * fine, 0.0)
    return _level(name) * np.exp(fine)


_WEATHER = {
    "temperature": (12.0, 5.0),
    "relative_humidity": (55.0, 12.0),
    "pressure": (1010.0, 5.0),
    "rain": (-1.0, 0.5),
    "global_radiation": (150.0, 90.0),
    "boundary_layer_height": (600.0, 180.0),
}


def _level(name: str) -> float:
    """Usual level in the canonical unit."""
    profiles = load_profiles()
    if name in _LEVEL or name not in profiles.parameters:
        return _LEVEL.get(name, 1.0)
    column = profiles.column(name)
    ug_m3 = profiles.background[column] + _TYPICAL_UG_M3 * profiles.matrix[:, column].sum()
    return float(canonical(name, np.array([max(ug_m3, 1e-3)]))[0])


def _vane(wind: tuple[Field, Field], step_s: int, rng: np.random.Generator) -> dict[str, Field]:
    """The wind as one station reports it."""
    speed, direction = (item.reshape(-1, step_s // 60) for item in wind)
    angle = np.radians(direction)
    east, north = (speed * np.sin(angle)).mean(axis=1), (speed * np.cos(angle)).mean(axis=1)
    gust = np.exp(0.12 * ar1(rng, east.shape, 0.7))
    turned = np.degrees(np.arctan2(east, north)) + 5 * ar1(rng, east.shape, 0.7)
    return {"wind_speed": np.maximum(np.hypot(east, north) * gust, 0.2), "wind_direction": turned % 360}
