"""Intervals of profiles: sampling of the days and freedom of the solution together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.bootstrap import bootstrap
from analysis.receptor.pmf.displacement import displace
from analysis.receptor.pmf.resample import LEVEL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.bootstrap import Bootstrap
    from analysis.receptor.pmf.displacement import Displacement
    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]
    Ends = tuple[Array, Array]

GROWTH = 2.71
"""Growth of the objective at the ends of a 90 % interval of one quantity [1]: the quantile 0.9 of chi-squared with one degree of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """90 % intervals of the profiles of a solution.

    Attributes
    ----------
    low, high : DataFrame, (factor, species)
        Unit of the concentrations; NaN for a factor in `lost` or `swapped`.
    percent_low, percent_high : DataFrame, (factor, species)
        The same of the share of a factor in the modelled mean of a species [%].
    lost : tuple of int
        Factors that fewer than half of the resamples have.
    swapped : tuple of int
        Factors that a displacement turns into another one.
    growth : float
        Of the objective at the ends of the displacement [1].
    runs, blocks : int
        Resamples, and blocks that were drawn from.
    level : float
        Level of the interval [1].
    """

    low: pd.DataFrame
    high: pd.DataFrame
    percent_low: pd.DataFrame
    percent_high: pd.DataFrame
    lost: tuple[int, ...]
    swapped: tuple[int, ...]
    growth: float
    runs: int
    blocks: int
    level: float


def intervals(
    result: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    *,
    block: str | int = "D",
    runs: int = 100,
    seed: int = 42,
) -> Intervals:
    """Resample and displace a solution, and join both errors.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    block, runs, seed
        See `bootstrap`.

    Returns
    -------
    Intervals

    Raises
    ------
    PmfInputError
        See `bootstrap`.

    Examples
    --------
    >>> import numpy as np
    >>> from analysis.receptor.pmf.fit import fit
    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> true = rng.lognormal(size=(60, 2)) @ np.array([[4.0, 1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 3.0, 2.0, 0.5]])
    >>> conc, unc = true + (0.05 * true + 0.1) * rng.standard_normal(true.shape), 0.05 * true + 0.1
    >>> found = intervals(fit(conc, unc, 2, starts=3), conc, unc, block=1, runs=20)
    >>> bool((found.low <= found.high).all(axis=None)), found.blocks, found.lost
    (True, 60, ())
    """
    resampled = bootstrap(result, conc, unc, block=block, runs=runs, seed=seed)
    displaced = displace(result, conc, unc, levels=(growth_of(result),))
    return join_errors(result, resampled, displaced)


def growth_of(result: PmfResult) -> float:
    """Growth of the objective at the ends of a 90 % interval [1].

    2.71, times the objective by its expected value where that is above 1: the stated uncertainties are too small there.
    """
    q = result.q_robust if result.robust else result.q_true
    return GROWTH * max(1.0, q / max(result.q_expected, 1.0))


def join_errors(result: PmfResult, resampled: Bootstrap, displaced: Displacement) -> Intervals:
    """Join the distances of each end from the base solution, that of the resamples and that of the displacement.

    The ends are at the root of the sum of their squares. Coverage with known truth: benchmark ``pmf.coverage``.

    Parameters
    ----------
    result : PmfResult
    resampled : Bootstrap
    displaced : Displacement
        Of all species; its lowest level is taken.

    Returns
    -------
    Intervals
    """
    growth = float(displaced.swaps.index[0])
    lost = resampled.low.isna().all(axis=1)
    swapped = displaced.swaps.iloc[0] > 0
    gone = lost | swapped
    low, high = _frames(result.profiles, (resampled.low, resampled.high), (displaced.low, displaced.high))
    percent_low, percent_high = _frames(
        result.percent_of_species.fillna(0.0),
        (resampled.percent_low, resampled.percent_high),
        (displaced.percent_low, displaced.percent_high),
    )
    return Intervals(
        low=low.mask(gone, axis=0), high=high.mask(gone, axis=0),
        percent_low=percent_low.mask(gone, axis=0), percent_high=percent_high.clip(upper=100.0).mask(gone, axis=0),
        lost=_numbers(lost), swapped=_numbers(swapped), growth=growth, runs=resampled.runs, blocks=resampled.blocks,
        level=LEVEL,
    )  # fmt: skip


def _frames(
    base: pd.DataFrame, spread: tuple[pd.DataFrame, pd.DataFrame], moved: tuple[pd.DataFrame, pd.DataFrame]
) -> list[pd.DataFrame]:
    """Both ends, at least 0, of the joined interval."""
    values = base.to_numpy()
    ends = _joined(values, *((low.to_numpy(), high.to_numpy()) for low, high in (spread, moved)))
    return [pd.DataFrame(np.maximum(end, 0.0), base.index, base.columns) for end in ends]


def _joined(base: Array, spread: Ends, moved: Ends) -> Ends:
    """Ends at the root of the summed squares of both distances from the base."""
    below, above = (
        np.hypot(*(np.maximum(sign * (ends[way] - base), 0.0) for ends in (spread, moved)))
        for way, sign in ((0, -1.0), (1, 1.0))
    )
    return base - below, base + above


def _numbers(chosen: pd.Series) -> tuple[int, ...]:
    return tuple(int(factor) for factor in chosen.index[chosen.to_numpy(dtype=bool)])
