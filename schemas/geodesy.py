"""Distances and bearings between places, on a sphere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.network import Station

_Angle = TypeVar("_Angle", float, "NDArray[np.float64]")

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth, IUGG [km]."""


def great_circle_km(lon1: _Angle, lat1: _Angle, lon2: _Angle, lat2: _Angle) -> NDArray[np.float64]:
    """Great-circle distance by the haversine formula [km].

    Parameters
    ----------
    lon1, lat1, lon2, lat2 : float or array of float
        WGS-84 [deg], broadcast against each other; NaN where a place is not known.

    Returns
    -------
    array of float
        [km]; NaN where a coordinate is NaN.

    Examples
    --------
    >>> round(float(great_circle_km(123.43, 41.80, 121.62, 38.92)), 1)
    355.0
    """
    lon1, lat1, lon2, lat2 = (np.radians(angle) for angle in (lon1, lat1, lon2, lat2))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def km_between(one: Station, other: Station) -> float:
    """Great-circle distance of two stations [km]; infinite where a place is not known."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return math.inf
    return float(great_circle_km(one.lon, one.lat, other.lon, other.lat))


def bearing_deg(lon1: _Angle, lat1: _Angle, lon2: _Angle, lat2: _Angle) -> NDArray[np.float64]:
    """Initial bearing of the great circle from the first place to the second [deg].

    Parameters as in `great_circle_km`.

    Returns
    -------
    array of float
        Clockwise from north, 0 <= bearing < 360 [deg]; NaN where a coordinate is NaN.

    Examples
    --------
    >>> round(float(bearing_deg(123.43, 41.80, 121.62, 38.92)), 1)
    206.2
    """
    lon1, lat1, lon2, lat2 = (np.radians(angle) for angle in (lon1, lat1, lon2, lat2))
    east = np.sin(lon2 - lon1) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    return np.asarray(np.degrees(np.arctan2(east, north)) % 360.0)
