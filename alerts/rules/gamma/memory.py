"""What the gamma rule remembers of one station: plain numbers, so that it can be stored and copied."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from qc.robust import robust_spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerts.rules.gamma.figure import GammaFigures

HOUR_S = 3600.0


class Remembered(NamedTuple):
    """One reading within the window: its time, and its residual in standard deviations [1]."""

    at: datetime
    sigmas: float


class StationMemory(msgspec.Struct, kw_only=True):
    """State of one station.

    Attributes
    ----------
    dry : list of (datetime, float)
        Dry readings of the baseline [nGy h⁻¹].
    baseline, spread : float
        Median and standard deviation of them, NaN without enough [nGy h⁻¹].
    reckoned_at : datetime or None
        When they were computed; once an hour is enough.
    deposit : float
        Rain of the own gauge, decaying with the half-time of the wash-out [mm to a power].
    deposit_at, rained_at, seen_at : datetime or None
        Of the deposit, of the last rain, of the last excess.
    excess : float
        Last reading above the baseline [nGy h⁻¹].
    normal, moments : list of list of float, list of float
        Weighted normal equations of the coefficients.
    window : list of Remembered
        Ascending.
    """

    dry: list[tuple[datetime, float]] = msgspec.field(default_factory=list)
    baseline: float = math.nan
    spread: float = math.nan
    reckoned_at: datetime | None = None
    deposit: float = 0.0
    deposit_at: datetime | None = None
    rained_at: datetime | None = None
    seen_at: datetime | None = None
    excess: float = math.nan
    normal: list[list[float]] = msgspec.field(default_factory=list)
    moments: list[float] = msgspec.field(default_factory=list)
    window: list[Remembered] = msgspec.field(default_factory=list)

    def rain(self, at: datetime, rain_mm: float | None, figures: GammaFigures) -> None:
        """Let the deposit decay to ``at`` and add the rain of a reading [mm]; None is not known and adds nothing."""
        if self.deposit_at is not None:
            self.deposit *= 0.5 ** (max(0.0, hours_between(self.deposit_at, at)) / figures.half_time_h)
        self.deposit_at = at
        if rain_mm is not None and rain_mm > 0:
            self.deposit += min(rain_mm, figures.most_rain_mm) ** figures.rain_power
            self.rained_at = at

    def dose(self, at: datetime, dose_ngy_h: float, figures: GammaFigures) -> None:
        """Compare a reading with the baseline of the readings before it, then take it into the baseline where it is dry."""
        if self.reckoned_at is None or hours_between(self.reckoned_at, at) >= 1.0 or math.isnan(self.baseline):
            self._reckon(at, figures)
        self.excess, self.seen_at = dose_ngy_h - self.baseline, at
        if self.rained_at is None or hours_between(self.rained_at, at) > figures.dry_after_h:
            self.dry.append((at, dose_ngy_h))

    def forget_last(self) -> None:
        """Take the last reading out of the baseline: it is of an alarm."""
        if self.dry and self.dry[-1][0] == self.seen_at:
            self.dry.pop()

    def _reckon(self, at: datetime, figures: GammaFigures) -> None:
        self.dry = [item for item in self.dry if hours_between(item[0], at) <= figures.baseline_h]
        if len(self.dry) < figures.least_dry:
            return
        values = np.array([value for _, value in self.dry])
        self.baseline = float(np.median(values))
        self.spread = max(robust_spread(values), figures.least_spread * self.baseline)
        self.reckoned_at = at

    def coefficients(self, prior: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
        """Coefficients of the predictors, drawn to ``prior`` by ``ridge``."""
        size = prior.size
        if len(self.moments) != size:
            self.normal, self.moments = np.zeros((size, size)).tolist(), [0.0] * size
        moments = np.array(self.moments) + ridge * prior
        return np.asarray(np.linalg.solve(np.array(self.normal) + ridge * np.eye(size), moments), dtype=np.float64)

    def learn(self, predictors: NDArray[np.float64], residual: float, forget: float) -> None:
        """Add the last reading to the normal equations: less weight to large predictors and to outliers."""
        scale = 1.0 + 0.1 * float(np.abs(predictors).max())
        weight = 1.0 / scale**2 / max(1.0, abs(residual) / scale / 2.0)
        self.normal = (forget * np.array(self.normal) + weight * np.outer(predictors, predictors)).tolist()
        self.moments = (forget * np.array(self.moments) + weight * predictors * self.excess).tolist()


def hours_between(first: datetime, last: datetime) -> float:
    """Time from ``first`` to ``last`` [h]."""
    return (last - first).total_seconds() / HOUR_S
