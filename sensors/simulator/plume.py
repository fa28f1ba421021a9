"""One industrial release: a point source that stations notice only when they lie downwind of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.geography import moved, offset_km
from sensors.simulator.weather import HOUR_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.interval import Interval
    from schemas.network import Station
    from sensors.simulator.weather import Weather

    Field = NDArray[np.float64]

DISTANCE_KM = 6.0
"""From the source to the station that it is aimed at."""
PEAK_UG_M3 = 260.0
"""PM2.5 on the axis at `DISTANCE_KM`; invention."""
SPREAD = 0.14
"""Half-width across the wind by distance along it (a standard deviation) [1]; invention."""
_NEAREST_KM = 0.5
_FARTHEST_KM = 40.0


@dataclass(frozen=True, slots=True)
class PlumeSource:
    """Where it is and when it emits."""

    lon: float
    lat: float
    interval: Interval


def aim(interval: Interval, target: Station, weather: Weather, city: int) -> PlumeSource:
    """Place the source upwind of a station, for the mean wind of the hours of the release."""
    # Strictly inside: only these hours have the steady wind.
    during = (weather.times > interval.start.timestamp()) & (weather.times < interval.end.timestamp())
    east, north = weather.wind_east[during, city].mean(), weather.wind_north[during, city].mean()
    back = -DISTANCE_KM / max(float(np.hypot(east, north)), 1e-6)
    lon, lat = moved(target.lon or 0.0, target.lat or 0.0, east_km=float(back * east), north_km=float(back * north))
    return PlumeSource(round(float(lon), 5), round(float(lat), 5), interval)


def contribution(source: PlumeSource, station: Station, times: Field, wind: tuple[Field, Field]) -> Field:
    """PM2.5 that the plume adds at a station [ug m⁻³].

    Parameters
    ----------
    source : PlumeSource
    station : Station
    times : array
        Epoch seconds.
    wind : tuple of array
        Where the air goes, east and north, at these times [m s⁻¹].
    """
    east, north = offset_km(source.lon, source.lat, station.lon or 0.0, station.lat or 0.0)
    speed = np.maximum(np.hypot(*wind), 0.3)
    along = (east * wind[0] + north * wind[1]) / speed
    across = (north * wind[0] - east * wind[1]) / speed
    reach = np.maximum(along, _NEAREST_KM)
    profile = (DISTANCE_KM / reach) ** 1.2 * np.exp(-0.5 * (across / (SPREAD * reach)) ** 2)
    emitting = np.clip((times - source.interval.start.timestamp()) / HOUR_S, 0, 1) * np.clip(
        (source.interval.end.timestamp() - times) / HOUR_S, 0, 1
    )
    inside = (along > _NEAREST_KM) & (along < _FARTHEST_KM)
    return np.where(inside, PEAK_UG_M3 * np.minimum(profile, 4.0) * emitting, 0.0)
