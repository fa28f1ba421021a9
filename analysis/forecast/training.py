"""Training of the forecast: a linear first guess a horizon, then gradient-boosted trees for its residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lightgbm
import numpy as np
import pandas as pd

from analysis.forecast.baseline import apply_baseline, design, fit_baseline
from analysis.forecast.feature import HORIZON_NAMES, HORIZONS, StationFeatures, climatology_by_hour
from analysis.forecast.model import ForecastModel, ForecastPairs, ModelKind, TrainingOptions, assemble

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILES = (0.1, 0.5, 0.9)
MINIMUM_TARGET_HOURS = 14 * 24
"""Valid hours of all stations together that a trained model needs; below, the fallback is used."""
_SHORT_HISTORY_H = 180 * 24
"""Below half a year the trees are fewer and smaller."""


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
        The fallback where fewer than `MINIMUM_TARGET_HOURS` valid hours are there; see its ``kind``.
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
