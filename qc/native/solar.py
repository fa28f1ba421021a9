"""Solar elevation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EPOCH = np.datetime64("2000-01-01T12:00:00")


def solar_elevation(times: NDArray[np.datetime64], lon: float, lat: float) -> NDArray[np.float64]:
    """Elevation of the sun's centre above the horizon, without refraction [degree]; good to about 0.1 degree, 1950 to 2050.

    Parameters
    ----------
    times : array of datetime64
        UTC.
    lon, lat : float
        Degrees east and north.

    References
    ----------
    Astronomical Almanac, low-precision formulas for the Sun; Michalsky 1988, doi:10.1016/0038-092X(88)90045-X.

    Examples
    --------
    >>> noon = np.array(["2026-06-21T12:00"], dtype="datetime64[s]")
    >>> round(float(solar_elevation(noon, lon=0.0, lat=0.0)[0]), 1)
    66.6
    """
    days = (times - _EPOCH) / np.timedelta64(1, "D")
    mean_longitude = np.radians((280.460 + 0.9856474 * days) % 360)
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360)
    longitude = mean_longitude + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    declination = np.arcsin(np.sin(obliquity) * np.sin(longitude))
    sidereal_deg = (280.46061837 + 360.98564736629 * days + lon) % 360
    hour_angle = np.radians(sidereal_deg) - right_ascension
    north = np.radians(lat)
    sine = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    elevation: NDArray[np.float64] = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
    return elevation
