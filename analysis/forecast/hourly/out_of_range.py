"""Marks forecasts that rest on inputs unlike those of the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.forecast.hourly.feature import origin_names
from schemas.parameter import parameter
from schemas.reason import Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.forecast.hourly.model import TargetModel

STALE_H = 3
"""Age of the last valid hour above which the inputs are stale [h]; project choice."""
_WIND = frozenset({"wind_east", "wind_north"})
_MARGIN = 0.1
"""Part of the range of training by which a feature may lie outside; project choice."""


def out_of_range(
    model: TargetModel, features: NDArray[np.float32], *, age_h: float, series: str, trained_on: tuple[str, ...]
) -> Reason | None:
    """Why a forecast is out of the range of its model; None where it is inside.

    Parameters
    ----------
    model : TargetModel
    features : array of float32, (len(model.names),)
        At the origin; NaN is left out.
    age_h : float
        Hours since the last valid hour of the target.
    series : str
        Station or city.
    trained_on : tuple of str
        Series of the training.

    Returns
    -------
    Reason or None
        The first that holds of: stale inputs, unknown station, the feature farthest outside.
    """
    if age_h > STALE_H:
        return _reason("stale", hours=float(age_h))
    if series not in trained_on:
        return _reason("unknown_station", station=series)
    checked = [model.names.index(name) for name in origin_names(model.names)]
    value, low, high = features[checked].astype(float), model.low[checked], model.high[checked]
    width = np.where(high > low, high - low, 1.0)
    beyond = np.nan_to_num(np.maximum(value - high, low - value) / width, nan=-1.0)
    worst = int(beyond.argmax())
    if beyond[worst] <= _MARGIN:
        return None
    code, hours = _meaning(model.names[checked[worst]], model.target)
    figures = {"value": float(value[worst]), "low": float(low[worst]), "high": float(high[worst])}
    return _reason(
        "feature", parameter="wind_speed" if code in _WIND else code, hours=hours, unit=_unit(code), **figures
    )


def _meaning(name: str, target: str) -> tuple[str, int]:
    """Parameter and hours of a mean that is checked."""
    if name == "last":
        return target, 1
    code, _, hours = name.rpartition("_")
    return (target if code == "mean" else code), int(hours.removesuffix("h"))


def _unit(code: str) -> str:
    # east and north wind are no parameters of the registry
    return parameter("wind_speed" if code in _WIND else code).unit


def _reason(kind: str, **figures: float | str) -> Reason:
    return Reason("out_of_range", kind, figures, scope="forecast")
