"""Analytic winds with known trajectories, on the sphere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.trajectory.grid import LevelKind, WindGrid, wind_grid
from analysis.receptor.trajectory.sphere import EARTH_RADIUS_M, wind_vector

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DAY_S = 86_400.0


@dataclass(frozen=True)
class Field:
    """Wind of a function of time, place (unit vectors) and level; nowhere ends."""

    function: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]

    def at(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.function(time_s, place, level)

    def outside(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        del time_s, place
        nowhere = np.zeros(len(level), dtype=bool)
        return nowhere, nowhere, nowhere


def rotation(axis: NDArray[np.float64], period_s: float) -> Field:
    """Solid rotation around an axis."""
    spin = 2 * np.pi / period_s

    def at(
        time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return spin * EARTH_RADIUS_M * np.cross(axis, place), np.zeros(len(level))

    return Field(at)


def turned(place: NDArray[np.float64], axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """A vector turned around an axis (Rodrigues)."""
    return np.asarray(
        place * np.cos(angle) + np.cross(axis, place) * np.sin(angle) + axis * (place @ axis) * (1 - np.cos(angle))
    )


def zonal(speed: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]) -> Field:
    """Wind to the east of a function of time [s] and latitude [deg]."""

    def at(
        time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lon, lat = np.degrees(np.arctan2(place[:, 1], place[:, 0])), np.degrees(np.arcsin(place[:, 2]))
        return wind_vector(lon, lat, speed(time_s, lat), np.zeros(len(lon))), np.zeros(len(lon))

    return Field(at)


def global_rotation(axis: NDArray[np.float64], period_s: float, step_deg: float) -> WindGrid:
    """Solid rotation on a grid around the Earth, poles included."""
    lat, lon = np.arange(-90.0, 90.0 + step_deg / 2, step_deg), np.arange(0.0, 360.0, step_deg)
    lon2, lat2 = np.meshgrid(np.radians(lon), np.radians(lat))
    place = np.stack([np.cos(lat2) * np.cos(lon2), np.cos(lat2) * np.sin(lon2), np.sin(lat2)], axis=-1)
    wind = 2 * np.pi / period_s * EARTH_RADIUS_M * np.cross(axis, place)
    east = np.stack([-np.sin(lon2), np.cos(lon2), 0 * lon2], axis=-1)
    north = np.stack([-np.sin(lat2) * np.cos(lon2), -np.sin(lat2) * np.sin(lon2), np.cos(lat2)], axis=-1)
    u, v = ((wind * base).sum(axis=-1) for base in (east, north))
    both = [np.broadcast_to(part, (2, 1, *part.shape)) for part in (u, v)]
    return wind_grid(
        np.array([0.0, 10 * DAY_S]), np.array([1000.0]), lat, lon, (both[0], both[1], None), kind=LevelKind.SURFACE
    )


def uniform(
    u: float, v: float, *, change: float | None = None, lat: tuple[float, float] = (30.0, 50.0),
    lon: tuple[float, float] = (110.0, 130.0), level: tuple[float, ...] = (500.0, 1000.0), days: float = 3.0,
) -> WindGrid:  # fmt: skip
    """The same wind at every node, 1 degree."""
    lats, lons = np.arange(lat[0], lat[1] + 0.5), np.arange(lon[0], lon[1] + 0.5)
    shape = (2, len(level), len(lats), len(lons))
    fields = (np.full(shape, u), np.full(shape, v), None if change is None else np.full(shape, change))
    return wind_grid(np.array([0.0, days * DAY_S]), np.array(level), lats, lons, fields)
