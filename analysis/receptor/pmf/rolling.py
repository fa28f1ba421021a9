"""Refit of newer samples from the last solution: the same factors where they are still there, and which have drifted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.descent import Stop, descend
from analysis.receptor.pmf.fit import fit, problem_of, result_of
from analysis.receptor.pmf.match import match_profiles
from analysis.receptor.pmf.samples import PmfInputError, Samples, check_samples
from analysis.receptor.pmf.search import Search, q_values
from schemas.reason import Figure, Reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analysis.receptor.pmf.result import PmfResult

    Array = NDArray[np.float64]

LEAST_COSINE = 0.95
"""Cosine of a profile (per cent of species) to the last one below which its factor has drifted [1]; our choice, as `diagnostics.SAME_COSINE`."""
LOWER = 0.01
"""A search from random starts is reported if its objective is lower by more than this part [1]; our choice."""
_STOP = Stop(1e-9, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refit:
    """Outcome of a refit.

    Attributes
    ----------
    result : PmfResult
        Factors have the numbers of the last solution.
    cosine : Series, (factor,)
        Of the profile in per cent of species to the last one [1], 0 to 1.
    drifted : tuple of int
        Factors whose cosine is below the limit.
    reasons : tuple of Reason
        One for each drifted factor, and one if a search from random starts ended clearly lower.
    lowest : float or None
        ``q_robust`` (``q_true`` without robust mode) of that search; None: none was made.
    """

    result: PmfResult
    cosine: pd.Series
    drifted: tuple[int, ...]
    reasons: tuple[Reason, ...]
    lowest: float | None


def refit(
    last: PmfResult,
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    *,
    least_cosine: float = LEAST_COSINE,
    starts: int = 0,
    seed: int = 42,
) -> Refit:
    """Factorise newer samples, starting from the last solution.

    The result is the minimum next to the last solution, so that a factor stays the same one from refit to refit. Only
    a search from random starts can show that the newer samples have a better solution.

    Parameters
    ----------
    last : PmfResult
        Its number of factors, robust mode and bound are kept.
    conc, unc : DataFrame or array, (sample, species)
        The window now; the same species in the same order. Samples may be those of the last window in part.
    least_cosine : float
        A factor below it has drifted, 0 to 1 [1].
    starts : int
        Random starts that look for a lower minimum; 0: none.
    seed : int
        Of the starts.

    Returns
    -------
    Refit

    Raises
    ------
    PmfInputError
        If the species differ, or as `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.Generator(np.random.PCG64(1))
    >>> true = rng.lognormal(size=(90, 2)) @ np.array([[4.0, 1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 3.0, 2.0, 0.5]])
    >>> conc, unc = true + (0.05 * true + 0.1) * rng.standard_normal(true.shape), 0.05 * true + 0.1
    >>> now = refit(fit(conc[:60], unc[:60], 2, starts=3), conc[30:], unc[30:])
    >>> bool(now.cosine.min() > 0.99), now.drifted
    (True, ())
    """
    if not 0.0 <= least_cosine <= 1.0:
        msg = f"least cosine {least_cosine}: 0 to 1 is needed"
        raise PmfInputError(msg)
    samples = check_samples(conc, unc, last.factors)
    _check_species(last, samples)
    result = _continued(last, samples, seed)
    rows, cosine = match_profiles(result.profiles.to_numpy(), last.profiles.to_numpy())
    result = _renumbered(result, rows)
    named = pd.Series(cosine, last.profiles.index)
    drifted = tuple(int(number) for number in named.index[named < least_cosine])
    reasons = [_drift(last, result, number, float(named[number]), least_cosine) for number in drifted]
    lowest = None
    if starts > 0:
        other = fit(
            conc,
            unc,
            last.factors,
            starts=starts,
            seed=seed,
            robust=last.robust,
            least_contribution=last.least_contribution,
        )
        lowest, own = _objective(other), _objective(result)
        if lowest < (1 - LOWER) * own:
            figures = {"starts": starts, "lowest": lowest, "own": own}
            reasons.append(Reason("pmf", "lower_elsewhere", figures, "attribution"))
    return Refit(result=result, cosine=named, drifted=drifted, reasons=tuple(reasons), lowest=lowest)


def _check_species(last: PmfResult, samples: Samples) -> None:
    own, given = list(last.profiles.columns), list(samples.species)
    if own == given:
        return
    if lost := [name for name in own if name not in given]:
        msg = f"species {lost[0]} of the last solution is not in the samples"
    elif new := [name for name in given if name not in own]:
        msg = f"species {new[0]} is not in the last solution"
    else:
        msg = f"species must be in the order of the last solution: {', '.join(map(str, own))}"
    raise PmfInputError(msg)


def _continued(last: PmfResult, samples: Samples, seed: int) -> PmfResult:
    """Minimum next to the last solution; contributions start as those that fit the last profiles best."""
    from scipy.optimize import nnls

    profiles, root = last.profiles.to_numpy(), np.sqrt(samples.weight)
    g = np.array([nnls((profiles * scale).T, x * scale)[0] for x, scale in zip(samples.x, root, strict=True)])
    problem = problem_of(samples, robust=last.robust, least_contribution=last.least_contribution)
    found = descend(problem, (g.T[None], profiles[None].copy()), _STOP)
    q_true, q_robust = q_values(problem, found.contributions[0], found.profiles[0])
    search = Search(found, 0, np.array([q_true]), np.array([q_robust]), 0)
    return result_of(samples, search, problem, seed=seed, order=np.arange(last.factors))


def _renumbered(result: PmfResult, rows: NDArray[np.int64]) -> PmfResult:
    names = result.profiles.index
    return replace(
        result,
        contributions=result.contributions.iloc[:, rows].set_axis(names, axis=1),
        profiles=result.profiles.iloc[rows].set_axis(names),
    )


def _objective(result: PmfResult) -> float:
    return result.q_robust if result.robust else result.q_true


def _drift(last: PmfResult, result: PmfResult, number: int, cosine: float, least: float) -> Reason:
    """A factor that has drifted, with the species whose share changed most."""
    before, after = (np.nan_to_num(one.percent_of_species.loc[number].to_numpy()) for one in (last, result))
    column = int(np.abs(after - before).argmax())
    figures: dict[str, Figure] = {
        "factor": number, "cosine": cosine, "least": least, "species": str(result.profiles.columns[column]),
        "before": before[column] / 100, "after": after[column] / 100, "samples": result.sample_count,
    }  # fmt: skip
    return Reason("pmf", "drift", figures, "attribution")
