"""Daily means from weather and calendar alone."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.daily.site_hours import POLLUTANTS, DailyTarget, SiteHours, site_hours
from analysis.forecast.deweather.model import (
    FOLDS,
    GAP_D,
    daily_means,
    fit_weather,
    held_out,
    held_out_plain,
    r_squared,
    training_days,
    week_fold,
)
from analysis.forecast.deweather.predictor import predictors


def air(days: int = 200, stations: int = 2, seed: int = 1) -> SiteHours:
    """Hours at stations whose PM2.5 falls with the wind."""
    rng = np.random.default_rng(seed)
    index = pd.date_range("2015-03-01", periods=24 * days, freq="h", tz="Asia/Shanghai").tz_convert("UTC")
    speed = np.repeat(rng.uniform(0.5, 6.0, days), 24)
    base = {
        "wind_speed": speed,
        "wind_direction": np.repeat(rng.uniform(0, 360, days), 24),
        "temperature": 15 + 5 * np.sin(np.arange(24 * days) / 24 * 2 * np.pi),
        "dew_point": np.full(24 * days, 5.0),
        "pressure": np.full(24 * days, 1010.0),
        "rain": np.zeros(24 * days),
    }
    frames = {}
    for number in range(stations):
        level = 20 * (number + 1) + 120 * np.exp(-speed / 2)
        frames[f"s{number}"] = pd.DataFrame(
            base | {"pm25": level * np.repeat(rng.lognormal(0, 0.1, days), 24)}, index=index
        )
    return site_hours(frames, DailyTarget.PM25, ZoneInfo("Asia/Shanghai"))


def test_no_concentration_enters_the_predictors() -> None:
    hours = air(40)
    rng = np.random.default_rng(2)
    other = dict(hours.hourly) | {name: rng.uniform(0, 500, hours.hourly[name].shape) for name in POLLUTANTS}
    mixed = replace(hours, hourly=other, daily=rng.uniform(0, 500, hours.daily.shape))
    first, second = predictors(hours), predictors(mixed)
    for name in ("network", "local", "plain"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not [name for name in first.names if name.split("_")[0] in POLLUTANTS]


def test_training_leaves_out_the_held_out_weeks_and_the_days_next_to_them() -> None:
    fold = week_fold(pd.date_range("2016-01-04", periods=7 * 30))
    held = np.flatnonzero(fold == 2)
    assert len(held) == 21
    kept = np.flatnonzero(training_days(fold, 2))
    assert np.abs(kept[:, None] - held).min() == GAP_D + 1
    assert len(kept) == 7 * 30 - 3 * (7 + 2 * GAP_D)


def test_the_first_and_the_last_week_are_not_next_to_each_other() -> None:
    fold = week_fold(pd.date_range("2016-01-04", periods=7 * FOLDS))
    assert training_days(fold, 0)[-1]
    assert training_days(fold, FOLDS - 1)[0]


def test_values_of_held_out_days_change_no_model() -> None:
    hours = air(150)
    data, daily = predictors(hours), daily_means(hours, "pm25")
    days = training_days(week_fold(data.days), 3)
    spoilt = np.where(days[:, None], daily, 1000.0)
    first, second = (fit_weather(data, item, days).predict(data.network, data.local) for item in (daily, spoilt))
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
def test_what_the_wind_does_is_found_on_weeks_held_out() -> None:
    hours = air(300)
    data, daily = predictors(hours), daily_means(hours, "pm25")
    predicted, models = held_out(data, daily)
    assert len(models) == FOLDS
    assert r_squared(daily, predicted) > 0.75
    assert r_squared(daily, held_out_plain(data, daily)) > 0.6


def test_one_station_has_no_deviation() -> None:
    hours = air(60, stations=1)
    data, daily = predictors(hours), daily_means(hours, "pm25")
    model = fit_weather(data, daily, np.ones(len(daily), dtype=bool))
    assert model.deviation is None
    assert r_squared(daily, model.predict(data.network, data.local)) > 0.7


def test_no_valid_day_is_refused() -> None:
    hours = air(30)
    data = predictors(hours)
    with pytest.raises(ValueError, match="no valid daily mean"):
        fit_weather(data, np.full(hours.daily.shape, np.nan), np.ones(30, dtype=bool))
