"""New samples as contributions of the current factors, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.split.least_squares import Solved, solve
from analysis.receptor.split.samples import SplitInput, check_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySplit:
    """Contributions of factors to samples; NaN for a sample with too few species.

    Attributes
    ----------
    contributions, low, high : DataFrame, (sample, factor)
        Relative to the mean of the factor, with 90 % intervals [1]; times the profile it is a concentration.
    chi2 : Series, (sample,)
        By degree of freedom [1]; far above 1: the air holds what no factor has.
    unexplained : Series, (sample,)
        Sum of what is above the factors by the sum of all species [1].
    species_used : Series, (sample,)
        Number of species; at least one more than factors is needed.
    """

    contributions: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    chi2: pd.Series
    unexplained: pd.Series
    species_used: pd.Series

    def mass(self, profiles: pd.DataFrame, species: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Concentration of one species from each factor, with its 90 % interval of the contribution; (sample, factor)."""
        column = profiles[species]
        return self.contributions * column, self.low * column, self.high * column


def split(
    conc: pd.DataFrame, unc: pd.DataFrame, profiles: pd.DataFrame, errors: pd.DataFrame | float = 0.1
) -> HourlySplit:
    """Split samples onto factors by effective-variance non-negative least squares.

    Parameters
    ----------
    conc, unc : DataFrame, (sample, species)
        Same unit as the profiles; NaN and -999 are missing. A value below the detection limit is given with a large uncertainty
        (`analysis.receptor.pmf.with_detection_limits`). Species without a profile are ignored.
    profiles : DataFrame, (factor, species)
        Mean concentration that a factor contributes, as of `analysis.receptor.pmf.PmfResult`.
    errors : DataFrame, (factor, species), or float
        Standard error of the profiles, same unit (`errors_of_interval` of `analysis.receptor.pmf.intervals`); a number: relative to the profile [1].

    Returns
    -------
    HourlySplit

    Raises
    ------
    SplitInputError
        If fewer species than factors and one were measured, an uncertainty is missing or not above zero, or a profile is unfit.

    Examples
    --------
    >>> profiles = pd.DataFrame({"zinc": [1.0, 0.0], "lead": [0.5, 0.2], "iron": [0.1, 3.0]}, index=["A", "B"])
    >>> conc = pd.DataFrame({"zinc": [2.0, None], "lead": [1.2, 1.0], "iron": [3.2, 1.0]}, index=[10, 11])
    >>> found = split(conc, 0.05 * conc, profiles)
    >>> found.contributions.loc[10].round(2).tolist(), found.species_used.tolist()
    ([2.0, 1.0], [3, 2])
    """
    given = check_input(conc, unc, profiles, errors)
    rows = [_row(given, row) for row in range(len(given.conc))]
    unexplained = [np.nan if row is None else _unexplained(given, number, row) for number, row in enumerate(rows)]
    return HourlySplit(
        contributions=_frame(given, [None if row is None else row.value for row in rows]),
        low=_frame(given, [None if row is None else row.low for row in rows]),
        high=_frame(given, [None if row is None else row.high for row in rows]),
        chi2=pd.Series([np.nan if row is None else row.chi2 for row in rows], given.times),
        unexplained=pd.Series(unexplained, given.times),
        species_used=pd.Series(np.isfinite(given.conc).sum(axis=1), given.times),
    )


def _frame(given: SplitInput, rows: list[Array | None]) -> pd.DataFrame:
    filled = np.full((len(rows), len(given.factors)), np.nan)
    for number, row in enumerate(rows):
        if row is not None:
            filled[number] = row
    return pd.DataFrame(filled, index=given.times, columns=given.factors)


def _row(given: SplitInput, row: int) -> Solved | None:
    there = np.isfinite(given.conc[row])
    if there.sum() <= len(given.factors):
        return None
    return solve(given.conc[row, there], given.unc[row, there], given.profiles[:, there], given.errors[:, there])


def _unexplained(given: SplitInput, number: int, row: Solved) -> float:
    sample = given.conc[number]
    above = np.maximum(sample - row.value @ given.profiles, 0.0)
    total = float(np.nansum(np.maximum(sample, 0.0)))
    return float(np.nansum(above)) / total if total > 0 else np.nan
