"""Daily model: gradient-boosted trees of the value, of the event and of two quantiles, one set a lead.

Folds of whole weeks are held out in turn. Their predictions give what trees alone do not: the bias of the mean on the scale of
training, the spread around it, the cut for warnings, and the width that the interval lacks (conformalised quantile regression).

References
----------
Romano, Patterson and Candes (2019), Conformalized quantile regression, NeurIPS 32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm
import numpy as np
from scipy.special import ndtr

from analysis.forecast.daily.cut import warning_cut
from analysis.forecast.daily.site_hours import THRESHOLDS, DailyTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.sample import DailySample

    Values = NDArray[np.float64]

COVERAGE = 0.9
BLOCK_D = 21
"""Days of a block that is held out, three whole weeks."""
FOLDS = 5
GAP_D = 4
"""Days on both sides of a held-out block that are left out of training."""
_TAIL = (1 - COVERAGE) / 2
_QUANTILES = {"low": _TAIL, "high": 1 - _TAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyOptions:
    """How the trees are grown.

    Attributes
    ----------
    seeds : int
        Models whose mean is the forecast.
    trees, leaves, rows_of_leaf : int
    rate, share : float
        Learning rate, and share of the features that a tree sees.
    threads : int
    """

    seeds: int = 3
    trees: int = 300
    leaves: int = 15
    rows_of_leaf: int = 30
    rate: float = 0.04
    share: float = 0.3
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPrediction:
    """Forecasts of rows: value and ends of the 90 % interval [µg m⁻³], probability of the event."""

    value: Values
    probability: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class _Raw:
    """Output of the trees on the scale of training; ``event`` is a probability."""

    mean: Values
    event: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyModel:
    """Trained model of one target and lead.

    Attributes
    ----------
    target : DailyTarget
    boosters : dict of str to tuple of Booster
        ``mean``, ``event``, ``low``, ``high``.
    ratio : float
        Mean of the observed values over that of the predictions turned back from the scale.
    spread : float
        Standard deviation of held-out residuals, on the scale.
    cut : float
        Probability from which on a day is warned of.
    widening : float
        Added to both ends of the interval, on the scale.
    """

    target: DailyTarget
    boosters: dict[str, tuple[lightgbm.Booster, ...]]
    ratio: float
    spread: float
    cut: float
    widening: float

    def predict(self, matrix: NDArray[np.float32]) -> DailyPrediction:
        """Forecast each row of a `DailySample`."""
        raw = _raw(self.boosters, matrix)
        value = from_scale(raw.mean) * self.ratio
        return DailyPrediction(
            value=value,
            probability=_probability(raw, self.spread, self.target),
            low=np.minimum(from_scale(raw.low - self.widening), value),
            high=np.maximum(from_scale(raw.high + self.widening), value),
        )


def train_daily(sample: DailySample, target: DailyTarget, options: DailyOptions | None = None) -> DailyModel:
    """Train one lead.

    Parameters
    ----------
    sample : DailySample
        Rows of the training period; those without a target are left out.
    target : DailyTarget
    options : DailyOptions
    """
    options = options or DailyOptions()
    known = sample.where(np.isfinite(sample.target))
    held_out = _held_out(known, target, options)
    kept = np.isfinite(held_out.mean)
    observed, raw = known.target[kept], _Raw(*(values[kept] for values in _parts(held_out)))
    scaled = to_scale(observed)
    spread = float(np.std(scaled - raw.mean))
    return DailyModel(
        target=target,
        boosters=_fit(known, target, options, options.seeds),
        ratio=float(observed.mean() / max(from_scale(raw.mean).mean(), 1e-6)),
        spread=spread,
        cut=warning_cut(observed > THRESHOLDS[target], _probability(raw, spread, target)),
        widening=interval_widening(scaled, raw.low, raw.high),
    )


def interval_widening(observed: Values, low: Values, high: Values) -> float:
    """Width that both ends of held-out intervals lack for `COVERAGE`; negative where they are too wide.

    Examples
    --------
    >>> import numpy as np
    >>> round(interval_widening(np.linspace(0, 1, 1001), np.full(1001, 0.1), np.full(1001, 0.9)), 2)
    0.05
    """
    beyond = np.maximum(low - observed, observed - high)
    level = min(COVERAGE * (1 + 1 / len(beyond)), 1.0)
    return float(np.quantile(beyond, level))


def to_scale(values: Values) -> Values:
    """Concentrations on the scale of training, the square root: on held-out blocks of 2013 to 2016 no worse than the logarithm."""
    return np.asarray(np.sqrt(np.maximum(values, 0.0)), dtype=float)


def from_scale(values: Values) -> Values:
    """Concentrations [µg m⁻³] from the scale of training."""
    return np.asarray(np.maximum(values, 0.0) ** 2, dtype=float)


def fold_of(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Fold of each day: blocks of `BLOCK_D` days in turn."""
    return np.asarray(day // BLOCK_D % FOLDS, dtype=np.int64)


def _held_out(sample: DailySample, target: DailyTarget, options: DailyOptions) -> _Raw:
    """Predictions of each row by trees that saw neither its block nor the days next to it; NaN where none could be trained."""
    found = [np.full(len(sample.day), np.nan) for _ in range(4)]
    for fold in range(FOLDS):
        near = np.any([fold_of(sample.day + shift) == fold for shift in range(-GAP_D, GAP_D + 1)], axis=0)
        scored = fold_of(sample.day) == fold
        if near.all() or not scored.any():
            continue
        raw = _raw(_fit(sample.where(~near), target, options, 1), sample.matrix[scored])
        for column, values in zip(found, _parts(raw), strict=True):
            column[scored] = values
    return _Raw(*found)


def _parts(raw: _Raw) -> tuple[Values, ...]:
    return raw.mean, raw.event, raw.low, raw.high


def _fit(
    sample: DailySample, target: DailyTarget, options: DailyOptions, seeds: int
) -> dict[str, tuple[lightgbm.Booster, ...]]:
    scaled = to_scale(sample.target)
    event = (sample.target > THRESHOLDS[target]).astype(float)
    settings = _settings(options)
    data = {
        name: lightgbm.Dataset(sample.matrix, label, params=settings, free_raw_data=False)
        for name, label in (("scaled", scaled), ("event", event))
    }
    objectives: dict[str, tuple[str, dict[str, object], int]] = {
        "mean": ("scaled", {"objective": "l2"}, seeds),
        "event": ("event", {"objective": "binary"}, seeds),
    }
    for name, level in _QUANTILES.items():
        objectives[name] = ("scaled", {"objective": "quantile", "alpha": level}, 1)
    return {
        name: tuple(lightgbm.train(settings | extra | {"seed": seed}, data[label]) for seed in range(count))
        for name, (label, extra, count) in objectives.items()
    }


def _settings(options: DailyOptions) -> dict[str, object]:
    return {
        "verbosity": -1,
        "num_threads": options.threads,
        "deterministic": True,
        "force_col_wise": True,
        "max_bin": 63,
        "num_iterations": options.trees,
        "num_leaves": options.leaves,
        "min_data_in_leaf": options.rows_of_leaf,
        "learning_rate": options.rate,
        "feature_fraction": options.share,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
    }


def _raw(boosters: dict[str, tuple[lightgbm.Booster, ...]], matrix: NDArray[np.float32]) -> _Raw:
    mean, event, low, high = (
        np.mean([item.predict(matrix) for item in boosters[name]], axis=0) for name in ("mean", "event", "low", "high")
    )
    return _Raw(mean, event, np.minimum(low, high), np.maximum(low, high))


def _probability(raw: _Raw, spread: float, target: DailyTarget) -> Values:
    """Mean of the probability of the trees of the event and of that which value and spread give."""
    limit = float(to_scale(np.array([THRESHOLDS[target]]))[0])
    of_value = ndtr((raw.mean - limit) / max(spread, 1e-6))
    return np.asarray((of_value + raw.event) / 2, dtype=float)
