"""Back-test of the forecast: rolling origins, in time order, against persistence, yesterday and climatology.

The model is trained again at the start of each block on the hours before it; its warning cuts come from predictions within
that training data (blocks held out in turn), never from the block that is scored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.feature import HORIZONS, StationFeatures, network_features
from analysis.forecast.grid import MODEL, ForecastGrid, aggregate_name, by_horizon, predicted_grid
from analysis.forecast.model import ModelKind, TrainingOptions
from analysis.forecast.skill import Skill, best_cut, score
from analysis.forecast.training import train

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    #: Blocks of observed and predicted values by horizon, threshold and predictor.
    _Parts = dict[tuple[str, float, str], list[tuple[NDArray[np.float64], NDArray[np.float64]]]]

THRESHOLDS = {"pm25": (75.0, 150.0), "o3": (160.0, 200.0)}
"""[µg m⁻³] Class 2 limit of 2012 and AQI 200 for PM2.5; MDA8 and 1 h limits for O3."""
HELD_OUT_BLOCKS = 3
_HELD_OUT_ORIGINS = 4_000
_GAP = pd.Timedelta(hours=72)


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of the forecast.

    Attributes
    ----------
    target : str
    first, last : datetime
        First and last origin that was scored, UTC.
    stations : int
    model : str
        `ModelKind` of the last block.
    aggregate : str
        What the horizon ``24h`` is: mean of the next 24 h, or largest 8 h mean among them.
    skills : tuple of Skill
        By horizon (``1`` to ``24`` hours ahead, ``24h`` the aggregate), threshold and predictor.
    """

    target: str
    first: datetime
    last: datetime
    stations: int
    model: str
    aggregate: str
    skills: tuple[Skill, ...]

    def skill(self, horizon: str, predictor: str, threshold: float | None = None) -> Skill | None:
        """Look one score up."""
        chosen = (item for item in self.skills if (item.horizon, item.predictor) == (horizon, predictor))
        return next((item for item in chosen if threshold is None or item.threshold == threshold), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestPlan:
    """Origins, blocks and thresholds of a back-test.

    Attributes
    ----------
    start, end : Timestamp
        Of the origins to score, UTC.
    refit : Timedelta
        Length of a block.
    stride_h : int
        Hours between two origins.
    thresholds : tuple of float
        In the unit of the target.
    options : TrainingOptions
    """

    start: pd.Timestamp
    end: pd.Timestamp
    refit: pd.Timedelta
    thresholds: tuple[float, ...]
    stride_h: int = 1
    options: TrainingOptions = field(default_factory=TrainingOptions)


def backtest(
    stations: Mapping[str, pd.DataFrame],
    target: str,
    zone: ZoneInfo,
    plan: BacktestPlan,
) -> Backtest | None:
    """Score the forecast against three simple ones.

    Parameters
    ----------
    stations : mapping of station id to hourly frame
        ``schemas.frames`` hourly.
    target : str
        ``pm25`` or ``o3``.
    zone : ZoneInfo
    plan : BacktestPlan

    Returns
    -------
    Backtest or None
        None where no origin of the plan can be scored.
    """
    features = network_features(stations, target, zone)
    parts: _Parts = {}
    cuts: dict[tuple[str, float], list[float]] = {}
    kind, first, last = ModelKind.FALLBACK, plan.end, plan.start
    for begin in pd.date_range(plan.start, plan.end, freq=plan.refit, inclusive="left"):
        finish = min(begin + plan.refit, plan.end)
        model = train(features, target, before=begin, options=plan.options, quantiles=False)
        grid = predicted_grid(model, features, begin, finish, plan.stride_h)
        if grid is None:
            continue
        chosen = choose_cuts(features, target, before=begin, plan=plan) if model.kind is ModelKind.BOOSTED else {}
        _collect(parts, cuts, grid, target=target, plan=plan, chosen=chosen)
        kind, first, last = model.kind, min(first, begin), finish
    if not parts:
        return None
    return Backtest(
        target=target,
        first=first.to_pydatetime(),
        last=last.to_pydatetime(),
        stations=len(features),
        model=str(kind),
        aggregate=aggregate_name(target),
        skills=_skills(parts, cuts),
    )


def choose_cuts(
    stations: tuple[StationFeatures, ...], target: str, *, before: pd.Timestamp, plan: BacktestPlan
) -> dict[tuple[str, float], float]:
    """Cut of each horizon and threshold, from blocks of the training data that are held out in turn.

    Returns
    -------
    dict of (horizon, threshold) to cut
        In the unit of the target; the threshold itself where the held-out blocks hold too few events.
    """
    start = min(item.origins[0] for item in stations)
    edges = pd.date_range(start, before, periods=HELD_OUT_BLOCKS + 1)
    pairs: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for begin, finish in pairwise(edges):
        rest = tuple(_without(item, begin - _GAP, finish + _GAP) for item in stations)
        model = train(rest, target, before=before, options=plan.options, quantiles=False)
        last = (finish - pd.Timedelta(hours=HORIZONS)).floor("h")
        grid = predicted_grid(model, stations, begin.ceil("h"), last, _stride_h(stations, before))
        if grid is not None and model.kind is ModelKind.BOOSTED:
            for horizon, observed, predictions in by_horizon(grid, target):
                pairs.setdefault(horizon, []).append((observed, predictions[MODEL]))
    cuts: dict[tuple[str, float], float] = {}
    for horizon, held_out in pairs.items():
        observed, predicted = (np.concatenate(column) for column in zip(*held_out, strict=True))
        cuts |= {(horizon, threshold): best_cut(observed, predicted, threshold) for threshold in plan.thresholds}
    return cuts


def _stride_h(stations: tuple[StationFeatures, ...], before: pd.Timestamp) -> int:
    """Hours between held-out origins: some thousands suffice, and each hour of the day is included."""
    origins = sum(int(item.origins.searchsorted(before)) for item in stations)
    stride = max(5, origins // _HELD_OUT_ORIGINS)
    while math.gcd(stride, HORIZONS) > 1:
        stride += 1
    return stride


def _without(station: StationFeatures, begin: pd.Timestamp, finish: pd.Timestamp) -> StationFeatures:
    """Hide the target of a block, as target and as lag."""
    hidden = (station.origins >= begin) & (station.origins < finish)
    return StationFeatures(
        station_id=station.station_id,
        origins=station.origins,
        names=station.names,
        matrix=np.where(hidden[:, None], np.float32(np.nan), station.matrix),
        target=np.where(hidden, np.nan, station.target),
        local_hour=station.local_hour,
        weekday=station.weekday,
    )


def _collect(
    parts: _Parts,
    cuts: dict[tuple[str, float], list[float]],
    grid: ForecastGrid,
    *,
    target: str,
    plan: BacktestPlan,
    chosen: dict[tuple[str, float], float],
) -> None:
    """Add the pairs and the cuts of one block."""
    for horizon, observed, predictions in by_horizon(grid, target):
        for threshold in plan.thresholds:
            cuts.setdefault((horizon, threshold), []).append(chosen.get((horizon, threshold), threshold))
            for predictor, values in predictions.items():
                parts.setdefault((horizon, threshold, predictor), []).append((observed, values))


def _skills(
    parts: _Parts,
    cuts: dict[tuple[str, float], list[float]],
) -> tuple[Skill, ...]:
    skills = []
    for (horizon, threshold, predictor), blocks in parts.items():
        observed, predicted = (np.concatenate(column) for column in zip(*blocks, strict=True))
        by_block = cuts[horizon, threshold] if predictor == MODEL else [threshold] * len(blocks)
        # Each block warns at its own cut: shift predictions so that one comparison serves all.
        shifts = np.concatenate(
            [np.full(len(block[0]), threshold - cut) for block, cut in zip(blocks, by_block, strict=True)]
        )
        errors = score(observed, predicted, predictor=predictor, horizon=horizon)
        warned = score(observed, predicted + shifts, predictor=predictor, horizon=horizon, threshold=threshold)
        skills.append(msgspec.structs.replace(warned, cut=float(np.mean(by_block)), mae=errors.mae, rmse=errors.rmse))
    return tuple(skills)
