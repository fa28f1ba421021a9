"""Observed and predicted values by origin and horizon, and their aggregate over 24 h."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.feature import HORIZONS, StationFeatures
from analysis.forecast.forecast import predict
from analysis.forecast.model import ForecastModel, ForecastPairs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SCORED_HORIZONS = (1, 3, 6, 12, 24)
MODEL = "model"
_MINIMUM_HOURS_OF_MEAN = 20
_WINDOW = 8


@dataclass(frozen=True, slots=True)
class ForecastGrid:
    """Observed and predicted values by origin (rows) and horizon (columns); ``past`` are the 24 h before the origin."""

    observed: NDArray[np.float64]
    past: NDArray[np.float64]
    climatology: NDArray[np.float64]
    model: NDArray[np.float64]


def predicted_grid(
    model: ForecastModel,
    stations: tuple[StationFeatures, ...],
    begin: pd.Timestamp,
    finish: pd.Timestamp,
    stride_h: int,
) -> ForecastGrid | None:
    """Predictions for the origins of ``[begin, finish)``; None where there is none."""
    parts = []
    ahead = np.arange(HORIZONS)
    for position, item in enumerate(stations):
        low, high = (int(item.origins.searchsorted(moment)) for moment in (begin, finish))
        rows = np.arange(max(low, HORIZONS), min(high, len(item.origins) - HORIZONS), stride_h)
        if not len(rows):
            continue
        flat = np.repeat(rows, HORIZONS)
        horizon = np.tile(ahead + 1, len(rows))
        sample = ForecastPairs(np.full(len(flat), position), flat, horizon, np.empty(0))
        usual = model.climatology[(item.local_hour[flat] + horizon - 1) % 24].reshape(-1, HORIZONS)
        predicted = predict(model, stations, sample).reshape(-1, HORIZONS)
        parts.append(
            (item.target[rows[:, None] + ahead], item.target[rows[:, None] - HORIZONS + ahead], usual, predicted)
        )
    if not parts:
        return None
    return ForecastGrid(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def by_horizon(
    grid: ForecastGrid, target: str
) -> list[tuple[str, NDArray[np.float64], dict[str, NDArray[np.float64]]]]:
    """Observed values and the predictions of each predictor, by horizon, over the same pairs."""
    result = []
    for ahead in SCORED_HORIZONS:
        column = ahead - 1
        predictions = {
            MODEL: grid.model[:, column],
            "persistence": grid.past[:, -1],
            "yesterday": grid.past[:, column],
            "climatology": grid.climatology[:, column],
        }
        result.append((str(ahead), *_common_pairs(grid.observed[:, column], predictions)))
    past = aggregate(grid.past, target)
    predictions = {
        MODEL: aggregate(grid.model, target),
        "persistence": past,
        "climatology": aggregate(grid.climatology, target),
    }
    result.append(("24h", *_common_pairs(aggregate(grid.observed, target), predictions)))
    return result


def _common_pairs(
    observed: NDArray[np.float64], predictions: dict[str, NDArray[np.float64]]
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    known = np.isfinite(observed) & np.all([np.isfinite(values) for values in predictions.values()], axis=0)
    return observed[known], {name: values[known] for name, values in predictions.items()}


def aggregate_name(target: str) -> str:
    """What the horizon ``24h`` means for a target."""
    return "largest 8 h mean of the next 24 h" if target == "o3" else "mean of the next 24 h"


def aggregate(values: NDArray[np.float64], target: str) -> NDArray[np.float64]:
    """Mean of 24 h, or largest 8 h mean for O3, of each row; NaN below 20 of 24 (6 of 8) valid hours.

    Parameters
    ----------
    values : array of float, (n, 24)
    target : str

    Examples
    --------
    >>> import numpy as np
    >>> aggregate(np.full((1, 24), 40.0), "pm25").tolist()
    [40.0]
    """
    if target != "o3":
        return _mean(values, _MINIMUM_HOURS_OF_MEAN)
    windows = np.lib.stride_tricks.sliding_window_view(values, _WINDOW, axis=1)
    means = _mean(windows, 6)
    largest = np.max(np.nan_to_num(means, nan=-1.0), axis=1)
    enough = np.isfinite(values).sum(axis=1) >= _MINIMUM_HOURS_OF_MEAN
    return np.where(enough & (largest >= 0), largest, np.nan)


def _mean(values: NDArray[np.float64], minimum: int) -> NDArray[np.float64]:
    count = np.isfinite(values).sum(axis=-1)
    total = np.nansum(values, axis=-1)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count >= minimum)
    return np.asarray(mean, dtype=float)
