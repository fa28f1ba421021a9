"""Resamples of whole blocks of samples, and the solutions that they lead to from a base solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import PmfProblem, Solution, Stop, descend
from analysis.receptor.pmf.match import correlations
from analysis.receptor.pmf.samples import PmfInputError, Samples
from analysis.receptor.pmf.sweep import Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

LEAST_CORRELATION = 0.6
"""Below this correlation of contributions a bootstrap factor is that of no base factor [1], default of EPA PMF 5.0."""
LEVEL = 0.9
"""Part of the resamples between the percentiles, and level of intervals [1]."""
RESAMPLE_STOP = Stop(1e-6, 2000)
"""Enough for percentiles of profiles."""
_CELLS_AT_ONCE = 2_000_000
_FEWEST_RUNS, _FEWEST_BLOCKS = 20, 10


def draw_blocks(times: pd.Index, block: str | int, runs: int, seed: int) -> tuple[Array, int]:
    """How often each sample is taken in each resample, and the number of blocks.

    Parameters
    ----------
    times : pd.Index
    block : str or int
        ``"D"`` or ``"W"``: samples of a UTC day or week, for a DatetimeIndex; a number: as many consecutive samples.
    runs, seed : int

    Returns
    -------
    tuple of array, (run, sample), and int

    Raises
    ------
    PmfInputError
        If there are fewer than 10 blocks or 20 runs, or the index has no times.
    """
    if runs < _FEWEST_RUNS:
        msg = f"{runs} runs: at least {_FEWEST_RUNS} are needed for a 90 % interval"
        raise PmfInputError(msg)
    label = _blocks(times, block)
    blocks = int(label.max()) + 1
    if blocks < _FEWEST_BLOCKS:
        msg = f"{blocks} blocks of {block}: at least {_FEWEST_BLOCKS} are needed"
        raise PmfInputError(msg)
    generator = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251  seeded by the caller
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=runs).astype(float)[:, label], blocks


def _blocks(times: pd.Index, block: str | int) -> NDArray[np.int64]:
    """Number of the block of each sample, from 0 without holes."""
    if isinstance(block, int):
        if block < 1:
            msg = f"blocks of {block} samples: at least 1 is needed"
            raise PmfInputError(msg)
        return np.arange(len(times)) // min(block, len(times))
    if not isinstance(times, pd.DatetimeIndex) or block not in {"D", "W"}:
        msg = f"blocks of {block}: D or W with times as the index, or a number of samples"
        raise PmfInputError(msg)
    period = times.tz_convert(None) if times.tz is not None else times
    return np.unique(period.to_period(block).asi8, return_inverse=True)[1].astype(np.int64)


def resolve(result: PmfResult, samples: Samples, drawn: Array, stop: Stop = RESAMPLE_STOP) -> Solution:
    """Solutions of all resamples, descended from the base."""
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
        parts.append(descend(problem, (start[0], start[1]), stop))
    return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in Solution.__slots__))


def map_factors(result: PmfResult, samples: Samples, drawn: Array, found: Solution) -> NDArray[np.int64]:
    """Base factor whose contributions those of a factor of a resample correlate with most.

    Returns
    -------
    array of int, (run, factor of the resample)
        Row of the base factor; -1: below the least correlation with all of them.
    """
    base = result.contributions.reindex(samples.times).to_numpy().T
    likeness = np.array([correlations(g, base, n) for g, n in zip(found.contributions, drawn, strict=True)])
    return np.asarray(np.where(likeness.max(axis=2) >= LEAST_CORRELATION, likeness.argmax(axis=2), -1))
