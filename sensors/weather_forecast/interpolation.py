"""Bilinear interpolation of a run to places: nodes and weights, on regular and on curved grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

_ROUNDING = 1e-6
"""Part of a cell by which a place may be outside [1]: coordinates are often stored with seven digits."""
_ITERATIONS = 20


class Stencil(NamedTuple):
    """Nodes around a place and their weights, which sum to 1; each (4,)."""

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    weight: Field


def stencil(lat: Field, lon: Field, place: tuple[float, float]) -> Stencil | float:
    """Nodes and weights for one place.

    Parameters
    ----------
    lat, lon : array of float
        (y,) and (x,) of constant spacing, rising or falling, or both (y, x) [deg]. A grid that goes round the globe is closed.
    place : tuple of float
        Longitude and latitude, WGS-84 [deg].

    Returns
    -------
    Stencil or float
        Where the grid does not cover the place: its distance to the grid [km].

    Examples
    --------
    >>> found = stencil(np.array([42.0, 41.0]), np.array([120.0, 121.0]), (120.25, 41.5))
    >>> found.weight.tolist()
    [0.375, 0.125, 0.375, 0.125]
    >>> round(stencil(np.array([42.0, 41.0]), np.array([120.0, 121.0]), (122.0, 41.0)))
    84
    """
    return _regular(lat, lon, place) if lat.ndim == 1 else _curved(lat, lon, place)


def window(lat: Field, lon: Field, places: tuple[Field, Field]) -> tuple[slice, slice]:
    """Rows and columns of a regular grid that `stencil` needs for all of some places; all columns where places lie across its edge.

    Parameters
    ----------
    lat, lon : array of float
        (y,) and (x,) [deg].
    places : tuple of array of float
        Longitudes and latitudes [deg], at least one.
    """
    axis = np.unwrap(lon, period=360.0)
    at = _turned(axis, places[0])
    is_across = bool((at > axis.max()).any())
    return _part(lat, places[1]), slice(0, len(lon)) if is_across else _part(axis, at)


def _part(axis: Field, values: Field) -> slice:
    rising, last = (axis if axis[-1] > axis[0] else axis[::-1]), len(axis) - 1
    low = min(max(int(np.searchsorted(rising, values.min() - _ROUNDING)) - 1, 0), last - 1)
    high = max(min(int(np.searchsorted(rising, values.max() + _ROUNDING)), last), low + 1)
    return slice(low, high + 1) if rising is axis else slice(last - high, last - low + 1)


def _turned(axis: Field, lon: Field) -> Field:
    """Longitudes in the full turn that begins at the western edge of an axis."""
    west = axis.min()
    turned: Field = west + (lon - west) % 360.0
    return np.where(turned - west > 360.0 - _ROUNDING, west, turned)


def _regular(lat: Field, lon: Field, place: tuple[float, float]) -> Stencil | float:
    axis = np.unwrap(lon, period=360.0)
    column = _position(axis, float(_turned(axis, np.array([place[0]]))[0]))
    row = _position(lat, place[1])
    spacing = abs(axis[-1] - axis[0]) / (len(axis) - 1)
    is_round = abs(abs(axis[-1] - axis[0]) + spacing - 360.0) < spacing / 2
    last = len(lon) - (0 if is_round else 1)
    if not (-_ROUNDING <= row <= len(lat) - 1 + _ROUNDING and -_ROUNDING <= column <= last + _ROUNDING):
        return _distance_to_box(lat, axis, place)
    y, row_part = _cell(row, len(lat) - 1)
    x, column_part = _cell(column, last)
    return _weighted((y, y + 1), (x, (x + 1) % len(lon)), row_part, column_part)


def _position(axis: Field, value: float) -> float:
    """Place on an axis of constant spacing, in nodes from the first."""
    return float((value - axis[0]) / (axis[-1] - axis[0]) * (len(axis) - 1))


def _cell(position: float, last: int) -> tuple[int, float]:
    start = min(max(int(np.floor(position)), 0), last - 1)
    return start, min(max(position - start, 0.0), 1.0)


def _weighted(rows: tuple[int, int], columns: tuple[int, int], row_part: float, column_part: float) -> Stencil:
    weight = np.outer([1 - row_part, row_part], [1 - column_part, column_part]).ravel()
    return Stencil(np.repeat(rows, 2), np.tile(columns, 2), weight)


def _distance_to_box(lat: Field, axis: Field, place: tuple[float, float]) -> float:
    """Distance to the edge of a regular grid [km], along the nearest parallel or meridian."""
    middle = (axis.min() + axis.max()) / 2
    lon = middle + (place[0] - middle + 180.0) % 360.0 - 180.0
    nearest = min(max(lon, axis.min()), axis.max()), min(max(place[1], lat.min()), lat.max())
    return float(great_circle_km(lon, place[1], *nearest))


def _curved(lat: Field, lon: Field, place: tuple[float, float]) -> Stencil | float:
    distance = great_circle_km(lon, lat, np.full(lon.shape, place[0]), np.full(lat.shape, place[1]))
    y, x = np.unravel_index(int(np.argmin(distance)), distance.shape)
    # on a plane that touches the globe at the place, in degrees of latitude
    east = ((lon - place[0] + 180.0) % 360.0 - 180.0) * np.cos(np.radians(place[1]))
    north = lat - place[1]
    for row in (int(y) - 1, int(y)):
        for column in (int(x) - 1, int(x)):
            if 0 <= row < lat.shape[0] - 1 and 0 <= column < lat.shape[1] - 1:
                corner = np.s_[row : row + 2, column : column + 2]
                part = _inside(east[corner], north[corner])
                if part is not None:
                    return _weighted((row, row + 1), (column, column + 1), *part)
    return float(distance.min())


def _inside(east: Field, north: Field) -> tuple[float, float] | None:
    """Parts of a cell at which its bilinear map reaches the origin, by Newton's method; None where it does not inside the cell."""
    part = np.array([0.5, 0.5])
    corners = np.stack([east, north])
    for _ in range(_ITERATIONS):
        rows, columns = np.array([1 - part[0], part[0]]), np.array([1 - part[1], part[1]])
        slope = np.array([-1.0, 1.0])
        jacobian = np.stack([slope @ (corners @ columns).T, np.einsum("r,krc,c->k", rows, corners, slope)], axis=1)
        value = np.einsum("r,krc,c->k", rows, corners, columns)
        if abs(np.linalg.det(jacobian)) < _ROUNDING**2:
            return None
        part = np.clip(part - np.linalg.solve(jacobian, value), -1.0, 2.0)
    is_inside = bool((part > -_ROUNDING).all() and (part < 1 + _ROUNDING).all())
    row, column = np.clip(part, 0.0, 1.0)
    return (float(row), float(column)) if is_inside else None
