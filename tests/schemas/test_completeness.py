from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from schemas.completeness import Expected, completeness_by, covered_share, hour_completeness

START = datetime(2026, 11, 22, tzinfo=UTC)
DAY = pd.date_range(START, periods=24, freq="h", name="start", unit="us")


def _share(seconds: list[float], cadence_s: int = 60) -> float:
    times = np.asarray(seconds, dtype=float)
    return float(covered_share(times, (times // 3600).astype(np.int64), 1, cadence_s=cadence_s)[0])


def _day(hourly: pd.DataFrame, *expected: Expected) -> float:
    return float(completeness_by(hourly, expected, DAY, np.zeros(24, dtype=np.int64), 1)[0])


def test_sixty_readings_in_one_minute_cover_no_hour() -> None:
    assert _share(list(range(60))) == pytest.approx(2 / 60)
    assert _share([60.0 * minute for minute in range(60)]) == 1.0


@pytest.mark.parametrize(("cadence_s", "seconds"), [(3600, [0.0]), (3000, [0.0]), (420, [420.0 * n for n in range(8)])])
def test_a_cadence_that_does_not_divide_the_hour_can_be_complete(cadence_s: int, seconds: list[float]) -> None:
    assert _share(seconds, cadence_s) == 1.0


def test_an_instrument_slower_than_hourly_can_fill_a_day() -> None:
    rows = pd.DataFrame({"o3": 1.0, "o3__n": 1}, index=DAY[::3])
    assert _day(rows, Expected(parameter="o3", cadence_s=10_800)) == 1.0
    assert _day(rows.iloc[:4], Expected(parameter="o3", cadence_s=10_800)) == pytest.approx(0.5)


def test_only_the_time_in_service_is_expected() -> None:
    rows = pd.DataFrame({"o3": 1.0, "o3__n": 60}, index=DAY[:6])
    gone = Expected(parameter="o3", cadence_s=60, until=START + timedelta(hours=6))
    assert _day(rows, gone) == 1.0
    assert _day(rows, Expected(parameter="o3", cadence_s=60)) == 0.25
    assert np.isnan(_day(rows, Expected(parameter="o3", cadence_s=60, since=START + timedelta(days=2))))


def test_a_second_instrument_of_a_parameter_is_not_expected_twice() -> None:
    rows = pd.DataFrame({"o3": 1.0, "o3__n": 60}, index=DAY)
    assert _day(rows, *[Expected(parameter="o3", cadence_s=60)] * 2) == 1.0


def test_a_parameter_that_is_expected_and_absent_counts_as_empty() -> None:
    rows = pd.DataFrame({"o3": 1.0, "o3__n": 60}, index=DAY)
    assert _day(rows, *(Expected(parameter=code, cadence_s=60) for code in ("o3", "no2"))) == 0.5


def test_hours_stored_without_completeness_are_counted() -> None:
    rows = pd.DataFrame({"o3": 1.0, "o3__n": [45, 60], "o3__completeness": [np.nan, 0.5]}, index=DAY[:2])
    assert hour_completeness(rows, "o3", 60).tolist() == [0.75, 0.5]
    assert np.isnan(hour_completeness(rows, "o3", None)[0])
