"""Forecast of the next 24 h of PM2.5 and O3 at every station, with quantiles.

A linear first guess a horizon, then gradient-boosted trees (LightGBM), pooled over stations and horizons, for what it
leaves: one model for the mean and one a quantile. With too little history the forecast falls back to yesterday blended with the usual day, and says so in its ``model``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import lightgbm
import numpy as np
import pandas as pd

from analysis.forecast.baseline import LinearBaseline, apply_baseline, design, fit_baseline
from analysis.forecast.feature import HORIZON_NAMES, HORIZONS, StationFeatures, climatology_by_hour, horizon_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILES = (0.1, 0.5, 0.9)
MINIMUM_TARGET_HOURS = 14 * 24
"""Valid hours of all stations together that a trained model needs; below, the fallback is used."""
MAXIMUM_ROWS = 60_000
"""Pairs of origin and horizon a model is trained on, drawn at random from all."""
_BLEND_H = 18.0
_SHORT_HISTORY_H = 180 * 24
"""Below half a year the trees are fewer and smaller."""


class ModelKind(StrEnum):
    """Where a forecast comes from."""

    BOOSTED = "lightgbm"
    FALLBACK = "fallback-yesterday-climatology"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Cost and size of a model.

    Attributes
    ----------
    rows : int
        Pairs of origin and horizon.
    trees : int
    threads : int
        One by default: with more, threads of a busy machine wait for each other longer than they compute.
    seed : int
    """

    rows: int = MAXIMUM_ROWS
    trees: int = 160
    threads: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastModel:
    """A trained model or the fallback.

    Attributes
    ----------
    target : str
    kind : ModelKind
    climatology : array of float, (24,)
        Median by local hour.
    spread : array of float, (2,)
        Fallback only: 10 % and 90 % quantile of the residuals [unit of the target].
    baseline : LinearBaseline or None
        Linear first guess; None for the fallback.
    names : tuple of str
        Columns of the matrix.
    boosters : dict
        ``mean`` and the quantiles, of the residuals; empty for the fallback.
    trained_hours : int
        Valid hours of the target in the training data.
    """

    target: str
    kind: ModelKind
    climatology: NDArray[np.float64]
    spread: NDArray[np.float64]
    baseline: LinearBaseline | None
    names: tuple[str, ...]
    boosters: dict[str, lightgbm.Booster]
    trained_hours: int


@dataclass(frozen=True, slots=True)
class ForecastPairs:
    """Pairs of origin and horizon of all stations: ``station`` is the position, ``row`` the origin's row."""

    station: NDArray[np.int64]
    row: NDArray[np.int64]
    horizon: NDArray[np.int64]
    target: NDArray[np.float64]


def train(
    stations: tuple[StationFeatures, ...],
    target: str,
    *,
    before: pd.Timestamp,
    options: TrainingOptions | None = None,
    quantiles: bool = True,
) -> ForecastModel:
    """Train on what was observed before a moment.

    Parameters
    ----------
    stations : tuple of StationFeatures
    target : str
    before : Timestamp
        UTC; only forecast hours before it are learnt from.
    options : TrainingOptions
    quantiles : bool
        False trains the mean only.

    Returns
    -------
    ForecastModel
        The fallback where fewer than `MINIMUM_TARGET_HOURS` valid hours are there; its ``kind`` says so.
    """
    options = options or TrainingOptions()
    known = sum(int(np.isfinite(item.target[item.origins < before]).sum()) for item in stations)
    climatology = climatology_by_hour(stations, before) if known else np.full(24, np.nan)
    if known < MINIMUM_TARGET_HOURS:
        return _fallback(stations, target, before=before, climatology=climatology, known=known)
    sample = draw(stations, before=before, options=options)
    matrix = assemble(stations, sample, climatology)
    names = stations[0].names + HORIZON_NAMES
    predictors = design(matrix, names)
    baseline = fit_baseline(predictors, sample.horizon, sample.target)
    left = (sample.target - apply_baseline(baseline, predictors, sample.horizon)) / baseline.spread[sample.horizon - 1]
    settings = _common(options, span_h=_span_h(stations, before))
    data = lightgbm.Dataset(matrix, left, feature_name=list(names), params=settings, free_raw_data=False)
    objectives: dict[str, dict[str, object]] = {"mean": {"objective": "l2"}}
    if quantiles:
        objectives |= {f"q{level * 100:.0f}": {"objective": "quantile", "alpha": level} for level in QUANTILES}
    return ForecastModel(
        target=target,
        kind=ModelKind.BOOSTED,
        climatology=climatology,
        spread=np.zeros(2),
        baseline=baseline,
        names=names,
        boosters={name: lightgbm.train(settings | extra, data) for name, extra in objectives.items()},
        trained_hours=known,
    )


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
        In the unit of the target, never negative; NaN where the fallback has nothing to go by.
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


def draw(
    stations: tuple[StationFeatures, ...],
    *,
    before: pd.Timestamp,
    options: TrainingOptions,
    after: pd.Timestamp | None = None,
) -> ForecastPairs:
    """Draw pairs of origin and horizon whose forecast hour is valid and lies before a moment (and origin after another)."""
    rng = np.random.default_rng(options.seed)  # noqa: TID251  seeded by the caller
    parts = []
    for position, item in enumerate(stations):
        end = int(item.origins.searchsorted(before))
        begin = 0 if after is None else int(item.origins.searchsorted(after))
        if end - begin <= HORIZONS:
            continue
        wanted = max(1, options.rows // len(stations))
        row = rng.integers(begin, end, size=2 * wanted)
        horizon = rng.integers(1, HORIZONS + 1, size=2 * wanted)
        at = row + horizon - 1
        chosen = at < end
        chosen &= np.isfinite(item.target[np.minimum(at, end - 1)]) & (row > 0)
        # Without any recent value of the target a row teaches only the climatology.
        chosen &= np.isfinite(item.matrix[row, item.names.index("mean_6h")])
        keep = np.flatnonzero(chosen)[:wanted]
        parts.append((np.full(len(keep), position), row[keep], horizon[keep], item.target[at[keep]]))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return ForecastPairs(empty, empty, empty, np.empty(0))
    return ForecastPairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def assemble(
    stations: tuple[StationFeatures, ...], sample: ForecastPairs, climatology: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Matrix of a sample: the origin's features, then those of the horizon."""
    width = len(stations[0].names)
    matrix = np.full((len(sample.row), width + len(HORIZON_NAMES)), np.nan, dtype=np.float32)
    for position in np.unique(sample.station):
        at = np.flatnonzero(sample.station == position)
        item = stations[int(position)]
        matrix[at, :width] = item.matrix[sample.row[at]]
        matrix[at, width:] = horizon_columns(item, sample.row[at], sample.horizon[at], climatology)
    return matrix


def _span_h(stations: tuple[StationFeatures, ...], before: pd.Timestamp) -> float:
    """Hours of history: stations side by side share their weather and do not add to it."""
    return max((before - item.origins[0]) / pd.Timedelta(hours=1) for item in stations)


def _common(options: TrainingOptions, *, span_h: float) -> dict[str, object]:
    short = span_h < _SHORT_HISTORY_H
    return {
        "verbosity": -1,
        "num_threads": options.threads,
        "seed": options.seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_iterations": options.trees // 3 if short else options.trees,
        "max_bin": 127,
        "learning_rate": 0.04 if short else 0.06,
        "num_leaves": 8 if short else 31,
        "min_data_in_leaf": 400 if short else 60,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
    }


def _fallback(
    stations: tuple[StationFeatures, ...],
    target: str,
    *,
    before: pd.Timestamp,
    climatology: NDArray[np.float64],
    known: int,
) -> ForecastModel:
    residuals = [np.empty(0)]
    for item in stations:
        values = item.target[item.origins < before]
        residuals.append(values[HORIZONS:] - values[:-HORIZONS])
    pooled = np.concatenate(residuals)
    pooled = pooled[np.isfinite(pooled)]
    spread = np.quantile(pooled, (0.1, 0.9)) if len(pooled) >= HORIZONS else np.full(2, np.nan)
    return ForecastModel(
        target=target,
        kind=ModelKind.FALLBACK,
        climatology=climatology,
        spread=spread,
        baseline=None,
        names=(),
        boosters={},
        trained_hours=known,
    )


def _blend(
    model: ForecastModel, matrix: NDArray[np.float32], horizon: NDArray[np.int64], output: str
) -> NDArray[np.float64]:
    yesterday, usual = matrix[:, -2].astype(float), matrix[:, -1].astype(float)
    weight = np.exp(-horizon / _BLEND_H)
    weight = np.where(np.isfinite(yesterday), weight, 0.0)
    value = weight * np.nan_to_num(yesterday) + (1 - weight) * usual
    shift = {"q10": model.spread[0], "q90": model.spread[1]}.get(output, 0.0)
    return np.asarray(np.maximum(value + shift, 0.0), dtype=float)
