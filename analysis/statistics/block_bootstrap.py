"""Bootstrap of blocks of consecutive civil days: intervals of figures of autocorrelated hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

RUNS = 500
FEWEST_DAYS = 14
"""With fewer civil days no interval is given."""
LEVEL = 0.9
SEED = 20_261_129
_BLOCK_BY_CUBE_ROOT = 2.5


def day_sums(table: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Sums of the rows of each civil day, in the order of the days."""
    return table.groupby(pd.DatetimeIndex(table.index).tz_convert(zone).date).sum()


def day_weights(days: int, *, runs: int = RUNS, seed: int = SEED) -> NDArray[np.float64]:
    """How often each day enters each resample: circular blocks of consecutive days.

    Parameters
    ----------
    days, runs : int
    seed : int

    Returns
    -------
    array, (run, day)

    Examples
    --------
    >>> day_weights(20, runs=3).sum(axis=1).tolist()
    [20.0, 20.0, 20.0]
    """
    rng = np.random.default_rng(seed)  # noqa: TID251  seeded by the caller
    length = block_days(days)
    return counts_of(circular_blocks(rng.integers(0, days, (runs, -(-days // length))), length, days))


def circular_blocks(first: NDArray[np.int64], length: int, steps: int) -> NDArray[np.int64]:
    """Steps in the order of blocks of consecutive ones that run around the end.

    Parameters
    ----------
    first : array of int, (runs, blocks)
        Where each block begins.
    length : int
        Of a block.
    steps : int
        How many there are, and how many each run takes; the last block is cut.

    Returns
    -------
    array of int, (runs, steps)

    References
    ----------
    Politis and Romano 1992, in Exploring the Limits of Bootstrap, 263; cited from memory, not verified.

    Examples
    --------
    >>> circular_blocks(np.array([[1, 3]]), 3, 4).tolist()
    [[1, 2, 3, 3]]
    """
    return ((first[:, :, None] + np.arange(length)) % steps).reshape(len(first), -1)[:, :steps]


def counts_of(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often each step is in each run of `circular_blocks`, (runs, steps)."""
    steps = places.shape[1]
    return np.stack([np.bincount(row, minlength=steps) for row in places]).astype(float)


def block_days(days: int) -> int:
    """Length of a block [d]."""
    return max(1, round(_BLOCK_BY_CUBE_ROOT * float(np.cbrt(days))))


def interval_of(drawn: NDArray[np.float64], value: float, days: int) -> tuple[float | None, float | None]:
    """90 % interval from the figures of resamples, widened about ``value`` by Student's t of the number of blocks."""
    drawn = drawn[np.isfinite(drawn)]
    blocks = days / block_days(days)
    if len(drawn) < RUNS // 2 or days < FEWEST_DAYS:
        return None, None
    from scipy.stats import norm
    from scipy.stats import t as student

    tail = (1.0 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    wider = np.sqrt(blocks / (blocks - 1.0)) * student.ppf(1.0 - tail, blocks - 1.0) / norm.ppf(1.0 - tail)
    return float(value - (value - low) * wider), float(value + (high - value) * wider)
