"""Forecast of the next 24 h of PM2.5 and O3 at every station, with quantiles.

A linear first guess a horizon, then gradient-boosted trees (LightGBM), pooled over stations and horizons, for its residuals: one
model for the mean and one a quantile. With too little history the forecast falls back to yesterday blended with the usual day; its
``model`` names the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.forecast.baseline import apply_baseline, design
from analysis.forecast.feature import HORIZONS, StationFeatures
from analysis.forecast.model import ForecastModel, ForecastPairs, assemble

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLEND_H = 18.0


def predict(
    model: ForecastModel, stations: tuple[StationFeatures, ...], sample: ForecastPairs, output: str = "mean"
) -> NDArray[np.float64]:
    """Forecast for pairs of origin and horizon.

    Parameters
    ----------
    model : ForecastModel
    stations : tuple of StationFeatures
    sample : ForecastPairs
    output : str
        ``mean``, ``q10``, ``q50`` or ``q90``.

    Returns
    -------
    array of float, (n,)
        In the unit of the target, never negative; NaN where the fallback has no input.
    """
    if not len(sample.row):
        return np.empty(0)
    matrix = assemble(stations, sample, model.climatology)
    if model.baseline is None:
        return _blend(model, matrix, sample.horizon, output)
    first = apply_baseline(model.baseline, design(matrix, model.names), sample.horizon)
    spread = model.baseline.spread[sample.horizon - 1]
    return np.asarray(np.maximum(first + spread * model.boosters[output].predict(matrix), 0.0), dtype=float)


def forecast_station(model: ForecastModel, stations: tuple[StationFeatures, ...], position: int) -> pd.DataFrame:
    """Next 24 h of one station from the end of its data.

    Returns
    -------
    pd.DataFrame
        Index ``start`` (UTC, 24 hours from the origin): ``value`` (median), ``q10``, ``q90``, ``mean`` in the unit of the
        target with q10 <= value <= q90; ``horizon_h``; ``model`` text.
    """
    station = stations[position]
    last = len(station.origins) - 1
    horizon = np.arange(1, HORIZONS + 1)
    sample = ForecastPairs(np.full(HORIZONS, position), np.full(HORIZONS, last), horizon, np.full(HORIZONS, np.nan))
    levels = np.sort(
        np.column_stack([predict(model, stations, sample, name) for name in ("q10", "q50", "q90")]), axis=1
    )
    index = pd.date_range(station.origins[last], periods=HORIZONS, freq="h", name="start")
    frame = pd.DataFrame({"value": levels[:, 1], "q10": levels[:, 0], "q90": levels[:, 2]}, index=index)
    frame["mean"] = predict(model, stations, sample, "mean")
    frame["horizon_h"] = horizon.astype(float)
    frame["model"] = str(model.kind)
    return frame


def _blend(
    model: ForecastModel, matrix: NDArray[np.float32], horizon: NDArray[np.int64], output: str
) -> NDArray[np.float64]:
    yesterday, usual = matrix[:, -2].astype(float), matrix[:, -1].astype(float)
    weight = np.exp(-horizon / _BLEND_H)
    weight = np.where(np.isfinite(yesterday), weight, 0.0)
    value = weight * np.nan_to_num(yesterday) + (1 - weight) * usual
    shift = {"q10": model.spread[0], "q90": model.spread[1]}.get(output, 0.0)
    return np.asarray(np.maximum(value + shift, 0.0), dtype=float)
