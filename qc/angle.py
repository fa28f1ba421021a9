"""Quantities that repeat after a full turn, such as wind direction: differences across north are small. Pure.

Values are put on a line (`unwrapped`, `around`) before anything differences, averages or compares them; limits and reasons keep
the values as they were written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]


def turned(difference: Field, period: float) -> Field:
    """Differences as the shorter way round, from minus half a period up to half a period."""
    shorter: Field = (difference + period / 2) % period - period / 2
    return shorter


def unwrapped(values: Field, period: float | None) -> Field:
    """A series in which no value is further than half a period from the one before it that is there; None: as it is.

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
    """Values by whole periods as near to the centre as can be."""
    return centre + turned(values - centre, period)


def mean_angle(values: Field, period: float) -> Field:
    """Direction of the mean vector along the last axis, missing values left out; NaN where none is there or they cancel."""
    angle = values * (2 * np.pi / period)
    there = np.isfinite(values)
    sine, cosine = (np.where(there, part(angle), 0.0).sum(axis=-1) for part in (np.sin, np.cos))
    length = np.hypot(sine, cosine)
    told = length > 1e-9 * np.maximum(there.sum(axis=-1), 1)
    mean = np.arctan2(sine, cosine) * (period / (2 * np.pi)) % period
    # a tiny negative angle wraps to the whole turn itself
    result: Field = np.where(told, np.where(mean >= period, 0.0, mean), np.nan)
    return result


def rows_on_line(values: Field, period: float | None) -> Field:
    """Each row around its own mean direction; rows without one, and quantities without a period, as they are."""
    if period is None or not values.size:
        return values
    centre = mean_angle(values, period)[..., None]
    return np.where(np.isfinite(centre), around(values, centre, period), values)
