from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.wind_regression.estimate import regress_direction, regress_vector

HOURS = pd.date_range("2026-05-01", periods=60 * 24, freq="h", tz="UTC", name="start")


def month(seed: int, boost: float) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Values, speed and direction: noise, and ``boost`` more from 225 degrees."""
    rng = np.random.Generator(np.random.PCG64(seed))
    angle = np.cumsum(rng.normal(0, 20, len(HOURS))) % 360
    away = (angle - 225.0 + 180.0) % 360.0 - 180.0
    values = 30.0 + 5.0 * rng.standard_normal(len(HOURS)) + boost * np.exp(-0.5 * (away / 20.0) ** 2)
    return tuple(pd.Series(item, index=HOURS) for item in (values, np.full(len(HOURS), 3.0), angle))


def test_the_direction_of_a_source_is_named_with_its_interval() -> None:
    found = regress_direction(*month(1, 30.0), seed=1)
    assert found.peak is not None
    assert abs(found.peak.direction_deg - 225.0) <= 10.0
    assert found.peak.low < found.peak.mean < found.peak.high
    assert found.hours == len(HOURS)


def test_noise_has_no_direction() -> None:
    assert regress_direction(*month(2, 0.0), seed=1).peak is None


def test_the_regression_is_the_weighted_mean_of_its_formula() -> None:
    values, speed, angle = month(3, 10.0)
    found = regress_direction(values, speed, angle, seed=1, bandwidth_deg=15.0)
    away = (angle.to_numpy() - 90.0 + 180.0) % 360.0 - 180.0
    weight = np.exp(-0.5 * (away / 15.0) ** 2)
    assert found.mean[18] == pytest.approx((weight * values).sum() / weight.sum())


def test_calm_and_missing_hours_take_no_part() -> None:
    values, speed, angle = month(4, 10.0)
    values.iloc[:10], speed.iloc[10:30], angle.iloc[30:35] = np.nan, 0.2, np.nan
    assert regress_direction(values, speed, angle, seed=1).hours == len(HOURS) - 35


def test_no_wind_is_refused_with_what_is_needed() -> None:
    values, speed, angle = month(5, 0.0)
    with pytest.raises(ValueError, match=r"wind of at least 0\.5 m/s; 1440 have a value"):
        regress_direction(values, speed * 0.0, angle, seed=1)


def test_few_days_name_nothing() -> None:
    found = regress_direction(*(item.iloc[: 10 * 24] for item in month(1, 100.0)), seed=1)
    assert (found.peak, found.is_testable) == (None, False)


def test_the_polar_surface_is_high_where_strong_wind_brings_it() -> None:
    values, _, angle = month(6, 0.0)
    rng = np.random.Generator(np.random.PCG64(7))
    speed = pd.Series(rng.uniform(0.0, 8.0, len(HOURS)), index=HOURS)
    away = (angle - 225.0 + 180.0) % 360.0 - 180.0
    values = values + 40.0 * ((speed > 5.0) & (away.abs() < 30.0))
    cells = np.array([6.5, 2.0, 6.5, 20.0]), np.array([225.0, 225.0, 45.0, 225.0])
    found = regress_vector(values, speed, angle, cells, seed=1)
    assert found.mean[0] > found.mean[1] + 15.0
    assert found.mean[0] > found.mean[2] + 15.0
    assert np.isnan(found.mean[3])
    assert found.chance[0] <= 0.05
