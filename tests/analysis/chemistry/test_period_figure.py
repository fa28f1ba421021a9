"""Figures of a period and their intervals."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.chemistry.period_figure import period_mean, period_ratio
from analysis.statistics.block_bootstrap import day_weights, interval_of
from tests.analysis.frames import hours

ZONE = ZoneInfo("Asia/Shanghai")


def test_the_interval_of_correlated_days_covers_the_true_mean() -> None:
    rng = np.random.default_rng(8)
    hits, trials = 0, 300
    for _ in range(trials):
        noise = rng.normal(0, 1, 160)
        level = np.zeros(160)
        for day in range(1, 160):
            level[day] = 0.4 * level[day - 1] + noise[day] * np.sqrt(1 - 0.4**2)
        values = np.exp(0.5 * level[100:])
        low, high = interval_of(day_weights(60) @ values / 60, float(values.mean()), 60)
        assert low is not None
        assert high is not None
        hits += low <= np.exp(0.125) <= high
    assert 0.82 <= hits / trials <= 0.97  # nominal 0.90; the docstring states what was measured


def test_fewer_than_14_days_have_no_interval() -> None:
    found = period_mean(hours(np.ones(13 * 24)), ZONE)
    assert (found.value, found.low, found.days) == (1.0, None, 13)


def test_a_ratio_uses_hours_with_both_and_no_infinity() -> None:
    found = period_ratio(hours([1.0, np.nan, np.inf, 3.0]), hours([2.0, 2.0, 2.0, 2.0]), ZONE)
    assert (found.value, found.n, found.coverage) == (1.0, 2, 0.5)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_without_values_there_is_no_figure(values: list[float]) -> None:
    found = period_mean(hours(values), ZONE)
    assert (found.value, found.low, found.n, found.coverage) == (None, None, 0, 0.0)


@given(st.lists(st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_the_mean_is_that_of_the_valid_hours(values: list[float]) -> None:
    found, valid = period_mean(hours(values), ZONE), pd.Series(values).dropna()
    assert found.n == len(valid)
    assert found.value is None if valid.empty else found.value == pytest.approx(valid.mean(), rel=1e-9, abs=1e-6)
