"""Training of the hourly forecast, with quantiles calibrated on held-out blocks.

Blocks of ten days (thirty from a year of history on) belong to the folds in turn. What a fold holds out is predicted by trees that saw neither its blocks nor the days
that overlap their forecasts; these residuals give the spread, the calibrated quantiles, the cuts for
warnings and the joint ranks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.archive import archived_pairs, widening, with_archived_weather
from analysis.forecast.hourly.calibration import SpreadCalibration, conformal_quantiles, joint_ranks
from analysis.forecast.hourly.feature import FeatureMaker, LeadPairs
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEAD_GROUPS, TARGETS, HourGrid
from analysis.forecast.hourly.model import (
    LOWEST_SPREAD,
    WIDENING,
    Centre,
    HourlyModel,
    HourlyOptions,
    LeadGroup,
    TargetModel,
    WarningCut,
    centre,
    design,
    linear_guess,
    quantiles,
)
from analysis.forecast.hourly.warning import choose_cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import lightgbm
    import pandas as pd
    from numpy.typing import NDArray

    from analysis.forecast.hourly.archive import ArchivedRun

MINIMUM_HOURS = 21 * 24
"""Valid hours of a pollutant, all series together, and hours from first to last, that a model needs [h]."""
_SEASON_H = 300 * 24
_LONG_BLOCK_H, _SHORT_BLOCK_H = 30 * 24, 10 * 24
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class _Sample:
    """Pairs of one target with features, first guess and residual in units of the scale of their lead."""

    pairs: LeadPairs
    matrix: NDArray[np.float32]
    residual: NDArray[np.float64]


def train(
    grid: HourGrid,
    *,
    before: pd.Timestamp,
    options: HourlyOptions,
    levels: Mapping[str, Sequence[float]],
    archive: Sequence[ArchivedRun] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> HourlyModel | None:
    """Train on the hours before a moment.

    Parameters
    ----------
    grid : HourGrid
    before : Timestamp
        UTC; no hour from here on is used.
    options : HourlyOptions
    levels : mapping of target to sequence of float
        Ascending concentrations that are warned of [unit of the target]; a target without one warns by its median.
    archive : sequence of ArchivedRun
        Runs of earlier weather forecasts on the same grid, for the width of intervals with weather ahead (`archive.widening`).
    progress : callable
        Gets the code of each pollutant before it is trained.

    Returns
    -------
    HourlyModel or None
        Without the pollutants that have too few hours (`MINIMUM_HOURS`); None where none has enough.
    """
    maker, end = FeatureMaker(grid), grid.row_of(before)
    is_seasonal = end >= _SEASON_H
    rng = np.random.default_rng(options.seed)  # noqa: TID251 - seeded by the caller
    trajectories = _trajectories(grid, end, rng, options.samples)
    targets, residuals = {}, np.full((len(trajectories[0]), len(TARGETS), LAST_LEAD_H), np.nan)
    for place, target in enumerate(TARGETS):
        known = int(np.isfinite(grid.target(target)[:end]).sum())
        if target not in options.targets or min(known, end) < MINIMUM_HOURS:
            continue
        progress(target)
        fit = _TargetFit(maker, target, end, options=options, is_seasonal=is_seasonal)
        found = fit.run(rng, trajectories, tuple(levels.get(target, ())), archive)
        if found is not None:
            targets[target], residuals[:, place] = found
    if not targets:
        return None
    return HourlyModel(
        targets=targets,
        ranks=joint_ranks(residuals),
        series=grid.series,
        first=grid.hours[0],
        last=grid.hours[end - 1],
    )


@dataclass(frozen=True, slots=True)
class _Folds:
    """Blocks of hours that belong to the folds in turn."""

    block_h: int
    count: int

    def of(self, row: NDArray[np.int64]) -> NDArray[np.int64]:
        """Fold of each origin."""
        return np.asarray((row // self.block_h) % self.count, dtype=np.int64)

    def touches(self, pairs: LeadPairs, fold: int) -> NDArray[np.bool_]:
        """Pairs whose features or value lie in a held-out block or in the days that its forecasts reach."""
        edges = (pairs.row - 24, pairs.row + pairs.lead, np.maximum(pairs.row + pairs.lead - LAST_LEAD_H, 0))
        return np.asarray(np.any([self.of(edge) == fold for edge in edges], axis=0))


class _TargetFit:
    """Fit of one pollutant."""

    def __init__(
        self, maker: FeatureMaker, target: str, end: int, *, options: HourlyOptions, is_seasonal: bool
    ) -> None:
        self._maker, self._target, self._end = maker, target, end
        self._options, self._is_seasonal = options, is_seasonal
        self._folds = _Folds(_LONG_BLOCK_H if is_seasonal else _SHORT_BLOCK_H, options.folds)

    def run(
        self,
        rng: np.random.Generator,
        trajectories: tuple[NDArray[np.int64], NDArray[np.int64]],
        levels: tuple[float, ...],
        archive: Sequence[ArchivedRun],
    ) -> tuple[TargetModel, NDArray[np.float64]] | None:
        """The model, and residuals of the trajectories in units of their spread, (samples, LAST_LEAD_H)."""
        pairs = [self._draw(rng, first, last) for first, last in LEAD_GROUPS]
        if min(map(len, pairs)) < MINIMUM_HOURS:
            return None
        made = [self._maker.matrix(self._target, item, is_seasonal=self._is_seasonal) for item in pairs]
        names = made[0][1]
        linear, scale = self._linear(pairs, [matrix for matrix, _ in made], names)
        samples = [
            self._sample(item, matrix, linear, scale, names) for item, (matrix, _) in zip(pairs, made, strict=True)
        ]
        folds = [self._fold_trees(item) for item in samples]
        held = [_held_out(item, trees, self._folds) for item, trees in zip(samples, folds, strict=True)]
        groups = tuple(
            LeadGroup(
                value=_boosted(item.matrix, item.residual, self._settings()),
                spread=_boosted(item.matrix, np.abs(item.residual - out), self._spread_settings()),
            )
            for item, out in zip(samples, held, strict=True)
        )
        whole = np.concatenate([item.matrix for item in samples])
        model = TargetModel(
            target=self._target,
            linear=linear,
            scale=scale,
            groups=groups,
            calibration=self._calibration(samples, held, groups),
            widening=WIDENING,
            widening_days=0,
            names=names,
            low=_edge(whole, np.nanmin),
            high=_edge(whole, np.nanmax),
            trained_hours=int(np.isfinite(self._maker.grid.target(self._target)[: self._end]).sum()),
            series=self._maker.grid.series,
            cuts=((), ()),
        )
        factors, days = self._widening(model, folds, archive)
        model = replace(model, widening=factors, widening_days=days)
        model = replace(model, cuts=self._cuts(model, samples, held, levels))
        return model, self._trajectory_residuals(model, folds, trajectories)

    def _draw(self, rng: np.random.Generator, first: int, last: int) -> LeadPairs:
        """Pairs with an observed value and a known mean of the day before; half of them see the weather ahead."""
        wanted, series = self._options.rows, len(self._maker.grid.series)
        row = rng.integers(24, max(25, self._end - first), size=3 * wanted)
        lead = rng.integers(first, last + 1, size=3 * wanted)
        pairs = LeadPairs(rng.integers(0, series, size=3 * wanted), row, lead, rng.integers(0, 2, size=3 * wanted) == 1)
        pairs = pairs.where(pairs.row + pairs.lead <= self._end)
        pairs = pairs.where(np.isfinite(self._maker.observed(self._target, pairs)))
        recent = self._maker.grid.target(self._target)
        known = np.isfinite(np.stack([recent[pairs.row - back, pairs.series] for back in range(1, 7)])).any(axis=0)
        return pairs.where(np.flatnonzero(known)[:wanted])

    def _linear(
        self, pairs: list[LeadPairs], matrices: list[NDArray[np.float32]], names: tuple[str, ...]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        predictors = np.concatenate([design(matrix, names) for matrix in matrices])
        lead = np.concatenate([item.lead for item in pairs])
        observed = np.concatenate([self._maker.observed(self._target, item) for item in pairs])
        coefficients = np.empty((LAST_LEAD_H, predictors.shape[1]))
        scale = np.empty(LAST_LEAD_H)
        for ahead in range(1, LAST_LEAD_H + 1):
            # neighbouring leads have nearly the same coefficients and steady them
            chosen = np.abs(lead - ahead) <= max(1, ahead // 8)
            coefficients[ahead - 1] = _ridge(predictors[chosen], observed[chosen])
            left = observed[chosen] - predictors[chosen] @ coefficients[ahead - 1]
            scale[ahead - 1] = max(float(np.std(left)), 1e-3)
        return coefficients, scale

    def _sample(
        self,
        pairs: LeadPairs,
        matrix: NDArray[np.float32],
        linear: NDArray[np.float64],
        scale: NDArray[np.float64],
        names: tuple[str, ...],
    ) -> _Sample:
        guess = linear_guess(linear, design(matrix, names), pairs.lead)
        left = (self._maker.observed(self._target, pairs) - guess) / scale[pairs.lead - 1]
        return _Sample(pairs, matrix, left)

    def _fold_trees(self, sample: _Sample) -> list[lightgbm.Booster]:
        found = []
        for fold in range(self._folds.count):
            far = ~self._folds.touches(sample.pairs, fold)
            found.append(_boosted(sample.matrix[far], sample.residual[far], self._settings()))
        return found

    def _calibration(
        self, samples: list[_Sample], held: list[NDArray[np.float64]], groups: tuple[LeadGroup, ...]
    ) -> tuple[SpreadCalibration, SpreadCalibration]:
        spread = np.concatenate([_spread_of(group, item.matrix) for item, group in zip(samples, groups, strict=True)])
        residual = np.concatenate([item.residual - out for item, out in zip(samples, held, strict=True)]) / spread
        lead = np.concatenate([item.pairs.lead for item in samples])
        weather = np.concatenate([item.pairs.weather for item in samples])
        without, within = (conformal_quantiles(residual[own], spread[own], lead[own]) for own in (~weather, weather))
        return without, within

    def _widening(
        self, model: TargetModel, folds: list[list[lightgbm.Booster]], archive: Sequence[ArchivedRun]
    ) -> tuple[tuple[float, ...], int]:
        """Of intervals with weather ahead, by held-out forecasts with the weather of archived runs."""
        grid = self._maker.grid
        pairs, owner = archived_pairs(grid, archive, self._end)
        if not len(pairs):
            return WIDENING, 0
        matrix, names = self._maker.matrix(self._target, pairs, is_seasonal=self._is_seasonal)
        matrix = with_archived_weather(matrix, names, grid, archive, (pairs, owner))
        middle, spread = self._held_forecast(model, folds, pairs, matrix)
        residual = (self._maker.observed(self._target, pairs) - middle) / spread
        return widening(model, residual, spread / model.scale[pairs.lead - 1], pairs)

    def _held_forecast(
        self, model: TargetModel, folds: list[list[lightgbm.Booster]], pairs: LeadPairs, matrix: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Value and spread of pairs, the value by trees that did not see their block."""
        middle, owner = linear_guess(model.linear, design(matrix, model.names), pairs.lead), self._folds.of(pairs.row)
        for (first, last), boosters in zip(LEAD_GROUPS, folds, strict=True):
            for fold, booster in enumerate(boosters):
                chosen = np.flatnonzero((pairs.lead >= first) & (pairs.lead <= last) & (owner == fold))
                if len(chosen):
                    trees = np.asarray(booster.predict(matrix[chosen]), dtype=float)
                    middle[chosen] += model.scale[pairs.lead[chosen] - 1] * trees
        return middle, centre(model, matrix, pairs).spread

    def _cuts(
        self, model: TargetModel, samples: list[_Sample], held: list[NDArray[np.float64]], levels: tuple[float, ...]
    ) -> tuple[tuple[tuple[WarningCut, ...], ...], ...]:
        """Warnings chosen by what the folds forecast for the blocks that they held out."""
        found: tuple[list[tuple[WarningCut, ...]], list[tuple[WarningCut, ...]]] = ([], [])
        for item, out, group in zip(samples, held, model.groups, strict=True):
            scale = model.scale[item.pairs.lead - 1]
            middle = linear_guess(model.linear, design(item.matrix, model.names), item.pairs.lead) + scale * out
            forecasts = quantiles(model, Centre(middle, scale * _spread_of(group, item.matrix)), item.pairs)
            observed, block = self._maker.observed(self._target, item.pairs), item.pairs.row // self._folds.block_h
            for mode, of_mode in enumerate(found):
                own = item.pairs.weather == mode
                of_mode.append(
                    choose_cuts(observed[own], forecasts[own], block[own], levels, miss_cost=self._options.miss_cost)
                )
        return tuple(map(tuple, found))

    def _trajectory_residuals(
        self,
        model: TargetModel,
        folds: list[list[lightgbm.Booster]],
        trajectories: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> NDArray[np.float64]:
        series, row = (np.repeat(item, LAST_LEAD_H) for item in trajectories)
        lead = np.tile(np.arange(1, LAST_LEAD_H + 1), len(trajectories[0]))
        pairs = LeadPairs(series, row, lead, np.zeros(len(row), dtype=bool))
        matrix, _ = self._maker.matrix(self._target, pairs, is_seasonal=self._is_seasonal)
        middle, spread = self._held_forecast(model, folds, pairs, matrix)
        left = (self._maker.observed(self._target, pairs) - middle) / spread
        return np.asarray(left.reshape(-1, LAST_LEAD_H), dtype=float)

    def _settings(self) -> dict[str, object]:
        short = self._end < 180 * 24
        return _COMMON | {
            "objective": "l2",
            "num_threads": self._options.threads,
            "seed": self._options.seed,
            "num_iterations": self._options.trees // 2 if short else self._options.trees,
            "learning_rate": 0.05 if short else 0.07,
            "num_leaves": 8 if short else 31,
            "min_data_in_leaf": 200 if short else 60,
        }

    def _spread_settings(self) -> dict[str, object]:
        return self._settings() | {
            "num_iterations": max(10, self._options.trees // 3),
            "num_leaves": 8,
            "min_data_in_leaf": 200,
        }


_COMMON: dict[str, object] = {
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "max_bin": 63,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}


def _boosted(matrix: NDArray[np.float32], wanted: NDArray[np.float64], settings: dict[str, object]) -> lightgbm.Booster:
    import lightgbm

    return lightgbm.train(settings, lightgbm.Dataset(matrix, wanted, params=settings))


def _spread_of(group: LeadGroup, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.maximum(group.spread.predict(matrix), LOWEST_SPREAD), dtype=float)


def _held_out(sample: _Sample, trees: list[lightgbm.Booster], folds: _Folds) -> NDArray[np.float64]:
    owner = folds.of(sample.pairs.row)
    found = np.zeros(len(owner))
    for fold, booster in enumerate(trees):
        chosen = np.flatnonzero(owner == fold)
        if len(chosen):
            found[chosen] = np.asarray(booster.predict(sample.matrix[chosen]), dtype=float)
    return found


def _ridge(predictors: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    gram = predictors.T @ predictors
    penalty = _RIDGE * np.diag(np.append(np.diag(gram)[:-1], 0.0)) + 1e-9 * np.eye(len(gram))
    return np.asarray(np.linalg.solve(gram + penalty, predictors.T @ observed), dtype=float)


def _edge(matrix: NDArray[np.float32], function: Callable[..., NDArray[np.float32]]) -> NDArray[np.float64]:
    known = np.isfinite(matrix).any(axis=0)
    found = np.full(matrix.shape[1], np.nan)
    found[known] = function(matrix[:, known], axis=0)
    return found


def _trajectories(
    grid: HourGrid, end: int, rng: np.random.Generator, samples: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Series and rows of origins whose next hours are known, for joint ranks."""
    last = max(25, end - LAST_LEAD_H)
    return rng.integers(0, len(grid.series), size=samples), rng.integers(24, last, size=samples)
