"""A map of where polluted air came from, and its peak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.cpf import CHANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.receptor.source_map.cell import CellGrid


class MapMethod(StrEnum):
    """How trajectories and concentrations are put together."""

    PSCF = "pscf"
    CWT = "cwt"
    SQTBA = "sqtba"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The cell with the highest significant value.

    Attributes
    ----------
    lon, lat : float
        Centre of the cell [deg].
    value, low, high : float
        Of the map, without the weight for few points, and its 90 % bootstrap interval [1 for PSCF, else the unit of the samples].
    points : float
        Hourly points in the cell [1].
    days : int
        Different days of arrival of the trajectories through the cell.
    radius_km : float
        Distance within which 90 % of the bootstrap peaks are, with half the diagonal of a cell [km].
    draws : int
        Bootstrap draws.
    """

    lon: float
    lat: float
    value: float
    low: float
    high: float
    points: float
    days: int
    radius_km: float
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMap:
    """One map.

    Attributes
    ----------
    method : MapMethod
    cells : CellGrid
    value : array of float, (cells,)
        Of the method, without weights; NaN where no air came from.
    weighted : array of float, (cells,)
        The same after weights for few points, as it is drawn; NaN where no air came from.
    points : array of float, (cells,)
        Hourly points.
    chance : array of float, (cells,)
        Part of the rotations with as large an excess in any cell [1]; NaN for cells with air of too few days.
    samples, trajectories : int
        Samples with a value, and of them those whose trajectory has at least one hour.
    rotations : int
        Rotations by whole days that the map was compared with.
    overall : float
        Value over all samples [as ``value``].
    threshold : float or None
        Of PSCF [unit of the samples].
    peak : Peak or None
        None: nothing that chance does not explain.
    """

    method: MapMethod
    cells: CellGrid
    value: NDArray[np.float64]
    weighted: NDArray[np.float64]
    points: NDArray[np.float64]
    chance: NDArray[np.float64]
    samples: int
    trajectories: int
    rotations: int
    overall: float
    threshold: float | None
    peak: Peak | None

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Cells that chance does not explain."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.chance <= CHANCE)

    @property
    def is_testable(self) -> bool:
        """Whether there are enough days to name a cell at all."""
        return 1 / (self.rotations + 1) <= CHANCE
