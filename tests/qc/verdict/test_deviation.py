from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from qc.verdict.deviation import BEFORE_H, Deviation, HourlySeries, ResidualSeries, axis, table
from schemas.flag import Flag
from schemas.interval import Interval

START = datetime(2026, 6, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = Interval(START, START + 6 * HOUR)
INDEX = axis(CASE)


def quiet(seed: int, level: float = 40.0, noise: float = 2.0) -> np.ndarray:
    return level + noise * np.random.default_rng(seed).standard_normal(len(INDEX))


def deviation(values: np.ndarray, digit: float = 0.1, relative: float = 0.0) -> Deviation:
    residuals = ResidualSeries.of(INDEX, {"a": HourlySeries(values, digit, relative)})
    chosen = residuals.choose("a")
    assert chosen is not None
    return residuals.deviations(chosen)["a"]


def test_the_axis_holds_three_days_and_the_case() -> None:
    assert len(INDEX) == BEFORE_H + 6
    assert INDEX[BEFORE_H] == pd.Timestamp(START)


def test_a_rise_is_counted_from_what_is_usual_by_its_spread() -> None:
    values = quiet(1)
    values[BEFORE_H:] += 50
    found = deviation(values)
    assert found.mean == pytest.approx(50, abs=4)
    assert found.usual == pytest.approx(40, abs=4)
    assert found.z_score > 15


def test_the_usual_course_of_the_day_is_no_departure() -> None:
    values = quiet(2) + 30 * np.cos(2 * np.pi * INDEX.hour.to_numpy() / 24)
    assert abs(deviation(values).z_score) < 4


def test_after_days_of_haze_a_rise_is_counted_from_the_hours_before() -> None:
    values = quiet(3)
    values[10:60] += np.linspace(0, 250, 50)
    values[BEFORE_H:] += 90
    residuals = ResidualSeries.of(INDEX, {"a": HourlySeries(values, 0.1, 0.08)})
    chosen = residuals.choose("a")
    assert chosen is not None
    assert chosen.is_sudden
    assert residuals.deviations(chosen)["a"].mean == pytest.approx(90, rel=0.35)


def test_the_strongest_third_counts_so_that_a_long_case_does_not_dilute_it() -> None:
    values = quiet(4)
    values[BEFORE_H : BEFORE_H + 2] += 60
    assert deviation(values).mean == pytest.approx(60, abs=5)


def test_others_are_looked_at_in_the_same_hours() -> None:
    first, second = quiet(5), quiet(6)
    first[BEFORE_H : BEFORE_H + 2] += 60
    second[BEFORE_H + 4 :] += 60
    residuals = ResidualSeries.of(INDEX, {"a": HourlySeries(first, 0.1, 0.0), "b": HourlySeries(second, 0.1, 0.0)})
    chosen = residuals.choose("a")
    assert chosen is not None
    assert abs(residuals.deviations(chosen)["b"].z_score) < 3


@pytest.mark.parametrize("known", [0, 5])
def test_without_enough_hours_before_there_is_no_deviation(known: int) -> None:
    values = quiet(7)
    values[: BEFORE_H - known] = np.nan
    residuals = ResidualSeries.of(INDEX, {"a": HourlySeries(values, 0.1, 0.0), "b": HourlySeries(quiet(8), 0.1, 0.0)})
    assert residuals.choose("a") is None
    chosen = residuals.choose("b")
    assert chosen is not None
    assert "a" not in residuals.deviations(chosen)


def test_failed_and_missing_hours_are_left_out_of_a_table_and_suspect_ones_kept() -> None:
    frame = pd.DataFrame({"o3": [1.0, 2.0, 3.0], "o3__flag": [Flag.PASS, Flag.FAIL, Flag.SUSPECT]}, index=INDEX[:3])
    found = table(frame, ["o3", "so2"], INDEX)
    assert found[:3, 0].tolist() == pytest.approx([1.0, np.nan, 3.0], nan_ok=True)
    assert np.isnan(found[:, 1]).all()
    assert np.isnan(found[3:]).all()
