"""Search for the lowest minimum: random starts, then starts near the best one.

The objective has many local minima. After the random starts the best solution is disturbed, half of the times by noise on
all elements and half by new random factors in place of two. Each round disturbs the best solution so far. One round without
a lower minimum does not end the search, as the next one often finds it; two do. The best one is then descended to a finer
tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.pmf.descent import ALPHA, PmfProblem, Solution, Stop, descend
from analysis.receptor.pmf.sweep import NON_NEGATIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Starts = tuple["Array", "Array"]
"""Contributions (start, factor, sample) and profiles (start, factor, species)."""

_WARM = Stop(1e-6, 30)
"""Least squares before the robust steps: a robust start far from the data takes whole events for outliers."""
_SEARCH = Stop(1e-6, 2000)
_FINISH = Stop(1e-9, 10_000)
_ROUNDS, _QUIET_ROUNDS, _CHILDREN = 5, 2, 10
_LEAST_GAIN = 1e-5
"""A round that lowers the objective by a smaller part is quiet."""
_NOISE = 0.8
"""Standard deviation of the logarithm of the noise; 0.3 ended in the same minimum in most trials."""
_NEW_FACTORS = 2
_CELLS_AT_ONCE = 4_000_000
"""Cells of all starts that are computed together; 32 MB an array."""


@dataclass(frozen=True, slots=True)
class Search:
    """Outcome of a search.

    Attributes
    ----------
    solution : Solution
        All end points: random starts first, then those near the best.
    random : int
        Number of random starts.
    q_true, q_robust : array, (start,)
    best : int
        Row with the lowest ``q_robust`` in robust mode, else the lowest ``q_true``.
    """

    solution: Solution
    random: int
    q_true: Array
    q_robust: Array
    best: int


def search(
    problem: PmfProblem,
    factors: int,
    starts: int,
    generator: np.random.Generator,
    progress: Callable[[int, int, float], None] | None = None,
) -> Search:
    """Find the lowest minimum.

    Parameters
    ----------
    problem : PmfProblem
    factors, starts : int
    generator : np.random.Generator
    progress : callable or None
        Called after each part with the starts done, the starts in all as far as known, and the lowest objective.

    Returns
    -------
    Search
    """
    at_once = max(1, _CELLS_AT_ONCE // problem.x.size)
    parts: list[Solution] = []

    def run(points: Starts, *, warm: bool) -> None:
        for first in range(0, len(points[0]), at_once):
            some = points[0][first : first + at_once], points[1][first : first + at_once]
            parts.append(descend(problem, _warmed(problem, some) if warm else some, _SEARCH))
            if progress is not None:
                done = sum(len(part.steps) for part in parts)
                progress(done, max(done, starts), min(float(part.objective.min()) for part in parts))

    run(random_starts(problem, factors, starts, generator), warm=problem.robust)
    quiet, rounds = 0, _ROUNDS if starts > 1 else 0
    while rounds and quiet < _QUIET_ROUNDS:
        before = _joined(parts)
        run(_near(before, int(before.objective.argmin()), min(_CHILDREN, starts), generator), warm=False)
        is_lower = _joined(parts).objective.min() < (1 - _LEAST_GAIN) * before.objective.min()
        quiet, rounds = 0 if is_lower else quiet + 1, rounds - 1
    return _finished(problem, _joined(parts), starts)


def random_starts(problem: PmfProblem, factors: int, count: int, generator: np.random.Generator) -> Starts:
    """Uniform contributions with mean 1, uniform profiles around the mean of each species."""
    mean = (problem.weight * problem.x).sum(axis=0) / problem.weight.sum(axis=0)
    contributions = generator.uniform(0.0, 2.0, (count, factors, len(problem.x)))
    profiles = generator.uniform(0.0, 2.0, (count, factors, mean.size)) * np.maximum(mean, 0.0) / factors
    return contributions, profiles


def q_values(problem: PmfProblem, contributions: Array, profiles: Array) -> tuple[float, float]:
    """``q_true`` and ``q_robust`` of one solution, contributions (factor, sample) and profiles (factor, species)."""
    residual = np.abs((problem.x - contributions.T @ profiles) * np.sqrt(problem.weight))
    squares = residual**2
    return float(squares.sum()), float(np.where(residual > ALPHA, ALPHA * residual, squares).sum())


def _warmed(problem: PmfProblem, start: Starts) -> Starts:
    """Starts after some steps of least squares; those near a solution do without, they would lose it."""
    found = descend(replace(problem, robust=False, contributions=NON_NEGATIVE), start, _WARM)
    return found.contributions, found.profiles


def _near(found: Solution, best: int, count: int, generator: np.random.Generator) -> Starts:
    """Starts near a solution: noise on all elements, or new factors in place of some."""
    g = np.repeat(found.contributions[best : best + 1], count, axis=0)
    f = np.repeat(found.profiles[best : best + 1], count, axis=0)
    factors, species = f.shape[1:]
    noisy = count // 2
    floor = 1e-3 * f[0].mean(axis=0)
    g[:noisy] = np.maximum(g[:noisy], 0.01) * np.exp(_NOISE * generator.standard_normal(g[:noisy].shape))
    f[:noisy] = (f[:noisy] + floor) * np.exp(_NOISE * generator.standard_normal(f[:noisy].shape))
    mean = f[-1].mean(axis=0)
    for one in range(noisy, count):
        for factor in generator.choice(factors, min(_NEW_FACTORS, factors), replace=False):
            g[one, factor] = generator.uniform(0.0, 2.0, g.shape[2])
            f[one, factor] = generator.uniform(0.0, 2.0, species) * mean
    return g, f


def _joined(parts: list[Solution]) -> Solution:
    return Solution(*(np.concatenate([getattr(part, name) for part in parts]) for name in Solution.__slots__))


def _finished(problem: PmfProblem, found: Solution, random: int) -> Search:
    """Descend the best one to the finer tolerance."""
    q = np.array([q_values(problem, *one) for one in zip(found.contributions, found.profiles, strict=True)])
    best = int(q[:, int(problem.robust)].argmin())
    last = descend(problem, (found.contributions[[best]], found.profiles[[best]]), _FINISH)
    for name in ("contributions", "profiles", "objective", "converged"):
        getattr(found, name)[best] = getattr(last, name)[0]
    found.steps[best] += last.steps[0]
    q[best] = q_values(problem, last.contributions[0], last.profiles[0])
    return Search(found, random, q[:, 0], q[:, 1], best)
