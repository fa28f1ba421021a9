"""Quantities that repeat after a full turn, such as wind direction: differences across north are small. Pure.

Values are put on a line (`unwrapped`, `around`) before they are subtracted, averaged or compared; limits and reasons keep
the values as written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

#: A mean vector shorter than this part of the mean length has no direction.
MIN_RESULTANT = 1e-9


def turned(difference: Field, period: float) -> Field:
    """Differences as the shorter way round, from minus half a period up to half a period."""
    shorter: Field = (difference + period / 2) % period - period / 2
    return shorter


def unwrapped(values: Field, period: float | None) -> Field:
    """A series in which no value is further than half a period from the preceding one; period None: unchanged.

    Parameters
    ----------
    values : array of float, shape (n,)
        NaN where missing.
    period : float or None
        A full turn, unit of the values.
    """
    if period is None:
        return values
    line = values.astype(np.float64, copy=True)
    there = np.isfinite(line)
    if there.any():
        line[there] = np.unwrap(line[there], period=period)
    return line


def around(values: Field, centre: Field | float, period: float) -> Field:
    """Values shifted by whole periods to within half a period of the centre."""
    return centre + turned(values - centre, period)


def mean_angle(values: Field, period: float) -> Field:
    """Direction of the mean vector along the last axis, missing values left out; NaN where all are missing or cancel."""
    angle = values * (2 * np.pi / period)
    there = np.isfinite(values)
    sine, cosine = (np.where(there, part(angle), 0.0).sum(axis=-1) for part in (np.sin, np.cos))
    return _direction(sine, cosine, MIN_RESULTANT * np.maximum(there.sum(axis=-1), 1), period)


def mean_directions(direction_deg: Field, weights: Field, rows: NDArray[np.int64], groups: int) -> Field:
    """Direction of the mean vector of each group [deg], 0 <= direction < 360; NaN where undefined (empty, calm, cancelling).

    Parameters
    ----------
    direction_deg : array of float, (n,)
        Where the wind comes from, clockwise from north [deg]; no missing values.
    weights : array of float, (n,)
        Wind speeds [m s⁻¹], or ones.
    rows : array of int, (n,)
        The group of each value, from 0.
    groups : int
    """
    angle = np.radians(direction_deg)
    parts: tuple[Field, ...] = (weights * np.sin(angle), weights * np.cos(angle), weights)
    east, north, weight = (np.bincount(rows, weights=part, minlength=groups).astype(np.float64) for part in parts)
    return _direction(east, north, MIN_RESULTANT * np.maximum(weight, MIN_RESULTANT), 360.0)


def vector_mean(direction_deg: Field, speed: Field | None = None) -> float:
    """Direction of the mean wind vector [deg], 0 <= direction < 360; NaN where undefined (empty, calm, cancelling).

    Parameters
    ----------
    direction_deg : array of float, (n,)
        Where the wind comes from, clockwise from north [deg]; no missing values.
    speed : array of float or None
        Weights [m s⁻¹]; None: every value weighs the same.

    Examples
    --------
    >>> round(vector_mean(np.array([350.0, 20.0])), 6)
    5.0
    """
    rows = np.zeros(direction_deg.size, dtype=np.int64)
    return float(mean_directions(direction_deg, np.ones(direction_deg.size) if speed is None else speed, rows, 1)[0])


def _direction(sine: Field, cosine: Field, least: Field, period: float) -> Field:
    """Direction of summed vectors; NaN where the sum is no longer than ``least``."""
    mean = np.arctan2(sine, cosine) * (period / (2 * np.pi)) % period
    # a tiny negative angle wraps to the whole turn itself
    result: Field = np.where(np.hypot(sine, cosine) > least, np.where(mean >= period, 0.0, mean), np.nan)
    return result


def rows_on_line(values: Field, period: float | None) -> Field:
    """Each row around its own mean direction; rows without one, and quantities without a period, as they are."""
    if period is None or not values.size:
        return values
    centre = mean_angle(values, period)[..., None]
    return np.where(np.isfinite(centre), around(values, centre, period), values)
