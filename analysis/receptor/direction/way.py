"""The way of the air to the stations of a cluster: back along their mean wind, in steps of ten minutes.

In a light wind the air of a release takes an hour or two to the next station, and the wind has turned meanwhile. So where the air of an hour
came from depends on how far one looks back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.direction.cluster import Cluster

    Field = NDArray[np.float64]

STEP_MIN = 10
STEPS_H = 60 // STEP_MIN
AWAY_KM = (0.7, 1.5, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0)
"""Distances at which the way is known [km]; between them the nearest counts."""
LONGEST_H = 4
"""How long the air is followed back [h]; project choice."""
SLOWEST_M_S = 0.3
"""Air moves at least so fast [m s⁻¹]: vanes do not turn below; project choice."""
_REACHED = 0.6
"""Part of a distance that air must have come to have a direction there [1]."""
_KM_BY_STEP = STEP_MIN * 60 / 1000


def bearings_back(east: Field, north: Field, arrivals: NDArray[np.int64], away_km: Field) -> Field:
    """Bearing of the way back, at each distance, of the air that arrives at the end of some steps.

    Parameters
    ----------
    east, north : array of float, (step,)
        Where the wind comes from, as a vector [m s⁻¹]; no gaps.
    arrivals : array of int, (A,)
        Numbers of steps.
    away_km : array of float, (D,)
        Distances [km].

    Returns
    -------
    array of float, (A, D)
        From the station [deg]; NaN where the air did not come so far within `LONGEST_H`.

    Examples
    --------
    Wind from the south for two hours, then from the west: the air of the last 20 minutes was in the west, the one before in the south.

    >>> east, north = np.repeat([0.0, -4.0], [12, 2]), np.repeat([-4.0, 0.0], [12, 2])
    >>> bearings_back(east, north, np.array([13]), np.array([1.5, 9.0])).round().tolist()
    [[270.0, 207.0]]
    """
    x, y = (np.concatenate([[0.0], np.cumsum(part)]) * _KM_BY_STEP for part in (east, north))
    earlier = np.maximum(arrivals[:, None] - np.arange(LONGEST_H * STEPS_H), 0)
    back_x, back_y = x[arrivals + 1][:, None] - x[earlier], y[arrivals + 1][:, None] - y[earlier]
    far = np.hypot(back_x, back_y)
    found = np.empty((len(arrivals), len(away_km)))
    rows = np.arange(len(arrivals))
    for number, away in enumerate(away_km):
        beyond = far >= away
        at = np.where(beyond.any(axis=1), beyond.argmax(axis=1), far.shape[1] - 1)
        bearing = np.degrees(np.arctan2(back_x[rows, at], back_y[rows, at])) % 360.0
        found[:, number] = np.where(far[rows, at] >= _REACHED * away, bearing, np.nan)
    return found


def hourly_ways(cluster: Cluster) -> Field:
    """Bearing of the way back of the air in the middle of each hour, at `AWAY_KM`, (H, 8) [deg]; NaN where it did not come so far."""
    before = LONGEST_H * STEPS_H
    east, north = (np.concatenate([np.full(before, part[0]), part]) for part in _steps(cluster))
    middle = before + np.arange(len(cluster.index)) * STEPS_H + STEPS_H // 2 - 1
    return bearings_back(east, north, middle, np.array(AWAY_KM))


def angles_between(ways: Field, east_km: Field, north_km: Field) -> Field:
    """Angle between the way of the air of some hours and the bearing of places, at their distance.

    Parameters
    ----------
    ways : array of float, (n, 8)
        Of `hourly_ways`.
    east_km, north_km : array of float, (S, P)
        Of each place from each station [km].

    Returns
    -------
    array of float, (n, S, P)
        -180 to 180 [deg]; NaN where the air did not come so far.
    """
    near = np.abs(np.hypot(east_km, north_km)[..., None] - np.array(AWAY_KM)).argmin(axis=-1)
    return np.asarray((ways[:, near] - np.degrees(np.arctan2(east_km, north_km)) + 180.0) % 360.0 - 180.0)


def _steps(cluster: Cluster) -> tuple[Field, Field]:
    """Mean wind by step as a vector to where it comes from [m s⁻¹], between the middles of the hours; gaps are filled."""
    angle = np.radians(filled(cluster.from_deg))
    speed = np.maximum(filled(cluster.speed), SLOWEST_M_S)
    middle = (np.arange(len(angle)) + 0.5) * STEPS_H
    step = np.arange(len(angle) * STEPS_H) + 0.5
    east, north = (np.interp(step, middle, speed * part) for part in (np.sin(angle), np.cos(angle)))
    return east, north


def filled(values: Field) -> Field:
    """Values, of calm and missing hours the last one before, or the first known one; NaN where none is known."""
    known = np.isfinite(values)
    if not known.any():
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), int(np.argmax(known))))
    return np.asarray(values[last])
