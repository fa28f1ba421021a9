"""Turbulence of the boundary layer from hourly weather: how fast puffs widen, and how far they rise.

Velocity scales from surface-layer similarity with rounded constants, project choice. The spread is Taylor's growth with the
travel time, not a table by stability class [1]; the rise is the two-thirds law of a buoyant plume at its final height [2].

References
----------
[1] Taylor 1922, Proc. London Math. Soc. s2-20, 196, doi:10.1112/plms/s2-20.1.196.
[2] Briggs 1975, Plume rise predictions, in: Lectures on Air Pollution and Environmental Impact Analyses; not verified
    against the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

LATERAL_MEMORY_S = 900.0
"""Lagrangian time scale across the wind [s]; invention of a likely order."""
VERTICAL_MEMORY_S = (60.0, 300.0)
"""Lagrangian time scale of vertical motion, stable and unstable [s]; likewise."""
RELATIVE_SHARE = 0.7
"""Part of the lateral turbulence that widens a puff; the rest moves it as a whole [1]."""
_FRICTION = 0.133
"""Friction velocity by wind at 10 m over a roughness of 0.5 m [1]."""
_AIR_J_M3_K = 1200.0
_GRAVITY = 9.81
_RISE_LIMIT = 0.8
"""Highest axis of a plume as a part of the boundary layer height [1]."""


@dataclass(frozen=True, slots=True)
class Mixing:
    """Turbulence over time, shape (time,).

    Attributes
    ----------
    lateral, vertical : array
        Standard deviations of the wind across and up [m s⁻¹].
    vertical_memory_s : array
    depth_m : array
        Boundary layer height [m].
    """

    lateral: Field
    vertical: Field
    vertical_memory_s: Field
    depth_m: Field

    def across_m(self, at: NDArray[np.intp], age_s: Field) -> Field:
        """Half-width of puffs of an age that were emitted at a time step [m]."""
        return RELATIVE_SHARE * self.lateral[at] * age_s / np.sqrt(1 + age_s / (2 * LATERAL_MEMORY_S))

    def up_m(self, at: NDArray[np.intp], age_s: Field) -> Field:
        """Their half-depth [m]."""
        return self.vertical[at] * age_s / np.sqrt(1 + age_s / (2 * self.vertical_memory_s[at]))


def mixing_of(speed: Field, radiation: Field, temperature: Field, depth_m: Field) -> Mixing:
    """Turbulence of the boundary layer.

    Parameters
    ----------
    speed : array
        Wind at 10 m [m s⁻¹].
    radiation : array
        Global [W m⁻²].
    temperature : array
        [degC]
    depth_m : array
        Boundary layer height [m].

    Examples
    --------
    >>> noon, night = (
    ...     mixing_of(*(np.array([item]) for item in values))
    ...     for values in ((3.0, 700.0, 25.0, 1300.0), (3.0, 0.0, 15.0, 250.0))
    ... )
    >>> bool(noon.vertical[0] > 2 * night.vertical[0])
    True
    """
    friction = _FRICTION * np.maximum(speed, 0.5)
    heat = np.maximum(0.3 * radiation - 25.0, 0.0)
    convective = np.cbrt(_GRAVITY / (temperature + 273.15) * heat / _AIR_J_M3_K * depth_m)
    unstable = np.clip(heat / 100.0, 0.0, 1.0)
    short, long = VERTICAL_MEMORY_S
    return Mixing(
        lateral=np.sqrt((1.9 * friction) ** 2 + (0.55 * convective) ** 2 + 0.15**2),
        vertical=np.hypot((0.75 + 0.5 * unstable) * friction, 0.6 * convective),
        vertical_memory_s=short + (long - short) * np.clip(unstable + friction / 0.6, 0, 1),
        depth_m=depth_m,
    )


def rise_m(buoyancy_m4_s3: float, speed: Field) -> Field:
    """Rise of a buoyant plume above its outlet [m]: two-thirds law at 3.5 times the distance of its end of buoyancy.

    >>> [round(float(item)) for item in rise_m(50.0, np.array([3.0, 6.0]))]
    [134, 67]
    """
    if buoyancy_m4_s3 <= 0:
        return np.zeros_like(speed)
    distance = 3.5 * 14.0 * buoyancy_m4_s3 ** (5 / 8)
    risen: Field = 1.6 * buoyancy_m4_s3 ** (1 / 3) * distance ** (2 / 3) / np.maximum(speed, 1.0)
    return risen


def axis_m(height_m: float, buoyancy_m4_s3: float, speed: Field, depth_m: Field) -> Field:
    """Height of the plume's axis [m], at most 0.8 of the boundary layer."""
    risen: Field = np.minimum(height_m + rise_m(buoyancy_m4_s3, speed), _RISE_LIMIT * depth_m)
    return risen
