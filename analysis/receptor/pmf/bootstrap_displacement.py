"""Displacement of the solutions of resamples (BS-DISP): errors of sampling and rotational freedom together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import Stop
from analysis.receptor.pmf.displacement import check_levels, columns_of, elements_of
from analysis.receptor.pmf.moves import move_elements
from analysis.receptor.pmf.resample import LEVEL, draw_blocks, map_factors, resolve
from analysis.receptor.pmf.samples import check_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

RESAMPLE_LEVELS = (0.5, 1.0, 2.0, 4.0)
"""Growth of the objective [1], the levels of EPA PMF 5.0 for resamples. Not checked against the text of its guide."""
MOST_FALL = 0.5
"""A resample whose objective falls by more below its minimum is rejected [1]; our choice: the lowest level."""
_LEAST_ACCEPTED = 0.5
_STOP = Stop(1e-8, 5000)
"""Finer than for percentiles: a resample that has not reached its minimum falls during the displacement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapDisplacement:
    """Outcome of the displacement of resamples.

    Attributes
    ----------
    low, high : DataFrame, (level and factor, species)
        Percentile of the low ends, and of the high ones, over the accepted resamples, unit of the concentrations; NaN
        where fewer than half of the resamples are accepted.
    swaps : DataFrame, (level, factor)
        Resamples in which a displacement swapped the factor with another one.
    accepted : Series, (level,)
        Resamples that the range is from: mapped, not fallen, no swap up to the level.
    unmapped : int
        Resamples whose factors are not those of the base one to one; not displaced.
    fallen : int
        Resamples whose objective fell by more than 0.5 during the displacement: they had not reached their minimum.
    runs, blocks : int
        Resamples, and blocks that were drawn from.
    level : float
        Nominal level of the percentiles [1].
    """

    low: pd.DataFrame
    high: pd.DataFrame
    swaps: pd.DataFrame
    accepted: pd.Series
    unmapped: int
    fallen: int
    runs: int
    blocks: int
    level: float


def displace_resamples(  # noqa: PLR0913 - all but three have defaults
    result: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    *,
    species: Sequence[str] | None = None,
    block: str | int = "D",
    runs: int = 50,
    seed: int = 42,
    levels: Sequence[float] = RESAMPLE_LEVELS,
) -> BootstrapDisplacement:
    """Factorise resamples of whole blocks and displace the profiles of each.

    The time grows with the number of species: name the few that tell the sources apart.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    species : sequence of str or None
        To be displaced; None: all.
    block, runs, seed
        See `bootstrap`.
    levels : sequence of float
        Growth of the objective [1], ascending, above 0.

    Returns
    -------
    BootstrapDisplacement

    Raises
    ------
    PmfInputError
        See `bootstrap` and `displace`.

    References
    ----------
    Paatero et al. 2014, Atmospheric Measurement Techniques 7, 781, doi:10.5194/amt-7-781-2014.
    """
    samples = check_samples(conc, unc, result.factors)
    columns = columns_of(samples, species)
    check_levels(levels)
    drawn, blocks = draw_blocks(samples.times, block, runs, seed)
    found = resolve(result, samples, drawn, _STOP)
    nearest = map_factors(result, samples, drawn, found)
    kept = np.flatnonzero((np.sort(nearest, axis=1) == np.arange(result.factors)).all(axis=1))
    order = np.argsort(nearest[kept], axis=1)[:, :, None]
    g, f = (np.take_along_axis(one[kept], order, axis=1) for one in (found.contributions, found.profiles))
    elements = elements_of(g, f, drawn[kept], columns)
    moved = move_elements(samples, elements, levels, robust=result.robust, least_contribution=result.least_contribution)
    shape = len(kept), result.factors, len(columns), 2
    is_fallen = moved.lowest.reshape(len(kept), math.prod(shape[1:])).min(axis=1) < -MOST_FALL
    rows = moved.swapped.reshape(len(levels), len(kept), math.prod(shape[1:]), result.factors)
    swapped = np.asarray(rows.any(axis=2), dtype=bool)
    is_accepted = (swapped.sum(axis=2).cumsum(axis=0) == 0) & ~is_fallen
    ends = _percentiles(moved.ends.reshape(len(levels), *shape), is_accepted, runs)
    index = pd.MultiIndex.from_product([levels, result.profiles.index], names=["level", "factor"])
    at, names = pd.Index(levels, name="level"), samples.species[columns]
    return BootstrapDisplacement(
        low=pd.DataFrame(ends[..., 0].reshape(-1, len(columns)), index, names),
        high=pd.DataFrame(ends[..., 1].reshape(-1, len(columns)), index, names),
        swaps=pd.DataFrame(swapped.sum(axis=1), at, result.profiles.index),
        accepted=pd.Series(is_accepted.sum(axis=1), at),
        unmapped=runs - len(kept), fallen=int(is_fallen.sum()), runs=runs, blocks=blocks, level=LEVEL,
    )  # fmt: skip


def _percentiles(ends: Array, is_accepted: NDArray[np.bool_], runs: int) -> Array:
    """Outer percentiles over the accepted resamples, (level, factor, species, way) of (level, resample, factor, ...)."""
    edge = (1 - LEVEL) / 2
    found = np.full((len(ends), *ends.shape[2:]), np.nan)
    for level, (values, chosen) in enumerate(zip(ends, is_accepted, strict=True)):
        if chosen.sum() >= _LEAST_ACCEPTED * runs:
            found[level, ..., 0] = np.quantile(values[chosen][..., 0], edge, axis=0)
            found[level, ..., 1] = np.quantile(values[chosen][..., 1], 1 - edge, axis=0)
    return found
