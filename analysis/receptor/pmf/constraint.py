"""Constraints: elements of a solution that are pulled to a value or into bounds, as far as the objective allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import PmfProblem, Stop, descend
from analysis.receptor.pmf.samples import PmfInputError, Samples, check_samples
from analysis.receptor.pmf.search import q_values
from analysis.receptor.pmf.sweep import Limits

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

_STOP = Stop(1e-8, 3000)
_PARTS = 16
"""The way to the bounds is tried in as many equal parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """One element that is to be within bounds.

    Attributes
    ----------
    factor : int
        From 1, as in the result.
    at : hashable
        Species of the profile, or time of the contribution.
    low, high : float
        Concentration for a species, relative to the mean for a contribution [1]; equal for a value, both 0 for zero.
    """

    factor: int
    at: Hashable
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Constrained:
    """Outcome of constraints.

    Attributes
    ----------
    result : PmfResult
        The constrained solution; its `starts` are those of the base.
    share : float
        How far the elements were pulled, 0 to 1 [1]; below 1 the limit of the growth was reached.
    growth : float
        Of the objective [1].
    """

    result: PmfResult
    share: float
    growth: float


def constrain(
    result: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    pulls: Sequence[Pull],
    *,
    most_growth: float,
) -> Constrained:
    """Pull elements towards their bounds while all others follow.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    pulls : sequence of Pull
    most_growth : float
        Most the objective (the sum of squares, Huber's in robust mode) may grow [1].

    Returns
    -------
    Constrained

    Raises
    ------
    PmfInputError
        If a pull names no element of the solution, or bounds that cannot be.

    References
    ----------
    Paatero and Hopke 2009, Journal of Chemometrics 23, 91, doi:10.1002/cem.1197.
    """
    samples = check_samples(conc, unc, result.factors)
    base = result.contributions.reindex(samples.times).to_numpy().T, result.profiles.to_numpy()
    limits = [_Box(base[0], result.least_contribution), _Box(base[1], 0.0)]
    for pull in pulls:
        side, column = _place(result, samples, pull)
        limits[side].add(pull.factor - 1, column, pull)
    problem = PmfProblem(
        x=samples.x, weight=samples.weight, robust=result.robust, fixed_mean=True,
        contributions=limits[0].limits(), profiles=limits[1].limits(),
    )  # fmt: skip
    start = tuple(np.repeat(matrix[None], _PARTS + 1, axis=0) for matrix in base)
    found = descend(problem, (start[0], start[1]), _STOP)
    growth = found.objective - found.objective[0]
    chosen = int(np.flatnonzero(growth <= most_growth)[-1])
    return Constrained(
        result=_replaced(result, samples, found.contributions[chosen], found.profiles[chosen]),
        share=chosen / _PARTS,
        growth=float(growth[chosen]),
    )


class _Box:
    """Bounds of one matrix on the way from the base (first row) to the pulls (last row)."""

    def __init__(self, base: Array, least: float) -> None:
        self.base, self.least = base, least
        self.low = np.full((_PARTS + 1, *base.shape), least)
        self.high = np.full_like(self.low, np.inf)

    def add(self, factor: int, column: int, pull: Pull) -> None:
        """Narrow the bounds of one element step by step."""
        if not self.least <= pull.low <= pull.high < np.inf:
            msg = f"factor {pull.factor}, {pull.at}: bounds {pull.low} to {pull.high} are not between {self.least} and infinity"
            raise PmfInputError(msg)
        own, way = self.base[factor, column], np.linspace(0.0, 1.0, _PARTS + 1)[1:]
        self.low[1:, factor, column] = own + way * (pull.low - own) if own < pull.low else pull.low
        self.high[1:, factor, column] = own + way * (pull.high - own) if own > pull.high else pull.high
        if own > pull.high and pull.low == pull.high:
            self.low[1:, factor, column] = self.high[1:, factor, column]
        if own < pull.low and pull.low == pull.high:
            self.high[1:, factor, column] = self.low[1:, factor, column]

    def limits(self) -> Limits:
        """Bounds of all elements."""
        return Limits(self.low, self.high)


def _place(result: PmfResult, samples: Samples, pull: Pull) -> tuple[int, int]:
    """Matrix (0 contributions, 1 profiles) and column of a pull."""
    if not 1 <= pull.factor <= result.factors:
        msg = f"factor {pull.factor}: 1 to {result.factors} are there"
        raise PmfInputError(msg)
    if pull.at in samples.species:
        return 1, list(samples.species).index(pull.at)
    if pull.at in samples.times:
        return 0, list(samples.times).index(pull.at)
    msg = f"{pull.at} is neither a species nor a sample with values"
    raise PmfInputError(msg)


def _replaced(result: PmfResult, samples: Samples, g: Array, f: Array) -> PmfResult:
    names = result.profiles.index
    problem = PmfProblem(
        x=samples.x, weight=samples.weight, robust=result.robust, contributions=Limits(result.least_contribution)
    )
    q_true, q_robust = q_values(problem, g, f)
    contributions = pd.DataFrame(g.T, samples.times, names).reindex(samples.all_times)
    return replace(
        result,
        contributions=contributions,
        profiles=pd.DataFrame(f, names, samples.species),
        q_true=q_true,
        q_robust=q_robust,
    )
