"""The hourly forecast model: linear first guess, boosted residual, boosted spread, calibrated quantiles.

Value of a pair: ``m = linear + scale * trees``. Its spread ``s`` is predicted by a second set of trees that learnt the absolute
residuals of held-out blocks. Quantile ``q`` is ``m + s * z_q``, where ``z_q`` is the conformal quantile of ``(observed - m) / s`` of
the held-out blocks near that lead and with a like spread, separately for forecasts with and without weather ahead. With weather ahead,
the distance of ``z_q`` from ``z_0.5`` is widened, as training knows the weather that came and a forecast does not.

References
----------
Lei et al. 2018, J. Am. Stat. Assoc. 113, 1094, section 5.2 (locally weighted conformal inference), doi:10.1080/01621459.2017.1307116.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.forecast.hourly.calibration import SpreadCalibration, calibrated
from analysis.forecast.hourly.feature import LINEAR, SEASONAL, FeatureMaker, LeadPairs
from analysis.forecast.hourly.grid import LEAD_GROUPS, LEVELS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import lightgbm
    import pandas as pd
    from numpy.typing import NDArray

LOWEST_SPREAD = 0.05
"""Of `TargetModel.scale`; trees may predict less, even below zero."""
WIDENING = (1.0, 1.0, 1.05, 1.15, 1.2)
"""Of intervals with weather ahead, by lead group, where no archive of weather forecasts says how much they err [1].

Measured on Beijing (docs/analysis.md): weather of the hours ahead that keeps the correlation exp(-lead / 270 h) with the weather that came;
no figure of a real weather forecast."""
SHOWN = {"value": 0.5, "q05": 0.05, "q10": 0.1, "q90": 0.9, "q95": 0.95}
"""Fields of the product and their levels."""


class ForecastKind(StrEnum):
    """Method of a forecast."""

    BOOSTED = "lightgbm"
    SIMPLE = "fallback-yesterday-climatology"


class IntervalBasis(StrEnum):
    """What the width of an interval rests on."""

    WITHOUT_WEATHER = "without_weather"
    """Held-out forecasts without weather ahead."""
    STATED_WIDENING = "stated_widening"
    """Held-out forecasts with the weather that came, widened by `WIDENING`."""
    ARCHIVED_WEATHER = "archived_weather"
    """Held-out forecasts with the weather that came, widened by what archived weather forecasts need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadGroup:
    """Trees of some leads: of the residual of the linear guess, and of the spread, both in units of `TargetModel.scale`."""

    value: lightgbm.Booster
    spread: lightgbm.Booster


class WarningCut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How forecasts warn of one level.

    Attributes
    ----------
    level : float
        Concentration [unit of the pollutant].
    share : float
        Level of the quantile that must reach it [1].
    events : int
        Held-out observations at or above the level that the choice rests on; 0: taken over from the level below.
    """

    level: float
    share: float
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetModel:
    """Model of one pollutant.

    Attributes
    ----------
    target : str
    linear : array of float, (LAST_LEAD_H, len(LINEAR) + 1)
        Coefficients by lead, the constant last.
    scale : array of float, (LAST_LEAD_H,)
        Standard deviation of the residual of the linear guess [unit of the target].
    groups : tuple of LeadGroup
        In the order of `LEAD_GROUPS`.
    calibration : tuple of SpreadCalibration
        ``z`` by lead, spread in units of ``scale`` and level, without and with weather ahead; not widened.
    widening : tuple of float
        Of the quantiles with weather ahead, of each lead group [1].
    widening_days : int
        Days of archived weather forecasts that the widening rests on; 0: it is `WIDENING`.
    names : tuple of str
        Columns of the matrix.
    low, high : array of float, (len(names),)
        Range of each feature in training; NaN where it never had a value.
    trained_hours : int
        Valid hours of the target in training.
    series : tuple of str
        Stations and cities that it was trained on.
    cuts : tuple of tuple of tuple of WarningCut
        How it warns: without and with weather ahead, of each lead group, levels ascending (`warning.warning_values`).
    """

    target: str
    linear: NDArray[np.float64]
    scale: NDArray[np.float64]
    groups: tuple[LeadGroup, ...]
    calibration: tuple[SpreadCalibration, SpreadCalibration]
    widening: tuple[float, ...]
    widening_days: int
    names: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    trained_hours: int
    series: tuple[str, ...]
    cuts: tuple[tuple[tuple[WarningCut, ...], ...], ...]

    @property
    def basis(self) -> IntervalBasis:
        """Of intervals with weather ahead."""
        return IntervalBasis.ARCHIVED_WEATHER if self.widening_days else IntervalBasis.STATED_WIDENING

    @property
    def is_seasonal(self) -> bool:
        """The day of the year is a feature."""
        return SEASONAL in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyModel:
    """Models of all pollutants.

    Attributes
    ----------
    targets : dict of str to TargetModel
    ranks : array of uint8, (samples, len(TARGETS), LAST_LEAD_H)
        Ranks of held-out residuals of the same origin, for joint samples.
    series : tuple of str
        That the newest of its models were trained on.
    first, last : Timestamp
        Of the training hours of these, UTC.
    """

    targets: dict[str, TargetModel]
    ranks: NDArray[np.uint8]
    series: tuple[str, ...]
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Centre:
    """Value and spread of pairs, in the unit of the target."""

    middle: NDArray[np.float64]
    spread: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyOptions:
    """Cost and size of a model, and what its warnings are worth.

    ``rows`` are pairs of origin and lead of one group of leads; ``miss_cost`` is the cost of a missed event in false alarms [1], None: the
    warnings have the largest CSI.
    """

    rows: int = 20_000
    trees: int = 100
    folds: int = 3
    samples: int = 200
    threads: int = 1
    seed: int = 1
    targets: tuple[str, ...] = field(default=("pm25", "pm10", "o3", "no2", "so2", "co"))
    miss_cost: float | None = None


def composed(candidate: HourlyModel, in_force: HourlyModel | None, promoted: Collection[str]) -> HourlyModel:
    """Promoted pollutants of a candidate with the others of the model in force.

    Parameters
    ----------
    candidate : HourlyModel
    in_force : HourlyModel or None
    promoted : collection of str
        Pollutants of the candidate. One that is neither promoted nor in force is left out.
    """
    kept = {} if in_force is None else {name: item for name, item in in_force.targets.items() if name not in promoted}
    chosen = {name: item for name, item in candidate.targets.items() if name in promoted}
    return replace(candidate, targets=kept | chosen)


def centre(model: TargetModel, matrix: NDArray[np.float32], pairs: LeadPairs) -> Centre:
    """Value and spread of pairs whose features are known.

    Parameters
    ----------
    model : TargetModel
    matrix : array of float32, (n, len(model.names))
    pairs : LeadPairs
    """
    scale = model.scale[pairs.lead - 1]
    middle = linear_guess(model.linear, design(matrix, model.names), pairs.lead)
    spread = np.ones(len(pairs))
    for (first, last), group in zip(LEAD_GROUPS, model.groups, strict=True):
        chosen = np.flatnonzero((pairs.lead >= first) & (pairs.lead <= last))
        if len(chosen):
            middle[chosen] += scale[chosen] * np.asarray(group.value.predict(matrix[chosen]), dtype=float)
            spread[chosen] = np.asarray(group.spread.predict(matrix[chosen]), dtype=float)
    return Centre(middle, scale * np.maximum(spread, LOWEST_SPREAD))


def quantiles(model: TargetModel, found: Centre, pairs: LeadPairs) -> NDArray[np.float64]:
    """Quantiles of pairs at `LEVELS`, ascending, never negative, (n, len(LEVELS)), in the unit of the target."""
    z = np.empty((len(pairs), len(LEVELS)))
    relative = found.spread / model.scale[pairs.lead - 1]
    for mode, calibration in zip((False, True), model.calibration, strict=True):
        chosen = np.flatnonzero(pairs.weather == mode)
        z[chosen] = calibrated(calibration, relative[chosen], pairs.lead[chosen])
    wide = np.where(pairs.weather, widening_at(model.widening, pairs.lead), 1.0)[:, None]
    middle = z[:, [LEVELS.index(0.5)]]
    z = middle + wide * (z - middle)
    return np.asarray(np.maximum(found.middle[:, None] + found.spread[:, None] * z, 0.0), dtype=float)


def widening_at(widening: Sequence[float], lead: NDArray[np.int64]) -> NDArray[np.float64]:
    """Factor of each pair, by the lead group that it belongs to."""
    last = np.array([end for _, end in LEAD_GROUPS])
    return np.asarray(widening, dtype=float)[np.searchsorted(last, lead)]


def predict(
    model: HourlyModel, maker: FeatureMaker, target: str, pairs: LeadPairs
) -> tuple[Centre, NDArray[np.float64], NDArray[np.float32]]:
    """Centre, quantiles at `LEVELS`, and features of pairs."""
    own = model.targets[target]
    matrix, _ = maker.matrix(target, pairs, is_seasonal=own.is_seasonal)
    found = centre(own, matrix, pairs)
    return found, quantiles(own, found, pairs), matrix


def design(matrix: NDArray[np.float32], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Features of the linear guess with the constant; a missing one is replaced by the usual value of the hour, then by 0."""
    chosen = matrix[:, [names.index(name) for name in LINEAR]].astype(float)
    usual = np.nan_to_num(chosen[:, LINEAR.index("usual")], nan=0.0)
    return np.column_stack([np.where(np.isfinite(chosen), chosen, usual[:, None]), np.ones(len(chosen))])


def linear_guess(
    coefficients: NDArray[np.float64], predictors: NDArray[np.float64], lead: NDArray[np.int64]
) -> NDArray[np.float64]:
    """First guess of each row."""
    return np.asarray((predictors * coefficients[lead - 1]).sum(axis=1), dtype=float)
