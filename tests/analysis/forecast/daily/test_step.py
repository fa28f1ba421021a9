"""Step models: what they know, and that they follow how the air builds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.daily.fold import FOLDS
from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, site_hours
from analysis.forecast.daily.step import STEPS_H, fit_folds, fit_steps, run_steps, simulate, steps_of
from tests.analysis.forecast.daily.air import ZONE, site_frames

ISSUE = np.array([100])
MIDNIGHT = pd.Timestamp("2013-03-01", tz=ZONE) + pd.Timedelta(days=100)


def run(columns: tuple[str, ...], from_day: int, target: DailyTarget) -> np.ndarray:
    """Two days that a model of the unchanged air runs into where columns are tripled from a day after the issue on."""
    frames = site_frames(110)
    booster = fit_steps(steps_of(site_hours(frames, target, ZONE), target, 6), np.arange(110) < 90)
    assert booster is not None
    for frame in frames.values():
        frame.loc[frame.index >= MIDNIGHT + pd.Timedelta(days=from_day), list(columns)] *= 3.0
    return run_steps(booster, steps_of(site_hours(frames, target, ZONE), target, 6), ISSUE, 2)[0]


@pytest.mark.parametrize("target", DailyTarget)
def test_a_run_knows_the_air_before_its_issue_and_the_weather_of_its_days(target: DailyTarget) -> None:
    plain = run((), 0, target)
    np.testing.assert_array_equal(run(POLLUTANTS, 0, target), plain)
    np.testing.assert_array_equal(run(WEATHER, 2, target), plain)
    second = run(WEATHER, 1, target)
    np.testing.assert_array_equal(second[:, 0], plain[:, 0])
    assert not np.array_equal(second[:, 1], plain[:, 1])
    assert not np.array_equal(run(POLLUTANTS, -1, target), plain)


def test_a_run_follows_how_the_air_builds_up() -> None:
    hours = site_hours(site_frames(300), DailyTarget.PM25, ZONE)
    found = simulate(hours, DailyTarget.PM25, last_training=249, leads=2)
    assert found.shape == (300, 2, 2, len(STEPS_H))
    observed = hours.daily[251:300]
    error = found[250:299, :, 1].mean(axis=-1) - observed
    assert np.sqrt((error**2).mean()) < 0.5 * observed.std()


def test_no_level_at_the_issue_gives_no_run() -> None:
    frames = site_frames(60)
    for frame in frames.values():
        frame.loc[frame.index >= frame.index[50 * 24], "pm25"] = np.nan
    hours = site_hours(frames, DailyTarget.PM25, ZONE)
    found = simulate(hours, DailyTarget.PM25, last_training=45, leads=1)
    assert np.isfinite(found[50]).all()
    assert np.isnan(found[55]).all()


def test_days_of_one_fold_leave_no_model_for_it() -> None:
    steps = steps_of(site_hours(site_frames(60), DailyTarget.PM25, ZONE), DailyTarget.PM25, 6)
    assert fit_folds(steps, np.arange(60) < 10).keys() == set(range(1, FOLDS))
