"""The stored solution of a station: factors with names, scores and intervals, or what is missing for one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.receptor.pmf import PmfResult
from analysis.receptor.source_library.naming import Certainty, Unnamed, certainty_of
from analysis.receptor.station_model.errors import SpeciesError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ModelFactor(msgspec.Struct, frozen=True, kw_only=True):
    """One factor.

    Attributes
    ----------
    number : int
        From 1; the same from solution to solution as long as species and number of factors stay.
    kind : str or None
        Kind of source (``word.source_kind``); None: not named.
    probability, score : float
        See `analysis.receptor.source_library.Naming` [1].
    runner_up : str or None
    why : Unnamed or None
        Why it is not named.
    species : tuple of str
        Species of which it contributes most, the largest share first.
    mass, mass_low, mass_high : float or None
        Mean of all species [ug m⁻³] and the sums of the ends of their ``spread``. None: the factor was found in fewer than half of
        the resamples.
    share : float
        Of the modelled mean of all species [1].
    found : int
        Resamples in which it was found.
    cosine : float or None
        Of its profile to that of the last solution [1]; None: there is none to compare with.
    """

    number: int
    kind: str | None
    probability: float
    score: float
    runner_up: str | None
    why: Unnamed | None
    species: tuple[str, ...]
    mass: float
    mass_low: float | None
    mass_high: float | None
    share: float
    found: int
    cosine: float | None = None

    @property
    def certainty(self) -> Certainty:
        """How well the name fits."""
        return certainty_of(self.kind, self.score)


class FactorCount(msgspec.Struct, frozen=True, kw_only=True):
    """Diagnostics of a number of factors.

    Attributes
    ----------
    factors : int
    ratio : float
        Q(robust) by Q(expected) [1].
    reproduced : float
        Share of the random starts that find every factor again [1].
    starts : int
        Random starts.
    """

    factors: int
    ratio: float
    reproduced: float
    starts: int


class StationSolution(msgspec.Struct, frozen=True, kw_only=True):
    """Factorisation of a station's hours, as it is stored (document ``pmf``); without factors it says what is needed.

    Attributes
    ----------
    start, end : datetime
        Window that was read, UTC, half-open.
    hours, days : int
        Samples, and UTC days with any.
    species : tuple of SpeciesError
        In the order of the profiles, with the figures of their uncertainty.
    weak : tuple of str
        Species with a tripled uncertainty.
    left_out : dict of str to str
        Species that take no part, and why.
    profiles, low, high : tuple, (factor, species)
        Mean concentration that a factor contributes, canonical unit, with the 5th and 95th percentiles of the bootstrap.
    spread : str
        What ``low``, ``high``, ``mass_low`` and ``mass_high`` are: ``bootstrap``, percentiles of resamples of days, no 90 % intervals. They hold
        no rotation of the factors (docs/attribution.md), as those of `analysis.receptor.pmf.intervals` do.
    q_true, q_robust, q_expected : float or None
    starts, runs, blocks : int
        Random starts, resamples, and blocks (days) drawn from.
    profile_error, mass_error : float
        Relative errors of profiles by species and of a factor's whole mass, for intervals of hours [1].
    counts : tuple of FactorCount
        Numbers of factors that were compared; none where the last solution was continued.
    last : str or None
        Key of the solution that was continued.
    reasons : tuple of str
        Stored `schemas.reason.Reason`: drift, or what is needed.
    """

    station_id: str
    network: str
    start: datetime
    end: datetime
    hours: int
    days: int
    species: tuple[SpeciesError, ...] = ()
    weak: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
    factors: tuple[ModelFactor, ...] = ()
    profiles: tuple[tuple[float, ...], ...] = ()
    low: tuple[tuple[float | None, ...], ...] = ()
    high: tuple[tuple[float | None, ...], ...] = ()
    spread: str = "bootstrap"
    q_true: float | None = None
    q_robust: float | None = None
    q_expected: float | None = None
    starts: int = 0
    runs: int = 0
    blocks: int = 0
    profile_error: float = 0.0
    mass_error: float = 0.0
    seed: int = 0
    counts: tuple[FactorCount, ...] = ()
    last: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Key of the document: ``{station}/{network}/{day}``, the UTC day in which the window ends."""
        return f"{self.station_id}/{self.network}/{self.end:%Y-%m-%d}"

    @property
    def names(self) -> tuple[str, ...]:
        """Species in the order of the profiles."""
        return tuple(item.species for item in self.species)

    @property
    def limits(self) -> dict[str, SpeciesError]:
        """Figures of the uncertainty by species."""
        return {item.species: item for item in self.species}

    def frame(self, values: tuple[tuple[float | None, ...], ...]) -> pd.DataFrame:
        """Profiles or ends of intervals, (factor, species)."""
        index = pd.Index([item.number for item in self.factors], name="factor")
        return pd.DataFrame([list(row) for row in values], index=index, columns=list(self.names), dtype=float)


def as_result(solution: StationSolution) -> PmfResult:
    """What `analysis.receptor.pmf.refit` continues: profiles and settings, without contributions."""
    profiles = solution.frame(solution.profiles)
    start_profiles: NDArray[np.float64] = profiles.to_numpy()[None]
    return PmfResult(
        contributions=pd.DataFrame(columns=profiles.index, dtype=float),
        profiles=profiles,
        q_true=solution.q_true or 0.0,
        q_robust=solution.q_robust or 0.0,
        q_expected=solution.q_expected or 0.0,
        starts=pd.DataFrame({"random": [True]}),
        start_profiles=start_profiles,
        best=0,
        seed=solution.seed,
        robust=True,
        least_contribution=0.0,
        sample_count=solution.hours,
        value_count=0,
    )
