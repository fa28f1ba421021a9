from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.daily.backtest import (
    BacktestPeriodError,
    BacktestWeatherError,
    DailyBacktest,
    backtest_daily,
    skill_of,
)
from analysis.forecast.daily.model import DailyOptions, DailyPrediction
from analysis.forecast.daily.sample import WeatherInput
from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, site_hours
from tests.analysis.forecast.daily.air import ZONE, site_frames

SMALL = DailyOptions(seeds=1, trees=40, rate=0.1, rows_of_leaf=10)
SMALLEST = DailyOptions(seeds=1, trees=3, rate=0.1, rows_of_leaf=10)
"""Where no score matters."""


@pytest.fixture(autouse=True)
def few_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let made sites of some months be trained on."""
    monkeypatch.setattr("analysis.forecast.daily.backtest.MINIMUM_TRAINING_D", 120)


@pytest.fixture(scope="module")
def found() -> DailyBacktest:
    hours = site_hours(site_frames(400), DailyTarget.PM25, ZONE)
    return backtest_daily(hours, DailyTarget.PM25, WeatherInput.PERFECT, date(2013, 12, 31), SMALL)


@pytest.mark.slow
def test_the_forecast_with_weather_beats_persistence_at_every_lead(found: DailyBacktest) -> None:
    assert [item.lead_day for item in found.lead_days] == [0, 1, 2]
    for item in found.lead_days:
        assert item.rmse is not None
        assert item.persistence.rmse is not None
        assert item.rmse < 0.7 * item.persistence.rmse
        assert (item.csi or 0) > (item.persistence.csi or 0)


@pytest.mark.slow
def test_a_backtest_scores_the_days_after_training_at_all_sites(found: DailyBacktest) -> None:
    assert (found.train_from, found.train_until, found.first) == ("2013-03-01", "2013-12-31", "2014-01-01")
    assert found.stations == ("s0", "s1")
    # 400 days end on 2014-04-04; an issue of the last day has no target at lead 1
    assert [item.site_days for item in found.lead_days] == [2 * 94, 2 * 93, 2 * 92]


@pytest.mark.parametrize(
    ("train_until", "words"),
    [
        (date(2012, 1, 1), "expected a day between 2013-03-01 and 2013-07-28"),
        (date(2013, 7, 28), "with days to score after it"),
        (date(2013, 4, 1), "32 valid days from 2013-03-01 on, expected at least 120"),
    ],
)
def test_a_last_day_of_training_that_leaves_too_little_is_refused(train_until: date, words: str) -> None:
    hours = site_hours(site_frames(150, sites=1), DailyTarget.PM25, ZONE)
    with pytest.raises(BacktestPeriodError, match=words):
        backtest_daily(hours, DailyTarget.PM25, WeatherInput.NONE, train_until, SMALL)


def test_less_than_nine_months_of_training_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    hours = site_hours(site_frames(300, sites=1), DailyTarget.PM25, ZONE)
    with pytest.raises(BacktestPeriodError, match="269 valid days from 2013-03-01 on, expected at least 270"):
        backtest_daily(hours, DailyTarget.PM25, WeatherInput.NONE, date(2013, 11, 24), SMALL)


def test_a_period_without_a_valid_day_to_score_is_refused() -> None:
    frames = site_frames(150, sites=1)
    frames["s0"].loc["2013-07-10":, "pm25"] = np.nan
    hours = site_hours(frames, DailyTarget.PM25, ZONE)
    with pytest.raises(BacktestPeriodError, match="no valid day to score up to 2013-07-28"):
        backtest_daily(hours, DailyTarget.PM25, WeatherInput.NONE, date(2013, 7, 15), SMALL)


def test_scores_are_those_of_the_contingency_table() -> None:
    observed = np.array([200.0, 150.0, 160.0, 20.0])
    predicted = DailyPrediction(
        value=np.array([190.0, 160.0, 100.0, 20.0]),
        probability=np.array([0.9, 0.8, 0.1, 0.0]),
        low=np.full(4, 30.0),
        high=np.full(4, 180.0),
    )
    found = skill_of(observed, predicted, threshold=150.0, cut=0.5)
    assert (found.pod, found.far, found.csi) == (0.5, 0.5, pytest.approx(1 / 3))
    assert (found.mae, found.coverage) == (20.0, 0.5)


def test_a_score_without_pairs_is_none() -> None:
    empty = DailyPrediction(value=np.empty(0), probability=np.empty(0), low=np.empty(0), high=np.empty(0))
    assert skill_of(np.empty(0), empty, threshold=150.0, cut=0.5).rmse is None


def without(frames: dict[str, pd.DataFrame], *columns: str) -> dict[str, pd.DataFrame]:
    return {name: frame.assign(**dict.fromkeys(columns, np.nan)) for name, frame in frames.items()}


def odd(kind: str) -> dict[str, pd.DataFrame]:
    frames = site_frames(160)
    match kind:
        case "one site":
            return {"s0": frames["s0"]}
        case "no other pollutant":
            return without(frames, *(name for name in POLLUTANTS if name != "pm25"))
        case "a site that starts after training":
            return {"s0": frames["s0"], "s1": frames["s1"].loc["2013-07-20":]}
        case _:
            return {name: frame.drop(frame.index[1_000:1_200]) for name, frame in frames.items()}


def test_perfect_weather_is_refused_where_the_files_have_none() -> None:
    frames = site_frames(150)
    bare = without(frames, *WEATHER)
    windless = {"s0": frames["s0"], "s1": without(frames, "wind_speed", "wind_direction")["s1"]}
    for known, words in (
        (bare, "at s0: temperature .0%., pressure"),
        (windless, "at s1: wind_speed .0%., wind_direction .0%. .share"),
    ):
        hours = site_hours(known, DailyTarget.PM25, ZONE)
        with pytest.raises(BacktestWeatherError, match=words):
            backtest_daily(hours, DailyTarget.PM25, WeatherInput.PERFECT, date(2013, 7, 10), SMALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["one site", "no other pollutant", "a site that starts after training", "a week missing"]
)
def test_odd_files_are_scored_with_their_site_days(kind: str) -> None:
    hours = site_hours(odd(kind), DailyTarget.PM25, ZONE)
    found = backtest_daily(hours, DailyTarget.PM25, WeatherInput.PERFECT, date(2013, 7, 10), SMALLEST)
    scored = hours.days > pd.Timestamp("2013-07-10")
    assert found.lead_days[0].site_days == int(np.isfinite(hours.daily[scored]).sum())
    assert all(item.rmse is not None and item.coverage is not None for item in found.lead_days)
