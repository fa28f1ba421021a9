"""How many factors: fit, residuals and reproducibility of solutions with different numbers of factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.pmf.fit import fit
from analysis.receptor.pmf.match import match_profiles
from analysis.receptor.pmf.samples import MISSING, check_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from analysis.receptor.pmf.result import PmfResult

SAME_COSINE = 0.95
"""Least cosine of every factor for a start that reproduces the best one [1]."""
LARGE_RESIDUAL = 3.0
"""Scaled residual beyond which a value is poorly modelled [1], as EPA PMF 5.0 displays it."""

LEAST_Q_SHARE = 0.05
"""Q(robust) by its expected value below which uncertainties are too large for the values [1]; project choice."""


def is_q_too_low(result: PmfResult) -> bool:
    """Whether the residuals are far smaller than the uncertainties allow: these are too large, or are no uncertainties."""
    return result.q_expected > 0 and result.q_robust < LEAST_Q_SHARE * result.q_expected


def scaled_residuals(result: PmfResult, conc: pd.DataFrame | ArrayLike, unc: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    """Residuals in uncertainties.

    Parameters
    ----------
    result : PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.

    Returns
    -------
    DataFrame, (sample, species)
        ``(x - g f) / s`` [1]; NaN where missing, samples without any value left out.
    """
    samples = check_samples(conc, unc, result.factors)
    g = result.contributions.reindex(samples.times).to_numpy()
    scaled = (samples.x - g @ result.profiles.to_numpy()) * np.sqrt(samples.weight)
    return pd.DataFrame(np.where(samples.weight > 0, scaled, np.nan), samples.times, samples.species)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeOutliers:
    """Values of a species that noise around zero does not explain.

    Attributes
    ----------
    species : str
    count : int
    first : str
        Time of the first of them.
    lowest : float
        Unit of the concentrations.
    """

    species: str
    count: int
    first: str
    lowest: float


def negative_outliers(conc: pd.DataFrame, unc: pd.DataFrame) -> tuple[NegativeOutliers, ...]:
    """Species with values below zero by more than `LARGE_RESIDUAL` uncertainties; -999 is missing.

    Examples
    --------
    >>> conc = pd.DataFrame({"zn": [1.0, -0.2, -9.0]}, index=["1 May", "2 May", "3 May"])
    >>> negative_outliers(conc, conc.abs() * 0 + 0.1)
    (NegativeOutliers(species='zn', count=1, first='3 May', lowest=-9.0),)
    """
    is_low = (conc < -LARGE_RESIDUAL * unc) & (conc != MISSING)
    return tuple(
        NegativeOutliers(
            species=str(name),
            count=int(rows.sum()),
            first=str(conc.index[rows][0]),
            lowest=float(conc.loc[rows, name].min()),
        )
        for name in conc.columns
        if (rows := is_low[name].to_numpy()).any()
    )


def reproduced(result: PmfResult) -> float:
    """Share of the random starts in which every factor of the best solution is found again.

    Parameters
    ----------
    result : PmfResult

    Returns
    -------
    float
        0 to 1 [1].
    """
    best = result.start_profiles[result.best]
    chosen = result.start_profiles[result.starts["random"].to_numpy()]
    return float(np.mean([match_profiles(one, best)[1].min() >= SAME_COSINE for one in chosen]))


def compare_factor_counts(
    conc: pd.DataFrame | ArrayLike,
    unc: pd.DataFrame | ArrayLike,
    counts: Sequence[int],
    *,
    starts: int = 20,
    seed: int = 42,
    robust: bool = True,
) -> pd.DataFrame:
    """Factorise with several numbers of factors and compare them.

    Parameters
    ----------
    conc, unc : DataFrame or array, (sample, species)
    counts : sequence of int
    starts, seed, robust
        See `fit`.

    Returns
    -------
    DataFrame, index ``factors``
        ``q_true``, ``q_robust``, ``q_expected``, ``ratio`` (q_true / q_expected [1]); ``im`` and ``is``, the largest mean
        and standard deviation of a species' scaled residuals [1], with a step where a source is missing; ``large``, share
        of residuals beyond 3; ``reproduced``, share of random starts that end in the same solution; ``starts``, their number.

    Raises
    ------
    PmfInputError
        See `fit`.

    References
    ----------
    IM and IS: Lee et al. 1999, Atmospheric Environment 33, 3201, doi:10.1016/S1352-2310(99)00113-2.
    """
    return compare_fits([fit(conc, unc, count, starts=starts, seed=seed, robust=robust) for count in counts], conc, unc)


def compare_fits(
    results: Sequence[PmfResult], conc: pd.DataFrame | ArrayLike, unc: pd.DataFrame | ArrayLike
) -> pd.DataFrame:
    """Compare solutions with different numbers of factors of the same samples, as `compare_factor_counts` does.

    Parameters
    ----------
    results : sequence of PmfResult
    conc, unc : DataFrame or array, (sample, species)
        As they were factorised.
    """
    rows = {}
    for result in results:
        residual = scaled_residuals(result, conc, unc)
        rows[result.factors] = {
            "q_true": result.q_true, "q_robust": result.q_robust, "q_expected": result.q_expected,
            "ratio": result.q_true / result.q_expected, "im": residual.mean().max(), "is": residual.std().max(),
            "large": float((residual.abs() > LARGE_RESIDUAL).to_numpy().sum() / result.value_count),
            "reproduced": reproduced(result), "starts": int(result.starts["random"].sum()),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("factors")
