"""A forecast knows the past, and with perfect weather the weather up to the end of its target day: nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.forecast.daily.sample import WeatherInput, daily_features, daily_sample
from analysis.forecast.daily.site_hours import POLLUTANTS, WEATHER, DailyTarget, SiteHours, site_hours
from tests.analysis.forecast.daily.air import ZONE, site_frames

ISSUE = 20
FIRST = pd.Timestamp("2013-03-01", tz=ZONE)


def row(hours: SiteHours, lead: int, weather: WeatherInput) -> np.ndarray:
    """Features of the forecasts that are issued on one day."""
    sample = daily_sample(hours, daily_features(hours), lead, weather)
    return sample.matrix[sample.day == ISSUE]


def changed(columns: tuple[str, ...], from_day: int) -> dict[str, pd.DataFrame]:
    """The same air with other values from a day on."""
    frames = site_frames(40)
    for frame in frames.values():
        frame.loc[frame.index >= FIRST + pd.Timedelta(days=from_day), list(columns)] *= 3.0
    return frames


@pytest.mark.parametrize("target", DailyTarget)
@pytest.mark.parametrize("lead", [0, 1, 2])
def test_without_weather_nothing_after_the_issue_changes_a_forecast(lead: int, target: DailyTarget) -> None:
    before = row(site_hours(site_frames(40), target, ZONE), lead, WeatherInput.NONE)
    after = row(site_hours(changed(POLLUTANTS + WEATHER, ISSUE), target, ZONE), lead, WeatherInput.NONE)
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("target", DailyTarget)
@pytest.mark.parametrize("lead", [0, 1, 2])
def test_with_weather_only_that_up_to_the_target_day_changes_a_forecast(lead: int, target: DailyTarget) -> None:
    before = row(site_hours(site_frames(40), target, ZONE), lead, WeatherInput.PERFECT)
    air = row(site_hours(changed(POLLUTANTS, ISSUE), target, ZONE), lead, WeatherInput.PERFECT)
    later = row(site_hours(changed(WEATHER, ISSUE + lead + 1), target, ZONE), lead, WeatherInput.PERFECT)
    ahead = row(site_hours(changed(WEATHER, ISSUE + lead), target, ZONE), lead, WeatherInput.PERFECT)
    np.testing.assert_array_equal(before, air)
    np.testing.assert_array_equal(before, later)
    assert not np.array_equal(before, ahead)


def test_the_hours_before_the_issue_change_a_forecast() -> None:
    before = row(site_hours(site_frames(40), DailyTarget.PM25, ZONE), 1, WeatherInput.NONE)
    frames = site_frames(40)
    last = FIRST + pd.Timedelta(days=ISSUE) - pd.Timedelta(hours=1)
    frames["s0"].loc[last, "pm25"] += 500.0
    after = row(site_hours(frames, DailyTarget.PM25, ZONE), 1, WeatherInput.NONE)
    assert not np.array_equal(before, after)


def test_target_and_persistence_of_a_row_are_those_of_its_days() -> None:
    hours = site_hours(site_frames(40, sites=1), DailyTarget.PM25, ZONE)
    sample = daily_sample(hours, daily_features(hours), 2, WeatherInput.NONE)
    assert sample.target[ISSUE] == hours.daily[ISSUE + 2, 0]
    assert sample.persistence[ISSUE] == hours.daily[ISSUE - 1, 0]
    assert np.isnan(sample.target[-2:]).all()


def test_persistence_takes_the_last_valid_day() -> None:
    frames = site_frames(40, sites=1)
    day = FIRST + pd.Timedelta(days=ISSUE - 1)
    frames["s0"].loc[day : day + pd.Timedelta(hours=10), "pm25"] = np.nan
    hours = site_hours(frames, DailyTarget.PM25, ZONE)
    sample = daily_sample(hours, daily_features(hours), 0, WeatherInput.NONE)
    assert np.isnan(hours.daily[ISSUE - 1, 0])
    assert sample.persistence[ISSUE] == hours.daily[ISSUE - 2, 0]


@pytest.mark.parametrize(("missing", "valid_days"), [(6, 1), (7, 0)])
def test_a_day_needs_18_hours_of_pm25(missing: int, valid_days: int) -> None:
    frames = site_frames(3, sites=1)
    frames["s0"] = frames["s0"].drop(frames["s0"].index[24 : 24 + missing])
    assert np.isfinite(site_hours(frames, DailyTarget.PM25, ZONE).daily[1]).sum() == valid_days


def test_sites_of_other_spans_and_columns_share_one_axis() -> None:
    frames = site_frames(5)
    frames["s1"] = frames["s1"].iloc[50:].drop(columns=["rain"])
    hours = site_hours(frames, DailyTarget.PM25, ZONE)
    assert hours.hourly["pm25"].shape == (120, 2)
    assert np.isnan(hours.hourly["pm25"][:50, 1]).all()
    assert np.isnan(hours.hourly["rain"][:, 1]).all()


def test_no_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="no hours"):
        site_hours({"s0": site_frames(1)["s0"].iloc[:0]}, DailyTarget.PM25, ZONE)


def test_the_oxidant_of_the_day_before_is_known() -> None:
    frames = site_frames(5, sites=1)
    frames["s0"]["o3"], frames["s0"]["no2"] = 100.0, 46.0
    features = daily_features(site_hours(frames, DailyTarget.MDA8, ZONE)).issue
    assert features["oxidant_most"][:, 0].tolist() == pytest.approx([np.nan, 148.0, 148.0, 148.0, 148.0], nan_ok=True)
    assert features["ozone_decay"][1, 0] == 0.0


def test_what_the_step_models_run_into_is_a_feature_of_the_row() -> None:
    hours = site_hours(site_frames(40), DailyTarget.PM25, ZONE)
    simulated = np.arange(40 * 2 * 3 * 1, dtype=float).reshape(40, 2, 3, 1)
    features = daily_features(hours)
    sample = daily_sample(hours, features, 1, WeatherInput.PERFECT, simulated, is_feature=True)
    column = sample.matrix[:, sample.names.index("simulated_0")]
    np.testing.assert_array_equal(column, simulated[:, :, 1, 0].ravel())
    without = daily_sample(hours, features, 1, WeatherInput.PERFECT, simulated)
    assert "simulated_0" not in without.names
    np.testing.assert_array_equal(without.simulated, sample.simulated)
