"""Concentration that a steady release of unit rate causes at stations, with the wind of one hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.plume.dispersion import (
    MIXING_HEIGHT_M,
    Stability,
    Terrain,
    lateral_spread_m,
    vertical_spread_m,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

UG_S_PER_KG_H = 1e9 / 3600.0
"""[µg s⁻¹ per kg h⁻¹]"""
NEAREST_M = 100.0
"""[m] Shortest distance at which the spread formulas hold (Briggs 1973); nearer stations are taken at it."""
LEAST_SPEED_M_S = 1.0
"""[m s⁻¹] Slower wind is taken as this in steady plumes: EPA-454/R-99-005, 6.9."""
_WELL_MIXED = np.sqrt(2.0 / np.pi)
"""Vertical spread in mixing heights at which a reflected plume has the concentration of a well-mixed layer [1]."""


class HourlyWind(msgspec.Struct, frozen=True, kw_only=True):
    """Transport wind of one hour.

    Attributes
    ----------
    speed_m_s, from_deg : float
        Speed [m s⁻¹] and direction the wind comes from [deg]; NaN not known.
    stability : Stability
    meander_deg : float
        Standard deviation of the direction within the hour [deg], from minute data; NaN not known.
    error_deg : float
        Standard error of the direction as that of the plume, of this hour alone [deg].
    mixing_height_m : float
        NaN: by stability class [m].
    """

    speed_m_s: float
    from_deg: float
    stability: Stability
    meander_deg: float = float("nan")
    error_deg: float = 8.0
    mixing_height_m: float = float("nan")


class AssumedRelease(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed of the release; project choices, not verified.

    Attributes
    ----------
    height_m : float
        Effective height above ground [m].
    terrain : Terrain
    default_meander_deg : float
        Spread of the direction within an hour where no minute data tell it [deg].
    """

    height_m: float = 15.0
    terrain: Terrain = Terrain.OPEN_COUNTRY
    default_meander_deg: float = 6.0


def unit_concentration(
    east_km: Field, north_km: Field, wind: HourlyWind, turn_deg: Field, release: AssumedRelease
) -> Field:
    """Hourly mean at ground level of a release of 1 kg h⁻¹ [µg m⁻³ per kg h⁻¹].

    A Gaussian plume with reflection at the ground; in height it grows no further than a well-mixed layer. The spread across the wind
    joins that of the class with the meander of the hour.

    Parameters
    ----------
    east_km, north_km : array of float
        Station minus source [km], any shape.
    wind : HourlyWind
        With speed and direction.
    turn_deg : array of float, shape (J,)
        Turns of the wind direction, added to it [deg].
    release : AssumedRelease

    Returns
    -------
    array of float
        Shape of ``east_km`` with a last axis J; 0 upwind of the source.

    Examples
    --------
    >>> import numpy as np
    >>> wind = HourlyWind(speed_m_s=3.0, from_deg=270.0, stability=Stability.D)
    >>> found = unit_concentration(np.array([3.0, -3.0]), np.array([0.0, 0.0]), wind, np.array([0.0]), AssumedRelease())
    >>> found.round(3).tolist()
    [[0.996], [0.0]]
    """
    angle = np.radians(wind.from_deg + turn_deg)
    sine, cosine = np.sin(angle), np.cos(angle)
    along_m = -1000.0 * (east_km[..., None] * sine + north_km[..., None] * cosine)
    across_m = 1000.0 * (north_km[..., None] * sine - east_km[..., None] * cosine)
    x = np.maximum(along_m, NEAREST_M)
    meander = np.radians(release.default_meander_deg if np.isnan(wind.meander_deg) else wind.meander_deg)
    lateral = np.hypot(lateral_spread_m(x, wind.stability, release.terrain), x * meander)
    lid = MIXING_HEIGHT_M[wind.stability] if np.isnan(wind.mixing_height_m) else wind.mixing_height_m
    vertical = np.minimum(vertical_spread_m(x, wind.stability, release.terrain), _WELL_MIXED * lid)
    shape = np.exp(-0.5 * ((across_m / lateral) ** 2 + (release.height_m / vertical) ** 2))
    speed = max(wind.speed_m_s, LEAST_SPEED_M_S)
    return np.where(along_m > 0, UG_S_PER_KG_H * shape / (np.pi * speed * lateral * vertical), 0.0)
