"""Gridded winds as arrays, and the wind between the nodes.

The wind of a node is kept as a vector in space and interpolated as such, linearly in time, level, latitude and longitude: the wind
to the east has no meaning at a pole and jumps across it, the vector does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.trajectory.sphere import tangential, to_degrees, wind_vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL_CIRCLE_DEG = 360.0
_TINY = 1e-6
"""Rounding of coordinates stored as 32-bit numbers [deg, or part of a step]."""
_LONGEST_STEP_S = 12 * 3600.0
_MOST_STEPS = 2.5
"""Files lack hours where a step exceeds 12 h and so many usual steps [1]; project choice."""
_FASTEST_M_S = 200.0
"""[m s⁻¹] Faster wind is a mistake of units or scale; project choice."""


class WindGridError(ValueError):
    """Gridded wind that cannot be used; the message names the axis or field and says what is needed."""


class LevelKind(StrEnum):
    """Vertical coordinate of gridded wind."""

    PRESSURE = "hPa"
    SIGMA = "sigma"
    SURFACE = "surface"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindGrid:
    """Wind on a regular grid of longitude and latitude; built with `wind_grid`.

    Attributes
    ----------
    time_s : array of float, (times,)
        Seconds since 1970-01-01 UTC [s], increasing.
    level : array of float, (levels,)
        Pressure [hPa] or sigma [1], increasing, so downwards; one level of any value for `LevelKind.SURFACE`.
    kind : LevelKind
    lat, lon : array of float, (lats,), (lons,)
        Nodes [deg], increasing; longitudes without a jump, so that they may exceed 180. A grid around the whole Earth repeats its
        first meridian at the end.
    wind : array of float32, (times, levels, lats, lons, 4)
        Velocity in space [m s⁻¹], and change of level [hPa s⁻¹ or s⁻¹]; NaN missing.
    has_vertical : bool
        Whether the change of level is known; without it air stays at its level.
    """

    time_s: NDArray[np.float64]
    level: NDArray[np.float64]
    kind: LevelKind
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    wind: NDArray[np.float32]
    has_vertical: bool

    @property
    def is_global(self) -> bool:
        """Whether the grid goes around the whole Earth."""
        return bool(self.lon[-1] - self.lon[0] >= _FULL_CIRCLE_DEG - _TINY)

    @property
    def fastest_m_s(self) -> float:
        """Fastest horizontal wind of a node [m s⁻¹]; NaN without any."""
        speed = np.sqrt((self.wind[..., :3].astype(float) ** 2).sum(axis=-1))
        return float(np.nanmax(speed)) if np.isfinite(speed).any() else float("nan")

    def at(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wind at moments, places and levels.

        Parameters
        ----------
        time_s : array of float, (n,)
            Seconds since 1970-01-01 UTC [s].
        place : array of float, (n, 3)
            Unit vectors.
        level : array of float, (n,)
            [hPa or 1]; below the lowest level the wind of the lowest level holds.

        Returns
        -------
        velocity : array of float, (n, 3)
            Along the surface [m s⁻¹]; NaN outside the grid (`outside` says where) and where a node is missing.
        change : array of float, (n,)
            Of the level [hPa s⁻¹ or s⁻¹]; none downwards from the lowest level.
        """
        lon, lat = to_degrees(place)
        axes = [
            _bracket(self.time_s, time_s),
            _bracket(self.level, np.minimum(level, self.level[-1])),
            _bracket(self.lat, lat),
            _bracket(self.lon, self._own_lon(lon)),
        ]
        found = _interpolated(self.wind, axes)
        change = np.where(level >= self.level[-1], np.minimum(found[:, 3], 0.0), found[:, 3])
        return tangential(found[:, :3], place), change

    def outside(
        self, time_s: NDArray[np.float64], place: NDArray[np.float64], level: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Which points are beyond the times, beyond the horizontal edges, and above the top; parameters as in `at`."""
        lon, lat = to_degrees(place)
        own = self._own_lon(lon)
        times = (time_s < self.time_s[0] - _TINY) | (time_s > self.time_s[-1] + _TINY)
        edges = (lat < self.lat[0] - _TINY) | (lat > self.lat[-1] + _TINY)
        edges |= (own < self.lon[0] - _TINY) | (own > self.lon[-1] + _TINY)
        above = (
            level < self.level[0] - _TINY if self.kind is not LevelKind.SURFACE else np.zeros(len(level), dtype=bool)
        )
        return times, edges, above

    def _own_lon(self, lon: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitudes counted as the grid counts them."""
        turned = self.lon[0] + (lon - self.lon[0]) % _FULL_CIRCLE_DEG
        # A hair west of the first meridian is at the first meridian, not a turn away.
        return np.asarray(np.where(turned - self.lon[0] > _FULL_CIRCLE_DEG - _TINY, self.lon[0], turned))


def wind_grid(
    time_s: NDArray[np.float64],
    level: NDArray[np.float64],
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    fields: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating] | None],
    *,
    kind: LevelKind = LevelKind.PRESSURE,
) -> WindGrid:
    """Build a grid from arrays in any order of axes' directions.

    Parameters
    ----------
    time_s : array of float, (times,)
        Seconds since 1970-01-01 UTC [s]. Wind is missing in a step above 12 h that is longer than 2.5 usual ones.
    level : array of float, (levels,)
        [hPa] or [1], rising or falling.
    lat, lon : array of float, (lats,), (lons,)
        [deg], rising or falling; longitudes -180 to 180 or 0 to 360, also across the date line.
    fields : (array, array, array or None), each (times, levels, lats, lons)
        Wind to the east and to the north [m s⁻¹] and change of level [hPa s⁻¹ or s⁻¹]; NaN missing.
    kind : LevelKind

    Raises
    ------
    WindGridError
        For an axis that is not strictly monotonic or too short, shapes that do not agree, or impossible wind.

    Examples
    --------
    >>> import numpy as np
    >>> east = np.full((2, 1, 3, 3), 5.0)
    >>> axes = (np.array([0.0, 3600.0]), np.array([1000.0]), np.array([42.0, 41.0, 40.0]), np.array([179.0, 180.0, -179.0]))
    >>> grid = wind_grid(*axes, (east, 0 * east, None))
    >>> grid.lat.tolist(), grid.lon.tolist(), grid.is_global, round(grid.fastest_m_s, 3)
    ([40.0, 41.0, 42.0], [179.0, 180.0, 181.0], False, 5.0)
    """
    axes = [np.asarray(axis, dtype=float) for axis in (time_s, level, lat, _unwrapped(np.asarray(lon, dtype=float)))]
    u, v, change = (None if field is None else np.asarray(field, dtype=float) for field in fields)
    for name, field in (("u", u), ("v", v), ("change of level", change)):
        _check_shape(name, field, axes)
    assert u is not None
    assert v is not None
    vertical = np.zeros_like(u) if change is None else change
    wind = np.concatenate([wind_vector(axes[3], axes[2][:, None], u, v), vertical[..., None]], axis=-1)
    for number, name in enumerate(("time", "level", "latitude", "longitude")):
        axes[number], wind = _rising(name, axes[number], wind, number)
    axes[3], wind = _closed(axes[3], wind)
    axes[0], wind = _with_gaps(axes[0], wind)
    grid = WindGrid(
        time_s=axes[0],
        level=axes[1],
        kind=kind,
        lat=axes[2],
        lon=axes[3],
        wind=np.ascontiguousarray(wind, dtype=np.float32),
        has_vertical=change is not None,
    )
    _check_wind(grid)
    return grid


def _check_shape(name: str, field: NDArray[np.float64] | None, axes: list[NDArray[np.float64]]) -> None:
    expected = tuple(len(axis) for axis in axes)
    if field is not None and field.shape != expected:
        msg = f"{name} has the shape {field.shape}, expected {expected} (times, levels, latitudes, longitudes)"
        raise WindGridError(msg)


def _check_wind(grid: WindGrid) -> None:
    if np.abs(grid.lat).max() > 90.0 + _TINY:
        msg = f"latitude {grid.lat[np.abs(grid.lat).argmax()]:g} is beyond a pole; expected -90 to 90 degrees"
        raise WindGridError(msg)
    fastest = grid.fastest_m_s
    if np.isnan(fastest):
        msg = "u and v hold no wind at all; expected numbers in m/s"
        raise WindGridError(msg)
    if fastest > _FASTEST_M_S:
        msg = f"wind of {fastest:.0f} m/s; expected at most {_FASTEST_M_S:.0f}: check units and scale factor of u and v"
        raise WindGridError(msg)


def _unwrapped(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes that continue across the date line or Greenwich."""
    return np.unwrap(lon, period=_FULL_CIRCLE_DEG) if len(lon) > 1 else lon


def _rising(
    name: str, axis: NDArray[np.float64], wind: NDArray[np.float64], number: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    fewest = 1 if name == "level" else 2
    if len(axis) < fewest:
        msg = f"{name} has {len(axis)} nodes; at least {fewest} are needed"
        raise WindGridError(msg)
    if len(axis) > 1 and axis[0] > axis[-1]:
        axis, wind = axis[::-1], np.flip(wind, number)
    if not (np.isfinite(axis).all() and (np.diff(axis) > 0).all()):
        msg = f"{name} is not strictly monotonic, or not finite: {np.array2string(axis, threshold=6)}"
        raise WindGridError(msg)
    return axis, wind


def _closed(lon: NDArray[np.float64], wind: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A grid around the whole Earth with its first meridian repeated at the end."""
    step = float(np.diff(lon).max())
    gap = _FULL_CIRCLE_DEG - float(lon[-1] - lon[0])
    if gap < _TINY or gap > step * 1.01:
        return lon, wind
    return np.append(lon, lon[0] + _FULL_CIRCLE_DEG), np.concatenate([wind, wind[..., :1, :]], axis=3)


def _with_gaps(
    time_s: NDArray[np.float64], wind: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times with nodes without wind, one second from the ends of each gap: no wind is made up for hours that files lack."""
    steps = np.diff(time_s)
    before = np.flatnonzero(steps > max(_LONGEST_STEP_S, _MOST_STEPS * float(np.median(steps))))
    if not before.size:
        return time_s, wind
    where = np.repeat(before + 1, 2)
    nodes = np.stack([time_s[before] + 1.0, time_s[before + 1] - 1.0], axis=1).ravel()
    return np.insert(time_s, where, nodes), np.insert(wind, where, np.nan, axis=0)


def _bracket(axis: NDArray[np.float64], value: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lower node and part of the way to the next; NaN outside. An axis of one node is the same everywhere."""
    if len(axis) == 1:
        return np.zeros(len(value), dtype=np.int64), np.zeros(len(value))
    lower = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, len(axis) - 2)
    part = (value - axis[lower]) / (axis[lower + 1] - axis[lower])
    return lower, np.where((part < -_TINY) | (part > 1 + _TINY), np.nan, np.clip(part, 0.0, 1.0))


def _interpolated(
    nodes: NDArray[np.float32], axes: list[tuple[NDArray[np.int64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """Sum over the corners around each point; an axis of one node has one corner."""
    shape = nodes.shape[:-1]
    flat = nodes.reshape(-1, nodes.shape[-1])
    strides = np.array([int(np.prod(shape[number + 1 :])) for number in range(len(shape))])
    total = np.zeros((len(axes[0][0]), nodes.shape[-1]))
    for corner in product(*(range(min(2, size)) for size in shape)):
        place = sum((lower + step) * stride for (lower, _), step, stride in zip(axes, corner, strides, strict=True))
        weight = np.ones(len(total))
        for (_, part), step, size in zip(axes, corner, shape, strict=True):
            if size > 1:
                weight = weight * (part if step else 1.0 - part)
        # A node that counts for nothing may be missing; outside the grid the weight is NaN.
        total += np.where(weight[:, None] == 0, 0.0, weight[:, None] * flat[place])
    return total
