"""Correlation of one series with another at each of many lags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_SPREAD = 1e-9
"""Product of the two spreads at or below which a series counts as constant [product of the units]."""


def lag_correlations(
    fixed: NDArray[np.float64], moving: NDArray[np.float64], *, minimum_pairs: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pearson's r of ``fixed`` with each stretch of ``moving`` that is as long.

    Parameters
    ----------
    fixed : array of float, (n,)
        NaN is missing.
    moving : array of float, (n + lags - 1,)
        NaN is missing; padded with NaN at both ends where all lags are to use all of it.
    minimum_pairs : int
        Fewer pairs give no coefficient [1].

    Returns
    -------
    r : array of float, (lags,)
        By the position at which the stretch begins; NaN with too few pairs or where a series is constant.
    pairs : array of int, (lags,)
        Pairs of values [1].

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.array([0.0, 1.0, 4.0, 1.0, 0.0])
    >>> moving = np.concatenate([[np.nan], wave, [np.nan]])
    >>> r, pairs = lag_correlations(wave, moving, minimum_pairs=3)
    >>> int(np.nanargmax(r)), pairs.tolist()
    (1, [4, 5, 4])
    """
    stretches = np.lib.stride_tricks.sliding_window_view(moving, len(fixed))
    both = np.isfinite(stretches) & np.isfinite(fixed)
    count = both.sum(axis=1)
    n = np.maximum(count, 1)
    first, second = np.where(both, fixed, 0.0), np.where(both, stretches, 0.0)
    first = np.where(both, first - (first.sum(axis=1) / n)[:, None], 0.0)
    second = np.where(both, second - (second.sum(axis=1) / n)[:, None], 0.0)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    is_known = (count >= minimum_pairs) & (spread > _NO_SPREAD)
    r = np.divide((first * second).sum(axis=1), spread, out=np.full(len(n), np.nan), where=is_known)
    return np.asarray(r), np.asarray(count)
