"""Bootstrap of a factorisation: how far profiles depend on which blocks of days were sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import PmfProblem, Solution, Stop, descend
from analysis.receptor.pmf.match import correlations
from analysis.receptor.pmf.samples import PmfInputError, Samples, check_samples
from analysis.receptor.pmf.sweep import Limits

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

LEAST_CORRELATION = 0.6
"""Below this correlation of contributions a bootstrap factor is that of no base factor [1], default of EPA PMF 5.0."""
_STOP = Stop(1e-6, 2000)
_CELLS_AT_ONCE = 2_000_000
_FEWEST_BLOCKS = 10
_LEAST_FOUND = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Outcome of a bootstrap.

    Attributes
    ----------
    low, high : DataFrame, (factor, species)
        Percentile interval of the profiles, unit of the concentrations; NaN for a factor found in fewer than half of the runs.
    mapped : DataFrame, (bootstrap factor, base factor)
        Runs in which a factor was mapped to a base factor; column 0: to none.
    found : Series, (factor,)
        Runs in which the base factor was found at least once.
    runs, blocks : int
        Resamples, and blocks that were drawn from.
    level : float
        Nominal level of the interval [1].
    """

    low: pd.DataFrame
    high: pd.DataFrame
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
    contributions it correlates with most, if at least 0.6; the interval holds 90 % of the mapped profiles.

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
    if runs < 20:  # noqa: PLR2004 - stated in the message
        msg = f"{runs} runs: at least 20 are needed for a 90 % interval"
        raise PmfInputError(msg)
    samples = check_samples(conc, unc, result.factors)
    label = _blocks(samples.times, block)
    blocks = int(label.max()) + 1
    if blocks < _FEWEST_BLOCKS:
        msg = f"{blocks} blocks of {block}: at least {_FEWEST_BLOCKS} are needed"
        raise PmfInputError(msg)
    generator = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251  seeded by the caller
    drawn = generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=runs).astype(float)[:, label]
    return _summary(result, samples, drawn, _resolve(result, samples, drawn), blocks)


def _blocks(times: pd.Index, block: str | int) -> NDArray[np.int64]:
    """Number of the block of each sample, from 0 without holes."""
    if isinstance(block, int):
        if block < 1:
            msg = f"blocks of {block} samples: at least 1 is needed"
            raise PmfInputError(msg)
        return np.arange(len(times)) // block
    if not isinstance(times, pd.DatetimeIndex) or block not in {"D", "W"}:
        msg = f"blocks of {block}: D or W with times as the index, or a number of samples"
        raise PmfInputError(msg)
    period = times.tz_convert(None) if times.tz is not None else times
    return np.unique(period.to_period(block).asi8, return_inverse=True)[1].astype(np.int64)


def _resolve(result: PmfResult, samples: Samples, drawn: Array) -> Solution:
    g = result.contributions.reindex(samples.times).to_numpy().T
    f = result.profiles.to_numpy()
    at_once = max(1, _CELLS_AT_ONCE // samples.x.size)
    parts = []
    for first in range(0, len(drawn), at_once):
        count = drawn[first : first + at_once]
        problem = PmfProblem(
            x=samples.x,
            weight=samples.weight,
            robust=result.robust,
            contributions=Limits(result.least_contribution),
            count=count,
        )
        start = tuple(np.repeat(matrix[None], len(count), axis=0) for matrix in (g, f))
        parts.append(descend(problem, (start[0], start[1]), _STOP))
    return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in Solution.__slots__))


def _summary(result: PmfResult, samples: Samples, drawn: Array, found: Solution, blocks: int) -> Bootstrap:
    names, runs, level = result.profiles.index, len(drawn), 0.9
    base = result.contributions.reindex(samples.times).to_numpy().T
    likeness = np.array([correlations(g, base, n) for g, n in zip(found.contributions, drawn, strict=True)])
    nearest = np.where(likeness.max(axis=2) >= LEAST_CORRELATION, likeness.argmax(axis=2) + 1, 0)
    table = [[int((nearest[:, row] == column).sum()) for column in range(len(names) + 1)] for row in range(len(names))]
    seen = np.array([(nearest == column).any(axis=1).sum() for column in range(1, len(names) + 1)])
    edge = (1 - level) / 2
    ends = np.full((2, *result.profiles.shape), np.nan)
    for factor in range(len(names)):
        if seen[factor] >= _LEAST_FOUND * runs:
            ends[:, factor] = np.quantile(found.profiles[nearest == factor + 1], [edge, 1 - edge], axis=0)
    return Bootstrap(
        low=pd.DataFrame(ends[0], names, result.profiles.columns),
        high=pd.DataFrame(ends[1], names, result.profiles.columns),
        mapped=pd.DataFrame(table, names, range(len(names) + 1)),
        found=pd.Series(seen, names),
        runs=runs,
        blocks=blocks,
        level=level,
    )
