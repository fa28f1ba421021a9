"""Bootstrap of a factorisation: how far profiles depend on which blocks of days were sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.resample import LEVEL, draw_blocks, map_factors, resolve
from analysis.receptor.pmf.samples import check_samples

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.descent import Solution
    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

_LEAST_FOUND = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Outcome of a bootstrap.

    Attributes
    ----------
    low, high : DataFrame, (factor, species)
        5th and 95th percentile of the profiles, unit of the concentrations; NaN for a factor found in fewer than half of the
        runs. A spread, no 90 % interval: it holds no rotations (`analysis.receptor.pmf.intervals` does).
    percent_low, percent_high : DataFrame, (factor, species)
        The same of the share of a factor in the modelled mean of a species, over all factors of the same resample [%].
    mapped : DataFrame, (bootstrap factor, base factor)
        Runs in which a factor was mapped to a base factor; column 0: to none.
    found : Series, (factor,)
        Runs in which the base factor was found at least once.
    runs, blocks : int
        Resamples, and blocks that were drawn from.
    level : float
        Part of the resamples between the percentiles [1].
    """

    low: pd.DataFrame
    high: pd.DataFrame
    percent_low: pd.DataFrame
    percent_high: pd.DataFrame
    mapped: pd.DataFrame
    found: pd.Series
    runs: int
    blocks: int
    level: float


def bootstrap(
    result: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    *,
    block: str | int = "D",
    runs: int = 100,
    seed: int = 42,
) -> Bootstrap:
    """Factorise resamples of whole blocks, starting from the base solution.

    A block that is drawn twice has twice the weight. A factor of a resample belongs to the base factor whose
    contributions it correlates with most, if at least 0.6; the percentiles are of the mapped profiles.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    block : str or int
        ``"D"`` or ``"W"``: samples of a UTC day or week, for a DatetimeIndex; a number: as many consecutive samples.
    runs : int
        Resamples, at least 20.
    seed : int

    Returns
    -------
    Bootstrap

    Raises
    ------
    PmfInputError
        If there are fewer than 10 blocks or 20 runs, or the index has no times.

    References
    ----------
    Norris et al. 2014, EPA PMF 5.0 Fundamentals and User Guide, EPA/600/R-14/108, bootstrap error estimation.
    Politis and Romano 1994, Journal of the American Statistical Association 89, 1303, doi:10.1080/01621459.1994.10476870.
    """
    samples = check_samples(conc, unc, result.factors)
    drawn, blocks = draw_blocks(samples.times, block, runs, seed)
    found = resolve(result, samples, drawn)
    return _summary(result, map_factors(result, samples, drawn, found), found, blocks)


def _summary(result: PmfResult, nearest: NDArray[np.int64], found: Solution, blocks: int) -> Bootstrap:
    names, runs = result.profiles.index, len(nearest)
    table = [
        [int((nearest[:, row] == column - 1).sum()) for column in range(len(names) + 1)] for row in range(len(names))
    ]
    seen = np.array([(nearest == factor).any(axis=1).sum() for factor in range(len(names))])
    total = found.profiles.sum(axis=1, keepdims=True)
    percent = 100 * np.divide(found.profiles, total, out=np.zeros_like(found.profiles), where=total > 0)
    is_found = seen >= _LEAST_FOUND * runs
    low, high, percent_low, percent_high = (
        pd.DataFrame(end, names, result.profiles.columns)
        for values in (found.profiles, percent)
        for end in _percentiles(values, nearest, is_found)
    )
    return Bootstrap(
        low=low, high=high, percent_low=percent_low, percent_high=percent_high,
        mapped=pd.DataFrame(table, names, range(len(names) + 1)), found=pd.Series(seen, names),
        runs=runs, blocks=blocks, level=LEVEL,
    )  # fmt: skip


def _percentiles(values: Array, nearest: NDArray[np.int64], is_found: NDArray[np.bool_]) -> Array:
    """Percentiles, (end, factor, species), of values (run, factor of the resample, species)."""
    edge = (1 - LEVEL) / 2
    ends = np.full((2, *values.shape[1:]), np.nan)
    for factor in np.flatnonzero(is_found):
        ends[:, factor] = np.quantile(values[nearest == factor], [edge, 1 - edge], axis=0)
    return ends
