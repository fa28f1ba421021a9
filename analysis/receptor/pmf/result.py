"""Result of a factorisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class PmfResult:
    """The best of all starts.

    Attributes
    ----------
    contributions : DataFrame, (sample, factor)
        Relative to the mean of the factor, which is 1 [1]; at least -0.2. NaN for a sample without any value.
    profiles : DataFrame, (factor, species)
        Mean concentration of a species that a factor contributes; unit of the concentrations. Factors in the order of
        their share in the sum of all species.
    q_true : float
        Sum of the squared residuals in uncertainties [1].
    q_robust : float
        The same, in which a residual r beyond 4 counts as 4 r [1].
    q_expected : float
        Values less the degrees of freedom, ``values - factors x (samples + species)`` [1].
    starts : DataFrame
        A row a start: ``q_true``, ``q_robust``, ``steps``, ``converged``, ``random`` (else near the best one so far).
    start_profiles : array, (start, factor, species)
        Profiles of each row of `starts`, factors in any order.
    best : int
        Row of ``starts`` that is the result: lowest ``q_robust`` in robust mode, else lowest ``q_true``.
    seed : int
    robust : bool
    least_contribution : float
        Lower bound of contributions relative to their mean [1].
    sample_count, value_count : int
        Samples with a value, and values that are not missing.
    """

    contributions: pd.DataFrame
    profiles: pd.DataFrame
    q_true: float
    q_robust: float
    q_expected: float
    starts: pd.DataFrame
    start_profiles: NDArray[np.float64]
    best: int
    seed: int
    robust: bool
    least_contribution: float
    sample_count: int
    value_count: int

    @property
    def factors(self) -> int:
        """Number of factors."""
        return len(self.profiles)

    @property
    def percent_of_species(self) -> pd.DataFrame:
        """Share of each factor in the modelled mean of a species, (factor, species) [%]; NaN if no factor has it."""
        total = self.profiles.sum(axis=0)
        return 100 * self.profiles / total.where(total > 0)
