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
    first = rng.integers(0, days, (runs, -(-days // length)))
    drawn = ((first[:, :, None] + np.arange(length)) % days).reshape(runs, -1)[:, :days]
    return np.stack([np.bincount(row, minlength=days) for row in drawn]).astype(float)


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
