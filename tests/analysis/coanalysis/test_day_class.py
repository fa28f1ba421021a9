"""Days and hours by what exceeds."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.coanalysis.copollution import joint_days, joint_hours
from analysis.coanalysis.day_class import (
    count_all,
    count_hours,
    count_months,
    count_seasons,
    exceedance_class,
    hour_classes,
    joint_episodes,
)

ZONE = ZoneInfo("Asia/Shanghai")


def table(pm25: list[float], o3: list[float], first: str = "2025-05-31") -> pd.DataFrame:
    index = pd.date_range(first, periods=len(pm25), freq="D", tz="Asia/Shanghai", name="start").tz_convert("UTC")
    return joint_days(pd.DataFrame({"pm25": pm25, "o3_mda8": o3}, index=index), ZONE)


def test_the_class_of_a_day_follows_the_limits_of_its_date() -> None:
    days = table([70.0, 70.0], [170.0, 170.0], "2026-02-28")
    assert exceedance_class(days["pm25_exceeds"], days["o3_exceeds"]).tolist() == ["o3", "both"]


def test_counts_state_valid_days_as_the_denominator() -> None:
    days = table([80.0, 80.0, 20.0, np.nan], [170.0, 100.0, 170.0, 170.0])
    classes = exceedance_class(days["pm25_exceeds"], days["o3_exceeds"])
    whole = count_all(classes)
    assert (whole.total, whole.valid, whole.both, whole.pm25, whole.o3, whole.neither) == (4, 3, 1, 1, 1, 0)
    assert [(item.part, item.total) for item in count_months(classes, ZONE)] == [("2025-05", 1), ("2025-06", 3)]
    assert [item.part for item in count_seasons(classes, ZONE)] == ["MAM", "JJA"]


def test_hours_are_counted_by_local_hour() -> None:
    index = pd.DatetimeIndex(["2025-06-01T06:00Z", "2025-06-01T07:00Z"])
    hours = joint_hours(pd.Series([90.0, np.nan], index=index), pd.Series([220.0, 220.0], index=index), ZONE)
    classes = hour_classes(hours)
    assert classes.tolist() == ["both", "not_valid"]
    assert [item.part for item in count_hours(classes, ZONE)] == ["14", "15"]


def test_a_day_that_is_not_valid_ends_an_episode_and_leaves_it_open() -> None:
    days = table([80.0, 90.0, np.nan, 85.0, 10.0], [170.0, 200.0, 170.0, 180.0, 180.0])
    found = joint_episodes(days, pd.DataFrame(), ZONE)
    assert [(item.days, item.is_open_before, item.is_open_after) for item in found] == [
        (2, True, True),
        (1, True, False),
    ]
    assert found[0].o3_peak_day == date(2025, 6, 1)


def test_a_missing_row_ends_an_episode() -> None:
    days = table([80.0, 90.0, 85.0], [170.0, 200.0, 180.0]).drop(index=pd.Timestamp("2025-05-31T16:00Z"))
    assert [item.days for item in joint_episodes(days, pd.DataFrame(), ZONE)] == [1, 1]


def test_an_episode_states_its_weather_and_the_hours_of_it() -> None:
    days = table([80.0], [170.0])
    index = pd.date_range("2025-05-30T16:00", periods=30, freq="h", tz="UTC")
    hourly = pd.DataFrame({"temperature": np.r_[np.full(24, 30.0), np.zeros(6)], "wind_speed": np.nan}, index=index)
    weather = joint_episodes(days, hourly, ZONE)[0].weather
    assert [(item.parameter, item.mean, item.n) for item in weather] == [("temperature", 30.0, 24)]
