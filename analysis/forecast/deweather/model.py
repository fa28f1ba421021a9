"""Daily means from weather and calendar: trees and a kernel regression of the network's level, trees of each station's deviation.

Levels are logarithms. Whole weeks are held out in turn, with `GAP_D` days on both sides of each left out of training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import lightgbm
import numpy as np

from analysis.forecast.daily.feature import mean_known
from analysis.forecast.daily.kernel import KernelModel, fit_kernel
from analysis.statistics.daily import MINIMUM_HOURS_OF_DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import SiteHours
    from analysis.forecast.deweather.predictor import Predictors

    Values = NDArray[np.float64]
    Days = NDArray[np.bool_]

FOLDS = 10
GAP_D = 3
"""Days on both sides of a held-out week that are left out of training too."""
LEAST_R2 = 0.3
"""R² on weeks held out from which on what a weather model leaves is used [1]; project choice, not verified."""
FLOOR = 2.0
"""Smallest value whose logarithm is taken [µg m⁻³]."""
_SEEDS = 3
_COMMON: dict[str, object] = {"objective": "l2", "verbosity": -1, "deterministic": True, "num_threads": 1}
_LEVEL: dict[str, object] = _COMMON | {
    "num_iterations": 400, "learning_rate": 0.03, "num_leaves": 15, "min_data_in_leaf": 15, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 3.0,
}  # fmt: skip
_DEVIATION: dict[str, object] = _LEVEL | {
    "num_iterations": 250, "learning_rate": 0.04, "min_data_in_leaf": 30, "lambda_l2": 5.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WeatherModel:
    """Trained on some of the days.

    Attributes
    ----------
    trees : tuple of Booster
        Of the network's level, one a seed.
    kernel : KernelModel
        Of the network's level in units of ``centre`` and ``size``.
    offset : array, (stations,)
        Mean deviation of each station's logarithm from the level.
    deviation : Booster or None
        Of what a station deviates further; None for one station.
    smear : float
        Mean of the exponentials of errors on days held out within training: the mean of a logarithm is not that of its
        exponential (Duan 1983, doi 10.1080/01621459.1983.10478017).
    """

    trees: tuple[lightgbm.Booster, ...]
    kernel: KernelModel
    centre: float
    size: float
    offset: Values
    deviation: lightgbm.Booster | None
    smear: float

    def level(self, network: Values) -> Values:
        """Logarithm of the network's level, (rows,), of rows of `Predictors.network`."""
        grown = np.mean([np.asarray(item.predict(network)) for item in self.trees], axis=0)
        smooth = self.kernel.predict(network.astype(np.float32)) * self.size + self.centre
        return np.asarray((grown + smooth) / 2, dtype=float)

    def predict(self, network: Values, local: Values) -> Values:
        """Daily means [µg m⁻³], (rows, stations), of rows of `Predictors.network` and `Predictors.local`."""
        found = self.level(network)[:, None] + self.offset
        if self.deviation is not None:
            found = found + np.asarray(self.deviation.predict(_by_station(network, local))).reshape(found.shape)
        return np.asarray(np.exp(found) * self.smear, dtype=float)


def daily_means(hours: SiteHours, parameter: str) -> Values:
    """Mean of each civil day with at least 20 valid hours (GB 3095-2026 Table 4), (days, stations), in its unit; else NaN."""
    by_day = hours.hourly[parameter].reshape(len(hours.days), 24, -1)
    valid = np.isfinite(by_day).sum(axis=1) >= MINIMUM_HOURS_OF_DAY
    return np.where(valid, mean_known(by_day, axis=1), np.nan)


def week_fold(days: pd.DatetimeIndex, folds: int = FOLDS) -> NDArray[np.int64]:
    """Fold of each civil day: weeks from Monday to Sunday, in turn.

    Examples
    --------
    >>> import pandas as pd
    >>> week_fold(pd.date_range("2016-02-27", periods=11)).tolist()
    [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2]
    """
    place = np.arange(len(days)) + int(days[0].day_of_week)
    return np.asarray(place // 7 % folds, dtype=np.int64)


def training_days(fold: NDArray[np.int64], held: int) -> Days:
    """Days that are neither in a held-out week nor at most `GAP_D` days from one."""
    out = np.pad(fold == held, GAP_D)
    near = [out[shift : shift + len(fold)] for shift in range(2 * GAP_D + 1)]
    return np.asarray(~np.any(near, axis=0))


def fit_weather(data: Predictors, daily: Values, days: Days) -> WeatherModel:
    """Train on daily means of some days.

    Parameters
    ----------
    data : Predictors
    daily : array, (days, stations)
        [µg m⁻³]; NaN missing. Values of days outside ``days`` are not read.
    days : array of bool, (days,)

    Raises
    ------
    ValueError
        Without a value on these days.
    """
    logs = np.where(days[:, None], np.log(np.maximum(daily, FLOOR)), np.nan)
    offset = mean_known(logs - mean_known(logs, axis=1)[:, None], axis=0)
    level = mean_known(logs - offset, axis=1)
    known = np.isfinite(level)
    if not known.any():
        msg = "no valid daily mean to train on"
        raise ValueError(msg)
    network, target = data.network[known], level[known]
    trees = tuple(lightgbm.train(_LEVEL | {"seed": seed}, lightgbm.Dataset(network, target)) for seed in range(_SEEDS))
    kernel, centre, size = _kernel(network, data.names, target)
    smear = _smear(network, data.names, target)
    return WeatherModel(trees, kernel, centre, size, offset, _deviation(data, logs, level, offset), smear)


def held_out(
    data: Predictors, daily: Values, *, progress: Callable[[float], None] | None = None
) -> tuple[Values, tuple[WeatherModel, ...]]:
    """Predictions of every day by the model that saw neither its week nor the days next to it, and the models by fold.

    Parameters
    ----------
    data : Predictors
    daily : array, (days, stations)
        [µg m⁻³]; NaN missing.
    progress : callable or None
        Called with the part that is done [1].

    Returns
    -------
    array, (days, stations)
        [µg m⁻³]
    tuple of WeatherModel
    """
    fold, found = week_fold(data.days, FOLDS), np.full(daily.shape, np.nan)
    models = []
    for held in range(FOLDS):
        model = fit_weather(data, daily, training_days(fold, held))
        own = fold == held
        if own.any():
            found[own] = model.predict(data.network[own], data.local[own])
        models.append(model)
        if progress is not None:
            progress((held + 1) / FOLDS)
    return found, tuple(models)


def held_out_plain(data: Predictors, daily: Values) -> Values:
    """The same by LightGBM with default parameters on plain weather of the day and time, for comparison."""
    fold, found = week_fold(data.days, FOLDS), np.full(daily.shape, np.nan)
    stations = np.arange(daily.shape[1], dtype=float)
    matrix = np.concatenate([data.plain, np.broadcast_to(stations[:, None], (*daily.shape, 1))], axis=-1)
    for held in range(FOLDS):
        rows = np.isfinite(daily) & training_days(fold, held)[:, None]
        booster = lightgbm.train(_COMMON, lightgbm.Dataset(matrix[rows], daily[rows]))
        own = fold == held
        if own.any():
            found[own] = np.asarray(booster.predict(matrix[own].reshape(-1, matrix.shape[-1]))).reshape(
                found[own].shape
            )
    return found


def r_squared(observed: Values, predicted: Values) -> float:
    """1 less the share of the variance that is left, pooled over all pairs; NaN without two different values.

    Examples
    --------
    >>> import numpy as np
    >>> r_squared(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    0.5
    """
    known = np.isfinite(observed) & np.isfinite(predicted)
    left = ((observed - predicted)[known] ** 2).sum()
    whole = ((observed[known] - observed[known].mean()) ** 2).sum() if known.any() else 0.0
    return float(1 - left / whole) if whole else float("nan")


def is_usable(r2: float | None) -> bool:
    """Whether a weather model explains enough that its normalised series may be used: from `LEAST_R2` on; never without an R².

    Examples
    --------
    >>> is_usable(0.8), is_usable(-0.2), is_usable(None)
    (True, False, False)
    """
    return r2 is not None and r2 >= LEAST_R2


def _kernel(network: Values, names: tuple[str, ...], target: Values) -> tuple[KernelModel, float, float]:
    centre, size = float(target.mean()), float(target.std()) or 1.0
    return fit_kernel(network.astype(np.float32), names, (target - centre) / size), centre, size


def _smear(network: Values, names: tuple[str, ...], target: Values) -> float:
    """Of the kernel regression on blocks of training held out in turn."""
    block = np.arange(len(target)) // 21 % 4
    errors = []
    for held in range(4):
        own, rest = block == held, block != held
        if own.any() and rest.any():
            kernel, centre, size = _kernel(network[rest], names, target[rest])
            errors.append(target[own] - kernel.predict(network[own].astype(np.float32)) * size - centre)
    return float(np.exp(np.concatenate(errors)).mean()) if errors else 1.0


def _deviation(data: Predictors, logs: Values, level: Values, offset: Values) -> lightgbm.Booster | None:
    if logs.shape[1] == 1:
        return None
    left = logs - level[:, None] - offset
    rows = np.isfinite(left)
    matrix = _by_station(data.network, data.local).reshape(*left.shape, -1)
    station = matrix.shape[-1] - 1
    return lightgbm.train(
        _DEVIATION | {"seed": 0}, lightgbm.Dataset(matrix[rows], left[rows], categorical_feature=[station])
    )


def _by_station(network: Values, local: Values) -> Values:
    """Rows a day and station: the network, the local weather, the number of the station."""
    rows, stations = local.shape[:2]
    number = np.broadcast_to(np.arange(stations, dtype=float)[:, None], (rows, stations, 1))
    shared = np.broadcast_to(network[:, None, :], (rows, stations, network.shape[1]))
    return np.concatenate([shared, local, number], axis=-1).reshape(rows * stations, -1)
