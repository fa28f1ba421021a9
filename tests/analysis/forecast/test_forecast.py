"""Forecast: no look ahead, honest fallback, scores."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.backtest import BacktestPlan, backtest
from analysis.forecast.feature import network_features
from analysis.forecast.forecast import forecast_station
from analysis.forecast.grid import aggregate
from analysis.forecast.model import ModelKind, TrainingOptions
from analysis.forecast.skill import best_cut, contingency, score
from analysis.forecast.training import train
from tests.analysis.frames import province

ZONE = ZoneInfo("Asia/Shanghai")
QUICK = TrainingOptions(rows=4000, trees=30)


def joined(days: int = 30) -> dict[str, pd.DataFrame]:
    frames = province(days, 3)
    return {name: frame.join(frames["met"][name]) for name, frame in frames["gas"].items()}


def test_features_of_an_origin_do_not_change_when_the_future_does() -> None:
    stations = joined(10)
    cut = next(iter(stations.values())).index[150]
    changed = {name: frame.copy() for name, frame in stations.items()}
    for frame in changed.values():
        frame.loc[frame.index >= cut, [name for name in frame if "__" not in name]] = 999.0
    for before, after in zip(
        network_features(stations, "pm25", ZONE), network_features(changed, "pm25", ZONE), strict=True
    ):
        np.testing.assert_array_equal(before.matrix[:151], after.matrix[:151])
        assert not np.array_equal(before.matrix[152], after.matrix[152], equal_nan=True)


def test_a_model_does_not_depend_on_hours_after_its_training_data() -> None:
    stations = joined(20)
    cut = next(iter(stations.values())).index[360]
    shorter = {name: frame[frame.index < cut] for name, frame in stations.items()}
    whole = train(network_features(stations, "o3", ZONE), "o3", before=cut, options=QUICK, quantiles=False)
    part = train(network_features(shorter, "o3", ZONE), "o3", before=cut, options=QUICK, quantiles=False)
    assert whole.boosters["mean"].model_to_string() == part.boosters["mean"].model_to_string()


def test_quantiles_are_ordered_and_begin_at_the_hour_after_the_data() -> None:
    stations = joined()
    features = network_features(stations, "o3", ZONE)
    model = train(features, "o3", before=features[0].origins[-1], options=QUICK)
    frame = forecast_station(model, features, 0)
    assert model.kind is ModelKind.BOOSTED
    assert frame.index[0] == stations["st-0"].index[-1] + pd.Timedelta(hours=1)
    assert len(frame) == 24
    assert ((frame["q10"] <= frame["value"]) & (frame["value"] <= frame["q90"])).all()


def test_a_short_history_gives_the_fallback() -> None:
    features = network_features({"st-0": joined(3)["st-0"]}, "pm25", ZONE)
    model = train(features, "pm25", before=features[0].origins[-1])
    frame = forecast_station(model, features, 0)
    assert set(frame["model"]) == {str(ModelKind.FALLBACK)}
    assert frame[["value", "q10", "q90"]].notna().all().all()


def test_the_backtest_beats_persistence_on_a_daily_cycle() -> None:
    stations = joined()
    last = stations["st-0"].index[-1]
    plan = BacktestPlan(
        start=last - pd.Timedelta(days=6),
        end=last,
        refit=pd.Timedelta(days=6),
        thresholds=(120.0,),
        stride_h=3,
        options=QUICK,
    )
    result = backtest(stations, "o3", ZONE, plan)
    assert result is not None
    ours, theirs = result.skill("12", "model", 120.0), result.skill("12", "persistence", 120.0)
    assert ours is not None
    assert theirs is not None
    assert ours.n == theirs.n > 0
    assert (ours.csi or 0) > (theirs.csi or 0)
    assert (ours.rmse or 0) < (theirs.rmse or 0)


def test_contingency_counts_by_hand() -> None:
    table = contingency(np.array([80.0, 80, 10, 10, np.nan]), np.array([90.0, 10, 90, 10, 90]), 75.0, 75.0)
    assert (table.hits, table.false_alarms, table.misses) == (1, 1, 1)
    assert (table.pod, table.far, table.csi) == (0.5, 0.5, pytest.approx(1 / 3))


def test_without_events_and_warnings_there_is_no_score() -> None:
    skill = score(np.array([1.0]), np.array([1.0]), predictor="p", horizon="1", threshold=75.0)
    assert (skill.pod, skill.far, skill.csi, skill.mae) == (None, None, None, 0.0)


def test_the_cut_undoes_a_damped_prediction() -> None:
    observed = np.linspace(0, 200, 2001)
    assert best_cut(observed, 0.8 * observed, 150.0) == pytest.approx(120.0, abs=2)


def test_the_aggregate_is_a_mean_or_the_largest_8_h_mean() -> None:
    values = np.arange(24.0)[None, :]
    assert aggregate(values, "pm25").tolist() == [11.5]
    assert aggregate(values, "o3").tolist() == [19.5]
    assert np.isnan(aggregate(np.where(values < 5, np.nan, values), "pm25")).all()
