"""Positive matrix factorisation from many random starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import LEAST_CONTRIBUTION, PmfProblem
from analysis.receptor.pmf.result import PmfResult
from analysis.receptor.pmf.samples import PmfInputError, Samples, check_samples
from analysis.receptor.pmf.search import Search, search
from analysis.receptor.pmf.sweep import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray


def fit(  # noqa: PLR0913 - three of them are seldom given
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    factors: int,
    *,
    starts: int = 20,
    seed: int = 42,
    robust: bool = True,
    least_contribution: float = LEAST_CONTRIBUTION,
    progress: Callable[[int, int, float], None] | None = None,
) -> PmfResult:
    """Factorise samples into contributions and profiles, weighted by their uncertainties.

    Parameters
    ----------
    conc, unc : DataFrame or array, (sample, species)
        Concentrations and uncertainties in one unit. NaN and -999 are missing and have no weight.
    factors : int
        Fewer than species.
    starts : int
        Random starts. From more than one, up to 50 further starts near the best one look for a lower minimum.
    seed : int
        Of the starts, not negative; the same input and seed give the same result.
    robust : bool
        Lower the weight of residuals beyond 4 uncertainties, as EPA PMF 5.0.
    least_contribution : float
        Lower bound of contributions relative to their mean [1], -1 to 0; EPA PMF 5.0 has -0.2, non-negative factorisation 0.
    progress : callable or None
        Called now and then with the starts done, the starts in all, and the lowest objective so far.

    Returns
    -------
    PmfResult

    Raises
    ------
    PmfInputError
        If the samples are too few, not alike, or not usable, or an argument is out of range; the message names the place.

    References
    ----------
    Paatero and Tapper 1994, Environmetrics 5, 111, doi:10.1002/env.3170050203.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> true = rng.lognormal(size=(60, 2)) @ np.array([[4.0, 1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 3.0, 2.0, 0.5]])
    >>> conc, unc = true + (0.05 * true + 0.1) * rng.standard_normal(true.shape), 0.05 * true + 0.1
    >>> found = fit(conc, unc, 2, starts=3)
    >>> bool(0.7 < found.q_true / found.q_expected < 1.4), found.profiles.shape
    (True, (2, 5))
    """
    _check_arguments(starts, seed, least_contribution)
    samples = check_samples(conc, unc, factors)
    problem = problem_of(samples, robust=robust, least_contribution=least_contribution)
    generator = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251  seeded by the caller
    found = search(problem, factors, starts, generator, progress)
    by_share = np.argsort(-found.solution.profiles[found.best].sum(axis=1), kind="stable")
    return result_of(samples, found, problem, seed=seed, order=by_share)


def problem_of(samples: Samples, *, robust: bool, least_contribution: float) -> PmfProblem:
    """What is minimised for checked samples."""
    return PmfProblem(
        x=samples.x, weight=samples.weight, robust=robust, contributions=Limits(float(least_contribution))
    )


def _check_arguments(starts: int, seed: int, least_contribution: float) -> None:
    if starts < 1:
        msg = f"{starts} starts: at least 1 is needed"
        raise PmfInputError(msg)
    if seed < 0:
        msg = f"seed {seed}: 0 or a positive number is needed"
        raise PmfInputError(msg)
    if not -1.0 < least_contribution <= 0.0:
        msg = f"least contribution {least_contribution}: above -1 and at most 0 is needed"
        raise PmfInputError(msg)


def result_of(
    samples: Samples, found: Search, problem: PmfProblem, *, seed: int, order: NDArray[np.int64]
) -> PmfResult:
    """Result of a search, factors in the given order of the rows of the best solution."""
    solution, best = found.solution, found.best
    names = pd.RangeIndex(1, len(order) + 1, name="factor")
    contributions = pd.DataFrame(solution.contributions[best][order].T, index=samples.times, columns=names)
    starts = pd.DataFrame({
        "q_true": found.q_true, "q_robust": found.q_robust, "steps": solution.steps, "converged": solution.converged,
        "random": np.arange(len(solution.steps)) < found.random,
    })  # fmt: skip
    return PmfResult(
        contributions=contributions.reindex(samples.all_times),
        profiles=pd.DataFrame(solution.profiles[best][order], index=names, columns=samples.species),
        q_true=float(found.q_true[best]),
        q_robust=float(found.q_robust[best]),
        q_expected=float(samples.value_count - len(order) * sum(samples.x.shape)),
        starts=starts,
        start_profiles=solution.profiles,
        best=best,
        seed=seed,
        robust=problem.robust,
        least_contribution=float(np.min(problem.contributions.low)),
        sample_count=len(samples.x),
        value_count=samples.value_count,
    )
