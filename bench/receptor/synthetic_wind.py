"""Synthetic wind fields with one emitter: hourly samples of stations from puffs carried forwards.

The wind is a mean flow that wanders (two AR(1) series, as weather systems pass) and a few waves of a stream function that travel.
The puffs use steps, spread and direction in time of their own, so that truth and maps share the wind only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from analysis.receptor.trajectory.grid import LevelKind, WindGrid, wind_grid
from analysis.receptor.trajectory.integrator import trace
from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAYS = 90
STATIONS = ((118.0, 38.0), (118.9, 38.3), (117.6, 38.9))
"""Longitude and latitude [deg]; about 90 km apart."""
AGE_H = 48
"""[h] Puffs and trajectories end at this age."""
_WEST, _SOUTH, _SIZE, _STEP = 110.0, 30.0, 16.0, 0.5
_HOUR = 3600.0
_SPREAD_KM_H = 2.0
_BASE_KM = 5.0
_RATE = 2000.0
"""[concentration km²] Gives about 40 on the axis of a plume of 8 h."""
_FELT = 15.0
"""Concentration from the emitter at which a day counts, half the background."""
_FEWEST_DAYS = 15
_TRIES = 30


@dataclass(frozen=True)
class EmitterField:
    """Wind, emitter, and hourly samples of the stations in the order of ``start_s`` and ``station``."""

    grid: WindGrid
    lon: float
    lat: float
    start_s: NDArray[np.float64]
    station: NDArray[np.int64]
    concentration: NDArray[np.float64]


def ar1(rng: np.random.Generator, count: int, memory: float) -> NDArray[np.float64]:
    """AR(1) series of unit variance."""
    steps = np.sqrt(1 - memory**2) * rng.standard_normal(count + 400)
    return np.asarray(lfilter([1.0], [1.0, -memory], steps)[400:])


def winds(rng: np.random.Generator) -> WindGrid:
    """Hourly wind, about 5 m/s, on half a degree."""
    axis = np.arange(0.0, _SIZE + _STEP / 2, _STEP)
    hours = np.arange((DAYS + AGE_H // 24) * 24 + 1, dtype=np.float64)
    mean_u, mean_v = (4.0 * ar1(rng, len(hours), 0.97) for _ in range(2))
    u, v = (
        np.broadcast_to(part[:, None, None], (len(hours), len(axis), len(axis))).copy() for part in (mean_u, mean_v)
    )
    y, x = np.meshgrid(axis, axis, indexing="ij")
    for _ in range(4):
        kx, ky = rng.normal(0.0, 2 * np.pi / 10.0, 2)
        size, speed = 2.0 * rng.random() / np.hypot(kx, ky), rng.normal(0.0, 2 * np.pi / 48.0)
        phase = kx * x + ky * y - speed * hours[:, None, None] + rng.uniform(0, 2 * np.pi)
        u += -size * ky * np.cos(phase)
        v += size * kx * np.cos(phase)
    fields = (u[:, None], v[:, None], None)
    return wind_grid(hours * _HOUR, np.array([1000.0]), _SOUTH + axis, _WEST + axis, fields, kind=LevelKind.SURFACE)


def emitter_field(seed: int) -> EmitterField:
    """Wind, an emitter, and samples with an AR(1) background.

    The emitter is 100 to 300 km from the first station, at a place from which its air reaches a station on at least 15 of the 90 days.
    """
    rng = np.random.default_rng([seed, 2026])
    grid = winds(rng)
    hours = np.arange(AGE_H, AGE_H + DAYS * 24)
    for _ in range(_TRIES):
        lon, lat = _emitter(rng)
        signal = _RATE * _samples(grid, lon, lat, hours)
        if len(np.unique(hours[(signal > _FELT).any(axis=0)] // 24)) >= _FEWEST_DAYS:
            break
    shared = ar1(rng, len(hours), 0.95)
    background = [30.0 * np.exp(0.3 * (0.8 * shared + 0.6 * ar1(rng, len(hours), 0.9))) for _ in STATIONS]
    return EmitterField(
        grid=grid,
        lon=lon,
        lat=lat,
        start_s=np.tile(hours * _HOUR, len(STATIONS)),
        station=np.repeat(np.arange(len(STATIONS)), len(hours)),
        concentration=np.concatenate([own + part for own, part in zip(background, signal, strict=True)]),
    )


def _emitter(rng: np.random.Generator) -> tuple[float, float]:
    bearing, distance = rng.uniform(0, 2 * np.pi), rng.uniform(100.0, 300.0)
    lon, lat = STATIONS[0]
    east, north = distance * np.sin(bearing), distance * np.cos(bearing)
    return lon + east / (111.2 * np.cos(np.radians(lat))), lat + north / 111.2


def _samples(grid: WindGrid, lon: float, lat: float, hours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum of the puffs at each station and hour, shape (stations, hours); a puff every 20 minutes."""
    total = np.zeros((len(STATIONS), len(hours)))
    first, last = int(hours[0]), int(hours[-1])
    for minute in (0.0, 1200.0, 2400.0):
        released = np.arange(last, dtype=np.float64) * _HOUR + minute
        paths = trace(grid, released, (lon, lat, 1000.0), hours=AGE_H, step_s=1200.0)
        for age in range(1, AGE_H + 1):
            moment = np.arange(last) + age - first
            held = (moment >= 0) & (moment < len(hours)) & np.isfinite(paths.lon[:, age])
            sigma = _BASE_KM + _SPREAD_KM_H * (age + minute / _HOUR)
            for number, (station_lon, station_lat) in enumerate(STATIONS):
                away = great_circle_km(paths.lon[held, age], paths.lat[held, age], station_lon, station_lat)
                total[number, moment[held]] += np.exp(-0.5 * (away / sigma) ** 2) / sigma**2
    return total
