"""Daily model, one a lead: trees of the value, of the event and of two quantiles, a kernel regression and the step models.

The value is the mean of the members, weighted by least squares without negative weights.
Folds of whole weeks are held out in turn. Their predictions give the weights, the bias of the mean on the scale of
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
from scipy.optimize import nnls
from scipy.special import ndtr

from analysis.forecast.daily.cut import warning_choice
from analysis.forecast.daily.fold import FOLDS, fold_of, is_near
from analysis.forecast.daily.kernel import KernelModel, fit_kernel
from analysis.forecast.daily.site_hours import THRESHOLDS, DailyTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.daily.sample import DailySample

    Values = NDArray[np.float64]

COVERAGE = 0.9
_TAIL = (1 - COVERAGE) / 2
_SOFT = 0.8
"""Width of the event's edge on the scale of training; about 20 µg m⁻³ at 160."""
_SMALL: dict[str, object] = {"num_iterations": 150, "num_leaves": 8, "feature_fraction": 0.15}
"""Trees of the event without weather ahead, where there is less to learn."""
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
    trees: int = 250
    leaves: int = 15
    rows_of_leaf: int = 30
    rate: float = 0.04
    share: float = 0.3
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPrediction:
    """Forecasts of rows: value and ends of the 90 % interval [µg m⁻³], probability of the event (learnt by shares, see `_softened`)."""

    value: Values
    probability: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class _Raw:
    """Output of the parts.

    ``members`` are values on the scale of training, (rows, members): trees, kernel, step models; ``event`` is a probability.
    """

    members: Values
    event: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class _Parts:
    """Trees by name (``mean``, ``event``, ``low``, ``high``) and the kernel."""

    boosters: dict[str, tuple[lightgbm.Booster, ...]]
    kernel: KernelModel

    def raw(self, sample: DailySample) -> _Raw:
        mean, event, low, high = (
            np.mean([item.predict(sample.matrix) for item in self.boosters[name]], axis=0)
            for name in ("mean", "event", "low", "high")
        )
        simulated = np.where(np.isfinite(sample.simulated), to_scale(sample.simulated), mean[:, None])
        members = np.column_stack([mean, self.kernel.predict(sample.matrix), simulated])
        return _Raw(members, event, np.minimum(low, high), np.maximum(low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyModel:
    """Trained model of one target and lead.

    Attributes
    ----------
    target : DailyTarget
    parts : _Parts
    weights : array, (members,)
        Of the members of the value: trees, kernel, step models.
    ratio : float
        Mean of the observed values over that of the predictions turned back from the scale.
    spread : float
        Standard deviation of held-out residuals, on the scale.
    share : float
        Weight of the probability that value and spread give; the rest is that of the trees of the event.
    cut : float
        Probability from which on a day is warned of.
    widening : float
        Added to both ends of the interval, on the scale.
    """

    target: DailyTarget
    parts: _Parts
    weights: Values
    ratio: float
    spread: float
    share: float
    cut: float
    widening: float

    def predict(self, sample: DailySample) -> DailyPrediction:
        """Forecast each row; its target is not used."""
        raw = self.parts.raw(sample)
        mean = raw.members @ self.weights
        value = from_scale(mean) * self.ratio
        of_value = _chance(mean, self.spread, self.target)
        return DailyPrediction(
            value=value,
            probability=self.share * of_value + (1 - self.share) * raw.event,
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
    observed, raw = _held_out(known, target, options)
    scaled = to_scale(observed)
    weights, _ = nnls(raw.members, scaled)
    mean = raw.members @ weights
    spread = float(np.std(scaled - mean))
    choice = warning_choice(observed > THRESHOLDS[target], _chance(mean, spread, target), raw.event)
    return DailyModel(
        target=target,
        parts=_fit(known, target, options, options.seeds),
        weights=weights,
        ratio=float(observed.mean() / max(from_scale(mean).mean(), 1e-6)),
        spread=spread,
        share=choice.share,
        cut=choice.cut,
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


def _held_out(sample: DailySample, target: DailyTarget, options: DailyOptions) -> tuple[Values, _Raw]:
    """Observed values, and predictions by parts that saw neither the block of the row nor the days next to it."""
    observed: list[Values] = []
    found: list[_Raw] = []
    for fold in range(FOLDS):
        near, scored = is_near(sample.day, fold), fold_of(sample.day) == fold
        if near.all() or not scored.any():
            continue
        held = sample.where(scored)
        observed.append(held.target)
        found.append(_fit(sample.where(~near), target, options, 1).raw(held))
    return np.concatenate(observed), _Raw(
        members=np.vstack([item.members for item in found]),
        event=np.concatenate([item.event for item in found]),
        low=np.concatenate([item.low for item in found]),
        high=np.concatenate([item.high for item in found]),
    )


def _fit(sample: DailySample, target: DailyTarget, options: DailyOptions, seeds: int) -> _Parts:
    scaled = to_scale(sample.target)
    event = _softened(scaled, target)
    settings = _settings(options)
    data = {
        name: lightgbm.Dataset(sample.matrix, label, params=settings, free_raw_data=False)
        for name, label in (("scaled", scaled), ("event", event))
    }
    small = {} if sample.simulated.shape[1] else _SMALL
    objectives: dict[str, tuple[str, dict[str, object], int]] = {
        "mean": ("scaled", {"objective": "l2"}, seeds),
        "event": ("event", {"objective": "cross_entropy"} | small, seeds),
    }
    for name, level in _QUANTILES.items():
        objectives[name] = ("scaled", {"objective": "quantile", "alpha": level}, 1)
    boosters = {
        name: tuple(lightgbm.train(settings | extra | {"seed": seed}, data[label]) for seed in range(count))
        for name, (label, extra, count) in objectives.items()
    }
    return _Parts(boosters, fit_kernel(sample.matrix, sample.names, scaled))


def _settings(options: DailyOptions) -> dict[str, object]:
    return {
        "verbosity": -1,
        "num_threads": options.threads,
        "deterministic": True,
        "force_row_wise": True,
        "max_bin": 31,
        "num_iterations": options.trees,
        "num_leaves": options.leaves,
        "min_data_in_leaf": options.rows_of_leaf,
        "learning_rate": options.rate,
        "feature_fraction": options.share,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
    }


def _softened(scaled: Values, target: DailyTarget) -> Values:
    """Share of an event in values on the scale: 0.5 at the threshold, so that days near it are not taken for certain.

    Examples
    --------
    >>> import numpy as np
    >>> _softened(np.sqrt(np.array([100.0, 150.0, 200.0])), DailyTarget.PM25).round(2).tolist()
    [0.0, 0.5, 0.99]
    """
    limit = float(to_scale(np.array([THRESHOLDS[target]]))[0])
    return np.asarray(ndtr((scaled - limit) / _SOFT), dtype=float)


def _chance(mean: Values, spread: float, target: DailyTarget) -> Values:
    """Probability of the event that values on the scale and their spread give."""
    limit = float(to_scale(np.array([THRESHOLDS[target]]))[0])
    return np.asarray(ndtr((mean - limit) / max(spread, 1e-6)), dtype=float)
