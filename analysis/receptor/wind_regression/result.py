"""Means by wind and the named direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.receptor.cpf import CHANCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionPeak:
    """The direction with the highest significant mean.

    Attributes
    ----------
    direction_deg, half_width_deg : float
        Where the wind comes from, and the deviation that the peaks of 90 % of the simulated samples do not exceed [deg].
    mean, low, high : float
        Mean with its 90 % interval [unit of the values].
    effective_hours : float
        Hours that the kernel takes part in it [h].
    chance : float
        Part of the rotations with as large an excess in any direction [1].
    """

    direction_deg: float
    half_width_deg: float
    mean: float
    low: float
    high: float
    effective_hours: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindRegression:
    """Means by wind, one row a direction (`regress_direction`) or a cell of the wind vector (`regress_vector`).

    Attributes
    ----------
    mean, low, high : array of float, (rows,)
        Mean and pointwise 90 % band, corrected for the bias of the kernel and widened to hold the mean [unit of the values]; NaN with
        hours of fewer than two days.
    effective_hours : array of float, (rows,)
        Hours that the kernel takes part in each [h].
    chance : array of float, (rows,)
        Part of the rotations with as large an excess in any row [1]; NaN where not testable.
    bandwidth : float
        Of the kernel [deg, or m s⁻¹].
    hours, days : int
        Hours with value and wind that is not calm, and different UTC days of them.
    rotations : int
    overall : float
        Mean of these hours.
    peak : DirectionPeak or None
        None: no direction that chance does not explain (always for `regress_vector`).
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    effective_hours: NDArray[np.float64]
    chance: NDArray[np.float64]
    bandwidth: float
    hours: int
    days: int
    rotations: int
    overall: float
    peak: DirectionPeak | None = None

    @property
    def is_testable(self) -> bool:
        """Whether there are enough days to name a direction at all."""
        return 1 / (self.rotations + 1) <= CHANCE
