"""Samples turned against wind or trajectories by whole days, and blocks of days drawn: what chance gives, and how sure a mean is.

A rotation keeps the persistence and the daily cycle of both series, and undoes what one has to do with the other. All stations turn
together, so that what they share stays shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.block_bootstrap import circular_blocks, counts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HOUR_S = 3600
DAY_H = 24
_ROUNDING = 1e-9


def turned_by_days(
    start_s: NDArray[np.float64], station: NDArray[np.int64], value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values as each rotation by whole days gives them to the samples' wind or trajectories.

    Parameters
    ----------
    start_s : array of float, (n,)
        Hour of each sample since 1970-01-01 UTC [s].
    station : array of int, (n,)
        Number of the station of each sample, from 0.
    value : array of float, (n,)
        NaN missing.

    Returns
    -------
    array of float, (n, days)
        The first column is the true order; NaN where the other day has no value.

    Examples
    --------
    >>> import numpy as np
    >>> hours = np.array([0.0, 86_400.0])
    >>> turned_by_days(hours, np.zeros(2, dtype=int), np.array([1.0, 2.0])).tolist()
    [[1.0, 2.0], [2.0, 1.0]]
    """
    hour = np.asarray(start_s // _HOUR_S, dtype=np.int64)
    hour = hour - hour.min()
    days = int(hour.max()) // DAY_H + 1
    table = np.full((int(station.max()) + 1, days * DAY_H), np.nan)
    table[station, hour] = value
    shift = np.arange(days) * DAY_H
    return np.asarray(table[station[:, None], (hour[:, None] + shift) % (days * DAY_H)])


def drawn_days(start_s: NDArray[np.float64], draws: int, *, seed: int, block_days: int = 2) -> NDArray[np.float64]:
    """How often each sample counts in each bootstrap draw of blocks of whole days.

    Parameters
    ----------
    start_s : array of float, (n,)
        Hour of each sample since 1970-01-01 UTC [s].
    draws : int
    seed : int
    block_days : int
        Days in a block; blocks may begin with any day and run around the end (circular block bootstrap).

    Returns
    -------
    array of float, (n, draws)
        [1]

    Examples
    --------
    >>> import numpy as np
    >>> counts = drawn_days(np.arange(4) * 86_400.0, 3, seed=1)
    >>> counts.sum(axis=0).tolist()
    [4.0, 4.0, 4.0]
    """
    rng = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251  seeded by the caller
    day = np.asarray(start_s // (_HOUR_S * DAY_H), dtype=np.int64)
    day = day - day.min()
    days = int(day.max()) + 1
    blocks = -(-days // block_days)
    first = rng.integers(0, days, size=(blocks, draws)).T
    return np.asarray(counts_of(circular_blocks(first, block_days, days)).T[day])


def excess_chance(table: NDArray[np.float64], eligible: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Part of the rotations in which any row has as large an excess as each row has in the true order.

    The excess is that over the mean of the row's rotations, in their standard deviations; the largest one of all rows allows for the
    number of rows.

    Parameters
    ----------
    table : array of float, (rows, rotations)
        Statistic of each row (a cell, a direction); the first column is the true order.
    eligible : array of bool, (rows,)
        Rows that may be named.

    Returns
    -------
    array of float, (rows,)
        [1]; NaN for a row that is not eligible, or without a value in some rotation.

    References
    ----------
    Westfall and Young 1993, Resampling-Based Multiple Testing; cited from memory, not verified.

    Examples
    --------
    >>> import numpy as np
    >>> excess_chance(np.array([[5.0, 1.0, 1.2, 1.1], [1.0, 1.1, 0.9, 1.0]]), np.array([True, True])).tolist()
    [0.25, 0.75]
    """
    result = np.full(len(table), np.nan)
    known = eligible & np.isfinite(table).all(axis=1)
    if not known.any():
        return result
    part = table[known]
    spread = part.std(axis=1, keepdims=True)
    away = part - part.mean(axis=1, keepdims=True)
    excess = np.where(spread > _ROUNDING, away / np.maximum(spread, _ROUNDING), 0.0)
    largest = np.sort(excess.max(axis=0))
    result[known] = 1.0 - np.searchsorted(largest, excess[:, 0] - _ROUNDING, side="left") / len(largest)
    return result
