"""Correlation at many lags, plain or partial, with intervals from resampled blocks of whole days that hold for all lags together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.stats import norm, t

from analysis.statistics.day_shift import drawn_days
from analysis.statistics.finite import finite_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

DRAWS = 400
BLOCK_D = 7
"""Days of a block; longer than the weather of a few days that makes neighbouring hours alike."""
MINIMUM_DAYS = 28
"""Days with pairs of an interval: four blocks."""
LEVEL = 0.95
_DAY_S = 86_400.0
_SEED = 0
_FEWEST_WHOLE = 0.9
"""Share of resamples that must have a coefficient at every lag; with less, few days decide it."""
_MOST = 0.999999
_NO_SPREAD = 1e-9
"""Spread at or below which a series counts as constant [its unit]."""


class BlockCorrelation(msgspec.Struct, frozen=True, kw_only=True):
    """Correlation at one lag.

    Attributes
    ----------
    lag : int
        Steps by which the second series comes later.
    r : float or None
        Pearson's or partial coefficient; None with too few pairs or a constant series.
    low, high : float or None
        95 % interval that holds for all lags with one together; None below `MINIMUM_DAYS` days with pairs.
    n : int
        Pairs.
    days : int
        Days with a pair.
    """

    lag: int
    r: float | None
    low: float | None
    high: float | None
    n: int
    days: int


def block_correlations(
    first: Values,
    second: Values,
    day: NDArray[np.int64],
    lags: Sequence[int],
    *,
    given: Sequence[Values] = (),
    minimum_pairs: int,
) -> tuple[BlockCorrelation, ...]:
    """Correlation of one series with another some steps later.

    Parameters
    ----------
    first, second : array of float, (n,)
        On one axis of equal steps; NaN is missing.
    day : array of int, (n,)
        Number of the day of each step, ascending from 0; pairs belong to the day of ``second``.
    lags : sequence of int
        Positive: ``first`` comes first. Beyond the ends nothing is paired.
    given : sequence of array, (n,)
        Taken at the step of ``second``: what is linear in them is removed from both (partial correlation). A pair with one of them
        missing is left out; one without a value or spread is refused.
    minimum_pairs : int
        Fewer give no coefficient.

    Returns
    -------
    tuple of BlockCorrelation
        One a lag. Interval: circular blocks of `BLOCK_D` days; the largest deviation over all lags of Fisher's z in its standard
        error, widened by Student's t as of as many values as there are blocks.

    Raises
    ------
    ValueError
        If one of ``given`` has no two different values.

    References
    ----------
    Künsch 1989, doi 10.1214/aos/1176347265 (blocks); Politis and Romano 1992 (circular blocks); cited from memory, not verified.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=2000)
    >>> y = np.r_[0.0, x[:-1]] + np.random.default_rng(2).normal(size=2000)
    >>> found = block_correlations(x, y, np.arange(2000) // 24, (0, 1), minimum_pairs=60)
    >>> [(item.lag, item.low < 0.0 < item.high, item.low > 0.6) for item in found]
    [(0, True, False), (1, False, True)]
    """
    for place, values in enumerate(given):
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            msg = f"given series {place + 1}: no two different values, a partial correlation needs them"
            raise ValueError(msg)
    scaled, before, after = [_scaled(values) for values in given], _scaled(first), _scaled(second)
    moments = _moments(before, after, scaled, day, lags)
    totals = np.array([item.sum(axis=0) for item in moments])
    r, counts = _coefficients(totals), totals[:, 0, 0].astype(int) if len(totals) else np.zeros(0, dtype=int)
    r = np.where(counts >= minimum_pairs, r, np.nan)
    with_pairs = [int((item[:, 0, 0] > 0).sum()) for item in moments]
    low, high = _band(np.array(moments), r, np.array(with_pairs))
    return tuple(
        BlockCorrelation(lag=lag, r=finite_or_none(r[i]), low=finite_or_none(low[i]), high=finite_or_none(high[i]), n=int(counts[i]), days=with_pairs[i])
        for i, lag in enumerate(lags)
    )  # fmt: skip


def _scaled(values: Values) -> Values:
    """Mean 0, standard deviation 1, so that moments stay well conditioned; NaN all through for a constant."""
    known = values[np.isfinite(values)]
    size = float(known.std()) if len(known) else 0.0
    return (values - known.mean()) / size if size > _NO_SPREAD else np.full(len(values), np.nan)


def _shifted(values: Values, lag: int) -> Values:
    """Value ``lag`` steps before; beyond the ends NaN."""
    if abs(lag) >= len(values):
        return np.full(len(values), np.nan)
    found = np.full(len(values), np.nan)
    if lag >= 0:
        found[lag:] = values[: len(values) - lag]
    else:
        found[:lag] = values[-lag:]
    return found


def _moments(
    first: Values, second: Values, given: Sequence[Values], day: NDArray[np.int64], lags: Sequence[int]
) -> list[Values]:
    """Sums of products of (1, given, first, second) over the pairs of each day, (days, p, p), at each lag."""
    days = int(day[-1]) + 1 if len(day) else 0
    fixed = np.column_stack([np.ones(len(second)), *given, second])
    rows = np.flatnonzero(np.isfinite(fixed).all(axis=1))
    fixed, size = fixed[rows], fixed.shape[1] + 1
    of_day, begins = np.unique(day[rows], return_index=True)
    own = [*range(size - 2), size - 1]
    i, j = np.triu_indices(size - 1)
    products = fixed[:, i] * fixed[:, j]
    i, j = np.array(own)[i], np.array(own)[j]
    found = []
    for lag in lags:
        moments = np.zeros((days, size, size))
        if len(rows):
            moved = _shifted(first, lag)[rows]
            known = np.isfinite(moved)
            moved = np.where(known, moved, 0.0)
            among = np.add.reduceat(products * known[:, None], begins, axis=0)
            across = np.add.reduceat(np.column_stack([fixed, moved]) * moved[:, None], begins, axis=0)
            moments[of_day[:, None], i, j] = moments[of_day[:, None], j, i] = among
            cross = [*own, size - 2]
            moments[of_day[:, None], size - 2, cross] = moments[of_day[:, None], cross, size - 2] = across
        found.append(moments)
    return found


def _coefficients(sums: Values) -> Values:
    """Partial correlation of the last two given the others, of (..., p, p) sums; NaN where undefined."""
    base, both = sums[..., :-2, :-2], sums[..., :-2, -2:]
    ridge = 1e-10 * np.eye(base.shape[-1])
    explained = np.swapaxes(both, -1, -2) @ np.linalg.solve(base + ridge, both)
    left = sums[..., -2:, -2:] - explained
    spread = np.sqrt(np.maximum(left[..., 0, 0], 0.0) * np.maximum(left[..., 1, 1], 0.0))
    is_known = spread > _NO_SPREAD
    return np.asarray(np.divide(left[..., 0, 1], spread, out=np.full(spread.shape, np.nan), where=is_known))


def _band(moments: Values, r: Values, with_pairs: NDArray[np.int64]) -> tuple[Values, Values]:
    """Ends of the interval at each lag."""
    unknown = np.full(len(r), np.nan)
    chosen = np.isfinite(r) & (with_pairs >= MINIMUM_DAYS)
    if not chosen.any():
        return unknown, unknown
    days = int(with_pairs[chosen].min())
    kept = moments[chosen]
    counts = drawn_days(np.arange(kept.shape[1], dtype=np.float64) * _DAY_S, DRAWS, seed=_SEED, block_days=BLOCK_D)
    drawn = np.tensordot(counts.T, kept, axes=([1], [1]))
    centre = np.arctanh(np.clip(r[chosen], -_MOST, _MOST))
    z = np.arctanh(np.clip(_coefficients(drawn), -_MOST, _MOST))
    whole = z[np.isfinite(z).all(axis=1)]  # a resample of days that are all alike has no coefficient
    if len(whole) < _FEWEST_WHOLE * DRAWS:
        return unknown, unknown
    error = np.std(whole, axis=0)
    away = np.max(np.abs(whole - centre) / np.maximum(error, _NO_SPREAD), axis=1)
    blocks = days / BLOCK_D
    few = t.ppf((1 + LEVEL) / 2, blocks - 1) / norm.ppf((1 + LEVEL) / 2) * np.sqrt(blocks / (blocks - 1))
    half = float(np.quantile(away, LEVEL)) * float(few) * error
    low, high = unknown.copy(), unknown.copy()
    low[chosen], high[chosen] = np.tanh(centre - half), np.tanh(centre + half)
    return low, high
