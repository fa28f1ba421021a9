"""Daily statistics, MDA8, Ox and limits by date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.statistics.aqi import Report, aqi
from analysis.statistics.aqi_frame import daily_aqi, daily_statistics, hourly_aqi
from analysis.statistics.daily import daily_mean, ox
from analysis.statistics.limit import AnalysisError, LimitClass, limit, reported
from analysis.statistics.ozone import mda8, running_mean
from tests.analysis.frames import START, hours, province

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(("valid", "is_valid"), [(19, False), (20, True), (24, True)])
def test_a_day_needs_20_valid_hours(valid: int, is_valid: bool) -> None:  # noqa: FBT001 - parametrised
    table = daily_mean(hours([10.0] * valid + [np.nan] * (24 - valid)), ZONE)
    assert table["valid"].tolist() == [is_valid]
    assert table["mean"].notna().tolist() == [is_valid]


def test_days_begin_at_local_midnight() -> None:
    table = daily_mean(hours([1.0] * 24 + [3.0] * 24), ZONE)
    assert table["mean"].tolist() == [1.0, 3.0]
    assert [str(start) for start in table.index] == ["2026-05-01 16:00:00+00:00", "2026-05-02 16:00:00+00:00"]


@pytest.mark.parametrize(("valid", "is_valid"), [(5, False), (6, True)])
def test_an_8_h_mean_needs_6_hours(valid: int, is_valid: bool) -> None:  # noqa: FBT001 - parametrised
    means = running_mean(hours([np.nan] * (8 - valid) + [50.0] * valid))
    assert bool(np.isfinite(means.iloc[-1])) is is_valid


def test_an_absent_hour_counts_as_missing() -> None:
    series = hours(np.arange(12.0)).drop(pd.Timestamp("2026-05-01T20:00Z"))
    assert running_mean(series).iloc[7] == pytest.approx(np.mean([0, 1, 2, 3, 5, 6, 7]))


@given(st.floats(0, 500), st.integers(8, 60))
def test_the_running_mean_of_a_constant_is_the_constant(value: float, n: int) -> None:
    assert running_mean(hours([value] * n)).iloc[7:].to_numpy() == pytest.approx(value)


def test_mda8_uses_the_17_windows_that_end_from_08_to_24() -> None:
    night = [300.0] * 3 + [10.0] * 21  # high hours before 03:00 reach the windows that end 08:00 to 10:00 only
    table = mda8(hours([500.0] * 24 + night), ZONE).iloc[1]
    assert table["windows"] == 17
    assert table["mda8"] == pytest.approx((3 * 300 + 5 * 10) / 8)


@pytest.mark.parametrize(
    ("level", "keep", "is_valid"), [(200.0, True, True), (200.0, False, False), (100.0, True, False)]
)
def test_too_few_windows_count_only_above_the_limit_and_by_the_exception(
    level: float,
    keep: bool,  # noqa: FBT001 - parametrised
    is_valid: bool,  # noqa: FBT001 - parametrised
) -> None:
    table = mda8(hours([level] * 14 + [np.nan] * 10), ZONE, keep_exceedance=keep)
    assert table["windows"].iloc[0] < 14
    assert bool(table["valid"].iloc[0]) is is_valid


@pytest.mark.parametrize("first", [0, 4])
def test_hours_without_a_row_at_either_end_of_the_day_count_as_missing_in_mda8(first: int) -> None:
    whole = hours([np.nan] * first + [100.0] * 20 + [np.nan] * (4 - first))
    for series in (whole, whole.dropna()):
        table = mda8(series, ZONE)
        assert table["windows"].tolist() == [15]
        assert table["mda8"].tolist() == [100.0]


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Asia/Kolkata", datetime(2026, 5, 2, 18, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 5, 2, 18, 15, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 5, 2, 16, tzinfo=UTC)),
    ],
)
def test_mda8_has_its_17_windows_also_where_the_civil_day_begins_within_an_hour_of_utc(
    zone: str, first: datetime
) -> None:
    table = mda8(hours([100.0] * 72), ZoneInfo(zone))
    assert table["windows"][first] == 17
    assert table["mda8"][first] == 100.0


def test_windows_that_end_in_the_future_are_not_counted_in_mda8() -> None:
    assert mda8(hours([100.0] * 20), ZONE, until=START + timedelta(hours=20))["windows"].tolist() == [13]


def test_noise_below_zero_does_not_withhold_the_index_of_an_hour() -> None:
    frame = province(days=2)["gas"]["st-1"].assign(so2=-0.8)
    table = hourly_aqi(frame, ZONE, monitored={"pm25", "pm10", "o3", "no2", "so2", "co"})
    assert table["iaqi_so2_1h"].eq(0).all()
    assert table["complete"].eq(1).all()
    gone = hourly_aqi(frame.assign(so2=-80.0), ZONE, monitored={"pm25", "so2"})
    assert gone["complete"].eq(0).all()
    assert gone["aqi"].isna().all()


def test_ox_adds_mixing_ratios() -> None:
    frame = pd.DataFrame({"o3": hours([196.18]), "no2": hours([18.804])})
    assert ox(frame).iloc[0] == pytest.approx(110.0, abs=0.05)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2013, 1, 1), 75),
        (date(2026, 2, 28), 75),
        (date(2026, 3, 1), 60),
        (date(2030, 12, 31), 60),
        (date(2031, 1, 1), 50),
    ],
)
def test_limits_change_with_the_edition(day: date, expected: float) -> None:
    assert limit("pm25", "24h", day) == expected


def test_class_1_is_stricter_and_an_absent_limit_is_an_error() -> None:
    assert limit("O3", "MDA8", date(2026, 5, 1), LimitClass.CLASS_1) == 100
    with pytest.raises(AnalysisError, match="1h limit"):
        limit("PM2.5", "1h", date(2026, 5, 1))


def test_concentrations_are_rounded_half_to_even_from_2026() -> None:
    assert reported(60.5, "PM2.5", date(2026, 3, 1)) == 60
    assert reported(60.5, "PM2.5", date(2026, 2, 28)) == 60.5
    assert reported(2.05, "CO", date(2026, 3, 1)) == 2.0


def test_frames_of_hours_and_days_agree_with_the_single_index() -> None:
    frame = province(days=3)["gas"]["st-1"]
    codes = {"pm25", "pm10", "o3", "no2", "so2", "co"}
    statistics = daily_statistics(frame, ZONE)
    table = daily_aqi(statistics, ZONE, monitored=codes)
    row = statistics.iloc[1]
    values = {(name, "24h"): row[name] for name in ("pm25", "pm10", "so2", "no2", "co")} | {
        ("o3", "8h"): row["o3_mda8"]
    }
    single = aqi(values, date(2026, 5, 3))
    assert table["aqi"].iloc[1] == single.aqi
    hour = frame.iloc[30]
    now = aqi({(name, "1h"): hour[name] for name in codes}, date(2026, 5, 3), report=Report.REAL_TIME)
    assert hourly_aqi(frame, ZONE, monitored=codes)["aqi"].iloc[30] == now.aqi


def test_a_failed_flag_keeps_a_value_out_of_the_index() -> None:
    frame = province(days=2)["gas"]["st-1"].assign(pm25=900.0)
    frame["pm25__flag"] = np.int8(4)
    table = hourly_aqi(frame, ZONE, monitored={"pm25", "pm10"})
    assert table["complete"].eq(0).all()
    assert table["iaqi_pm25_1h"].isna().all()
