"""Stability of the air and spread of a plume in it.

References
----------
Stability: EPA-454/R-99-005 (2000), 6.4.2 and table 6-7, solar radiation and temperature gradient (read in a web edition of the guide).
Spread: Briggs 1973, Diffusion Estimation for Small Emissions, ATDL contribution 79, doi:10.2172/5118833, open country and
urban, 100 m to 10 km; the coefficients agree in three published programs, the report itself was not read.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


class Stability(IntEnum):
    """Pasquill class, from very unstable (A) to stable (F)."""

    A = 0
    B = 1
    C = 2
    D = 3
    E = 4
    F = 5


class Terrain(IntEnum):
    """What the plume crosses."""

    OPEN_COUNTRY = 0
    URBAN = 1


class _Curve(NamedTuple):
    """``slope * x * (1 + bend * x) ** power`` [m], x in m."""

    slope: float
    bend: float
    power: float


_LATERAL = {
    Terrain.OPEN_COUNTRY: tuple(_Curve(slope, 1e-4, -0.5) for slope in (0.22, 0.16, 0.11, 0.08, 0.06, 0.04)),
    Terrain.URBAN: tuple(_Curve(slope, 4e-4, -0.5) for slope in (0.32, 0.32, 0.22, 0.16, 0.11, 0.11)),
}
_VERTICAL = {
    Terrain.OPEN_COUNTRY: (
        *(_Curve(0.20, 0.0, 1.0), _Curve(0.12, 0.0, 1.0), _Curve(0.08, 2e-4, -0.5)),
        *(_Curve(0.06, 1.5e-3, -0.5), _Curve(0.03, 3e-4, -1.0), _Curve(0.016, 3e-4, -1.0)),
    ),
    Terrain.URBAN: (
        *(_Curve(0.24, 1e-3, 0.5), _Curve(0.24, 1e-3, 0.5), _Curve(0.20, 0.0, 1.0)),
        *(_Curve(0.14, 3e-4, -0.5), _Curve(0.08, 1.5e-3, -0.5), _Curve(0.08, 1.5e-3, -0.5)),
    ),
}
MIXING_HEIGHT_M = (1500.0, 1500.0, 1000.0, 800.0, 400.0, 250.0)
"""[m] By class A to F, where none is given; project choice, not verified."""
_SPEED_EDGES_M_S = (2.0, 3.0, 5.0, 6.0)
_RADIATION_EDGES_W_M2 = (175.0, 675.0, 925.0)
_BY_DAY = ("DBAA", "DCBA", "DCBB", "DDCC", "DDDC")
"""Table 6-7, day: rows by wind speed, columns by rising radiation."""
_NIGHT_EDGES_M_S = (2.0, 2.5)
_BY_NIGHT = ("EF", "DE", "DD")
"""Table 6-7, night: rows by wind speed; temperature falls with height, or rises."""


def stability(
    speed_m_s: float, radiation_w_m2: float, *, is_day: bool, temperature_rises: bool | None = None
) -> Stability:
    """Pasquill class from wind and radiation.

    Parameters
    ----------
    speed_m_s : float
        Wind speed at about 10 m [m s⁻¹].
    radiation_w_m2 : float
        Global short-wave radiation [W m⁻²]; not used at night. NaN by day: neutral, class D.
    is_day : bool
        Whether the sun is up.
    temperature_rises : bool or None
        Whether temperature rises with height, at night; None: not known, taken as rising.

    Raises
    ------
    ValueError
        Where the wind speed is missing or negative.

    Examples
    --------
    >>> stability(2.5, 700.0, is_day=True).name, stability(1.5, 0.0, is_day=False).name
    ('B', 'F')
    """
    if not speed_m_s >= 0:
        msg = f"wind speed {speed_m_s} m/s: a stability class needs a speed of 0 or more"
        raise ValueError(msg)
    if not is_day:
        row = _BY_NIGHT[int(np.searchsorted(_NIGHT_EDGES_M_S, speed_m_s, side="right"))]
        return Stability[row[temperature_rises is not False]]
    if np.isnan(radiation_w_m2):
        return Stability.D
    row = _BY_DAY[int(np.searchsorted(_SPEED_EDGES_M_S, speed_m_s, side="right"))]
    return Stability[row[int(np.searchsorted(_RADIATION_EDGES_W_M2, radiation_w_m2, side="right"))]]


def lateral_spread_m(distance_m: Field, stability_class: Stability, terrain: Terrain) -> Field:
    """Standard deviation of the plume across the wind [m]; 0 at the source and upwind of it.

    Parameters
    ----------
    distance_m : array of float
        Downwind distance [m].
    stability_class : Stability
    terrain : Terrain

    Examples
    --------
    >>> import numpy as np
    >>> lateral_spread_m(np.array([1000.0]), Stability.D, Terrain.OPEN_COUNTRY).round(1).tolist()
    [76.3]
    """
    return _spread(distance_m, _LATERAL[terrain][stability_class])


def vertical_spread_m(distance_m: Field, stability_class: Stability, terrain: Terrain) -> Field:
    """Standard deviation of the plume in height [m]; parameters as in `lateral_spread_m`.

    Examples
    --------
    >>> import numpy as np
    >>> vertical_spread_m(np.array([1000.0]), Stability.D, Terrain.OPEN_COUNTRY).round(1).tolist()
    [37.9]
    """
    return _spread(distance_m, _VERTICAL[terrain][stability_class])


def _spread(distance_m: Field, curve: _Curve) -> Field:
    x = np.maximum(distance_m, 0.0)
    return np.asarray(curve.slope * x * (1.0 + curve.bend * x) ** curve.power)
