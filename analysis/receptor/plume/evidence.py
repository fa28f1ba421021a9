"""What is known of a plume: where stations are, their excess hour by hour, and the wind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.plume.excess import PlumeInputError
from analysis.receptor.plume.forward import HourlyWind
from analysis.receptor.wind import CALM_BELOW_M_S
from schemas.geodesy import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


class PlumeEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Excess of stations over hours, and the wind.

    Attributes
    ----------
    lon, lat : array of float, shape (S,)
        Stations, WGS-84 [deg].
    excess_ug_m3 : array of float, shape (H, S)
        Excess over background in the air as it is [µg m⁻³]; NaN missing.
    sigma_ug_m3 : array of float, shape (H, S)
        Standard deviation of the excess without a plume [µg m⁻³], above 0; NaN: the value is left out.
    wind : tuple of HourlyWind, length H
        Hours that are calm or without wind are left out.
    memory : float
        Correlation of one hour's excess with the next without a plume [1], 0 <= memory < 1.
    """

    lon: Field
    lat: Field
    excess_ug_m3: Field
    sigma_ug_m3: Field
    wind: tuple[HourlyWind, ...]
    memory: float = 0.0

    def __post_init__(self) -> None:
        """Raise `PlumeInputError` where shapes differ or a figure cannot be."""
        hours, stations = len(self.wind), len(self.lon)
        if self.excess_ug_m3.shape != (hours, stations) or self.sigma_ug_m3.shape != (hours, stations):
            msg = (
                f"excess {self.excess_ug_m3.shape} and sigma {self.sigma_ug_m3.shape}: "
                f"{hours} hours of wind by {stations} stations are needed"
            )
            raise PlumeInputError(msg)
        if not np.isfinite([self.lon, self.lat]).all():
            msg = "a station has no place: longitude and latitude of each are needed"
            raise PlumeInputError(msg)
        if (self.sigma_ug_m3 <= 0).any():
            hour, station = np.argwhere(self.sigma_ug_m3 <= 0)[0]
            msg = f"sigma of hour {hour}, station {station} is {self.sigma_ug_m3[hour, station]}: above 0 is needed"
            raise PlumeInputError(msg)
        if not 0 <= self.memory < 1:
            msg = f"memory {self.memory}: from 0 to below 1 is needed"
            raise PlumeInputError(msg)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Values that count, shape (H, S)."""
        return np.isfinite(self.excess_ug_m3) & np.isfinite(self.sigma_ug_m3) & self.has_wind[:, None]

    @property
    def has_wind(self) -> NDArray[np.bool_]:
        """Hours with wind, shape (H,)."""
        return np.array([item.speed_m_s >= CALM_BELOW_M_S and np.isfinite(item.from_deg) for item in self.wind], bool)


class Projection(msgspec.Struct, frozen=True):
    """Plane around the mean place of stations; within 100 km its distances are right to some metres in a kilometre.

    Examples
    --------
    >>> import numpy as np
    >>> plane = Projection(123.4, 41.8)
    >>> east, north = plane.to_km(np.array([123.5]), np.array([41.8]))
    >>> east.round(2).tolist(), north.tolist()
    ([8.29], [0.0])
    """

    lon: float
    lat: float

    def to_km(self, lon: Field, lat: Field) -> tuple[Field, Field]:
        """East and north [km]."""
        scale = np.radians(1.0) * EARTH_RADIUS_KM
        return (np.asarray(lon) - self.lon) * scale * np.cos(np.radians(self.lat)), (np.asarray(lat) - self.lat) * scale

    def to_degrees(self, east_km: float, north_km: float) -> tuple[float, float]:
        """Longitude and latitude [deg]."""
        scale = np.radians(1.0) * EARTH_RADIUS_KM
        return float(self.lon + east_km / (scale * np.cos(np.radians(self.lat)))), float(self.lat + north_km / scale)


def plane_of(evidence: PlumeEvidence) -> Projection:
    """Plane around the mean place of the stations."""
    return Projection(float(np.mean(evidence.lon)), float(np.mean(evidence.lat)))
