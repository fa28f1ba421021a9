"""Trend of months."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.trend import trend


def months(n: int, seed: int, *, slope: float = -2.0, persistence: float = 0.3) -> pd.Series:
    rng = np.random.default_rng(seed)
    noise = np.zeros(n + 40)
    for place in range(1, n + 40):
        noise[place] = persistence * noise[place - 1] + rng.normal(0.0, 6.0)
    index = pd.period_range("2013-03", periods=n, freq="M")
    season = 15.0 * np.cos(np.arange(n) / 12 * 2 * np.pi)
    return pd.Series(60.0 + slope * np.arange(n) / 12 + season + noise[40:], index=index)


@pytest.mark.slow
def test_the_interval_holds_the_true_slope_about_as_often_as_it_says() -> None:
    held = [
        item.low is not None and item.low <= -2.0 <= (item.high or 0.0)
        for item in (trend(months(48, seed)) for seed in range(30))
    ]
    assert np.mean(held) >= 0.8


def test_a_strong_trend_is_distinct_and_none_is_not() -> None:
    strong, none = trend(months(96, 1, slope=-6.0)), trend(months(96, 2, slope=0.0))
    assert strong.high is not None
    assert none.low is not None
    assert none.high is not None
    assert strong.high < 0.0
    assert none.low < 0.0 < none.high


def test_gaps_are_named_and_too_many_give_no_figure() -> None:
    series = months(48, 3)
    series.iloc[[5, 20]] = np.nan
    found = trend(series)
    assert found.gaps == ("2013-08", "2014-11")
    assert found.months == 46
    series.iloc[10:25] = np.nan
    assert (trend(series).slope, trend(series).reason) == (None, "too_many_gaps")


def test_less_than_two_years_give_no_figure() -> None:
    assert trend(months(23, 4)).reason == "too_short"


def test_a_month_that_is_there_twice_is_refused() -> None:
    series = months(30, 5)
    with pytest.raises(ValueError, match="month 2013-03 is there twice"):
        trend(pd.concat([series.iloc[:1], series]))
