"""Minimisation of the weighted residuals of ``x = g f`` over bounded ``g`` and ``f``, for many starts at once.

Each half step solves the least squares of one matrix with the other fixed, by exact minimisation along one factor after
the other within the bounds; then both are extrapolated. A start whose objective grows goes back to its last point and
extrapolates less. In robust mode the weights of cells beyond ``ALPHA`` uncertainties are lowered before each step, so
that the objective is Huber's.

The lower bound of a contribution is relative to the mean of its factor. It is kept as a bound of fixed size under the
condition that the mean is at least 1; the multiplier of that condition is found in the same exact minimisation
(`analysis.receptor.pmf.sweep`). So every point is feasible, extrapolated ones too, and the objective never grows.

All starts are rows of one array: a step is a few large products of matrices.

References
----------
Robust weights: Paatero 1997, Chemometrics and Intelligent Laboratory Systems 37, 23, doi:10.1016/S0169-7439(96)00044-5.
Extrapolation with restarts: Ang and Gillis 2019, Neural Computation 31, 417, doi:10.1162/neco_a_01157.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.receptor.pmf.sweep import NON_NEGATIVE, Limits, Pairs, sweep, to_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ALPHA = 4.0
"""Residual in uncertainties beyond which a cell counts as an outlier, as in EPA PMF 5.0 [1]."""
LEAST_CONTRIBUTION = -0.2
"""Lowest contribution of a factor relative to its mean, as EPA PMF 5.0 allows it [1]."""
_QUIET_STEPS = 5
_FIRST_EXTRAPOLATION, _GROWTH, _CEILING_GROWTH, _SHRINK = 0.5, 1.1, 1.05, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PmfProblem:
    """What is minimised.

    Attributes
    ----------
    x : array, (sample, species)
        Concentrations; any number where the weight is 0.
    weight : array, (sample, species)
        Reciprocal of the squared uncertainty; 0 where missing.
    robust : bool
        Huber's objective instead of the sum of squares.
    contributions : Limits
        Relative to the mean of a factor [1].
    profiles : Limits
    count : array, (start, sample), or None
        How often each sample is taken (bootstrap); None: once.
    fixed_mean : bool
        Keep the mean contribution at 1 exactly; needed where an element of a profile is held.
    """

    x: Array
    weight: Array
    robust: bool
    contributions: Limits
    profiles: Limits = NON_NEGATIVE
    count: Array | None = None
    fixed_mean: bool = False

    def part(self, keep: NDArray[np.bool_]) -> PmfProblem:
        """The problem of some of the starts."""
        count = None if self.count is None else self.count[keep]
        return PmfProblem(
            x=self.x, weight=self.weight, robust=self.robust, count=count, fixed_mean=self.fixed_mean,
            contributions=self.contributions.part(keep), profiles=self.profiles.part(keep),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """When a start ends.

    Attributes
    ----------
    tolerance : float
        When its objective falls by less than this part in five steps one after the other [1].
    steps : int
        After as many at the latest.
    """

    tolerance: float = 1e-8
    steps: int = 4000


@dataclass(frozen=True, slots=True)
class Solution:
    """End points of all starts.

    Attributes
    ----------
    contributions : array, (start, factor, sample)
        Mean 1 over the samples.
    profiles : array, (start, factor, species)
    objective : array, (start,)
        Sum of squares, or Huber's in robust mode.
    steps : array of int, (start,)
    converged : array of bool, (start,)
    """

    contributions: Array
    profiles: Array
    objective: Array
    steps: NDArray[np.int64]
    converged: NDArray[np.bool_]


def descend(problem: PmfProblem, start: tuple[Array, Array], stop: Stop) -> Solution:
    """Minimise from many starts.

    Parameters
    ----------
    problem : PmfProblem
    start : tuple of array, (start, factor, sample) and (start, factor, species)
        Contributions and profiles.
    stop : Stop

    Returns
    -------
    Solution
    """
    # products this small are eight times slower on two threads of BLAS, which mostly wait for each other (bench pmf.speed)
    with threadpool_limits(limits=1, user_api="blas"):
        state = _State(problem, start, stop)
        while state.alive.size:
            state.step()
    return state.found


class _State:
    """Points of the starts that go on, and the end points of the others."""

    def __init__(self, problem: PmfProblem, start: tuple[Array, Array], stop: Stop) -> None:
        self.problem, self.stop = problem, stop
        self.root = np.sqrt(problem.weight)
        self.pairs = Pairs(start[0].shape[1])
        self.g, self.f = _feasible(problem, *start)
        self.last_g, self.last_f = self.g.copy(), self.f.copy()
        starts = len(self.g)
        self.alive = np.arange(starts)
        self.value = np.full(starts, np.inf)
        self.reach = np.full(starts, _FIRST_EXTRAPOLATION)
        self.ceiling = np.ones(starts)
        self.quiet = np.zeros(starts, dtype=int)
        self.multiplier = np.zeros(self.g.shape[:2])
        self.done = 0
        empty = np.zeros(starts)
        self.found = Solution(self.g.copy(), self.f.copy(), empty, empty.astype(np.int64), empty.astype(bool))

    def step(self) -> None:
        """One step of every start that goes on."""
        weight, value = self._weights()
        worse = value > self.value * (1 + 1e-12)
        if worse.any():
            back = worse[:, None, None]
            self.g, self.f = np.where(back, self.last_g, self.g), np.where(back, self.last_f, self.f)
            weight, value = self._weights()
        self._pace(value, worse)
        keep = self._retire()
        if not self.alive.size:
            return
        if weight.ndim == 3:  # noqa: PLR2004 - one weight matrix a start
            weight = weight[keep]
        self._move(weight)
        self.done += 1

    def _weights(self) -> tuple[Array, Array]:
        """Weights at the points, and their objective."""
        problem = self.problem
        residual = np.matmul(self.g.transpose(0, 2, 1), self.f)
        np.subtract(problem.x, residual, out=residual)
        residual *= self.root
        if not problem.robust:
            return problem.weight, _total(residual, residual, problem.count)
        np.abs(residual, out=residual)
        lowered = ALPHA / np.maximum(residual, ALPHA)
        within = np.minimum(residual, ALPHA)
        return problem.weight * lowered, _total(within, 2 * residual - within, problem.count)

    def _pace(self, value: Array, worse: NDArray[np.bool_]) -> None:
        with np.errstate(invalid="ignore"):
            is_quiet = ~worse & (self.value - value < self.stop.tolerance * value)
        self.quiet = np.where(is_quiet, self.quiet + 1, np.where(worse, self.quiet, 0))
        self.ceiling = np.where(worse, self.reach, np.minimum(1.0, _CEILING_GROWTH * self.ceiling))
        self.reach = np.where(worse, self.reach / _SHRINK, np.minimum(self.ceiling, _GROWTH * self.reach))
        self.value = value

    def _retire(self) -> NDArray[np.bool_]:
        is_converged = self.quiet >= _QUIET_STEPS
        ends = is_converged | (self.done >= self.stop.steps)
        if ends.any():
            at, found = self.alive[ends], self.found
            found.contributions[at], found.profiles[at] = self.g[ends], self.f[ends]
            found.objective[at], found.steps[at], found.converged[at] = self.value[ends], self.done, is_converged[ends]
            for name in ("alive", "g", "f", "last_g", "last_f", "value", "reach", "ceiling", "quiet", "multiplier"):
                setattr(self, name, getattr(self, name)[~ends])
            self.problem = self.problem.part(~ends)
        return ~ends

    def _move(self, weight: Array) -> None:
        problem, pairs = self.problem, self.pairs
        weighted = weight * problem.x
        g, f = self.g.copy(), self.f.copy()
        gram, right = pairs.normal(f, weight.swapaxes(-1, -2), weighted.swapaxes(-1, -2))
        condition = to_mean(problem.count, self.multiplier, exact=problem.fixed_mean) if self._is_tied() else None
        sweep(g, (gram, right), pairs, problem.contributions, condition)
        last_g, last_f = self.last_g, self.last_f
        if not problem.fixed_mean:
            scale = np.maximum(_mean(g, problem.count), 1e-300)
            g, f, last_g, last_f = g / scale, f * scale, last_g / scale, last_f * scale
        if problem.count is not None:
            weight, weighted = weight * problem.count[:, :, None], weighted * problem.count[:, :, None]
        sweep(f, pairs.normal(g, weight, weighted), pairs, problem.profiles)
        reach = self.reach[:, None, None]
        self.f = problem.profiles.clip(f + reach * (f - last_f))
        self.g = g if problem.fixed_mean else problem.contributions.clip(g + reach * (g - last_g))
        self.last_g, self.last_f = g, f

    def _is_tied(self) -> bool:
        return self.problem.fixed_mean or not self.problem.contributions.is_scale_free


def _total(first: Array, second: Array, count: Array | None) -> Array:
    if count is None:
        return np.asarray(np.einsum("bij,bij->b", first, second))
    by_sample = np.einsum("bij,bij->bi", first, second)
    return np.asarray(np.einsum("bi,bi->b", by_sample, count))


def _mean(g: Array, count: Array | None) -> Array:
    if count is None:
        return np.asarray(g.mean(axis=2, keepdims=True))
    return np.asarray(np.einsum("bkn,bn->bk", g, count) / count.sum(axis=1)[:, None])[:, :, None]


def _feasible(problem: PmfProblem, g: Array, f: Array) -> tuple[Array, Array]:
    scale = np.maximum(_mean(g, problem.count), 1e-300)
    return problem.contributions.clip(g / scale), problem.profiles.clip(f * scale)
