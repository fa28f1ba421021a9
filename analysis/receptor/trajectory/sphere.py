"""Places and velocities on the sphere as vectors, so that poles and the date line need no special case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemas.geodesy import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARTH_RADIUS_M = EARTH_RADIUS_KM * 1000.0
"""Mean radius of the Earth, IUGG [m]."""


def to_vector(lon: NDArray[np.float64] | float, lat: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Unit vectors of places.

    Parameters
    ----------
    lon, lat : array of float or float
        WGS-84 taken as a sphere [deg], broadcast against each other; NaN gives NaN.

    Returns
    -------
    array of float, (..., 3)

    Examples
    --------
    >>> to_vector(90.0, 0.0).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    east, north = np.broadcast_arrays(np.radians(lon), np.radians(lat))
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=-1)


def to_degrees(vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude, -180 to 180, and latitude [deg] of unit vectors, shape (..., 3).

    Examples
    --------
    >>> lon, lat = to_degrees(to_vector(190.0, 45.0))
    >>> round(float(lon), 6), round(float(lat), 6)
    (-170.0, 45.0)
    """
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def wind_vector(
    lon: NDArray[np.float64], lat: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Velocity [m s⁻¹] as a vector in space.

    Parameters
    ----------
    lon, lat : array of float
        Place [deg], broadcast against the wind. At a pole the longitude says which way east is, as gridded data state it.
    u, v : array of float
        Wind to the east and to the north [m s⁻¹]; NaN missing.

    Returns
    -------
    array of float, (..., 3)

    Examples
    --------
    >>> import numpy as np
    >>> wind_vector(np.array(0.0), np.array(0.0), np.array(3.0), np.array(4.0))[1:].tolist()
    [3.0, 4.0]
    """
    lon, lat, u, v = np.broadcast_arrays(np.radians(lon), np.radians(lat), u, v)
    upward = -v * np.sin(lat)
    x = -u * np.sin(lon) + upward * np.cos(lon)
    y = u * np.cos(lon) + upward * np.sin(lon)
    return np.stack([x, y, v * np.cos(lat)], axis=-1)


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors of length 1 in the same directions, shape (..., 3).

    Examples
    --------
    >>> import numpy as np
    >>> unit(np.array([0.0, 3.0, 4.0])).tolist()
    [0.0, 0.6, 0.8]
    """
    return np.asarray(vector / np.sqrt(np.einsum("...i,...i->...", vector, vector))[..., None])


def tangential(velocity: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Part of a velocity along the surface at a place (unit vector), both of shape (..., 3).

    Examples
    --------
    >>> import numpy as np
    >>> tangential(np.array([5.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.0])).tolist()
    [0.0, 1.0, 2.0]
    """
    return np.asarray(velocity - np.einsum("...i,...i->...", velocity, place)[..., None] * place)
