"""Variation by hour, weekday and month."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.statistics.variation import Cycle, variation

ZONE = ZoneInfo("Asia/Shanghai")


def hours(days: int, seed: int) -> pd.Series:
    index = pd.date_range("2025-03-02T16:00", periods=24 * days, freq="h", tz="UTC", name="start")  # Monday 3 March
    hour = np.asarray(index.tz_convert(ZONE).hour)
    rng = np.random.default_rng(seed)
    level = pd.Series(rng.normal(0, 1, len(index))).ewm(halflife=12).mean().to_numpy() * 5
    return pd.Series(hour + 50.0 + level, index=index)


def test_hours_follow_the_civil_clock_with_intervals_that_hold_the_mean() -> None:
    found = variation(hours(60, 1), ZONE, Cycle.HOUR)
    assert [item.group for item in found] == list(range(24))
    assert all(
        item.low is not None and item.mean is not None and item.low < item.mean < (item.high or 0.0) for item in found
    )
    assert {(item.n, item.days) for item in found} == {(60, 60)}


def test_true_means_are_held_about_as_often_as_stated() -> None:
    held = [
        item.low is not None and item.low <= 50.0 + item.group <= (item.high or 0.0)
        for seed in range(40)
        for item in variation(hours(90, seed), ZONE, Cycle.HOUR)
    ]
    assert 0.75 <= np.mean(held) <= 0.97


def test_a_month_without_hours_has_no_mean_and_few_days_no_interval() -> None:
    found = variation(hours(10, 2), ZONE, Cycle.MONTH)
    assert (found[2].mean is not None, found[2].low, found[0].mean, found[0].n) == (True, None, None, 0)


def test_the_week_begins_on_monday_at_midnight() -> None:
    found = variation(hours(7, 3), ZONE, Cycle.HOUR_OF_WEEK)
    assert len(found) == 168
    assert found[0].n == 1
