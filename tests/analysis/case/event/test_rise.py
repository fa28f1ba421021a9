"""Rises above the usual course."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.case.event import find_rises
from schemas.frames import FrameError
from tests.analysis.case.event.scene import AT, history

SINCE = AT - timedelta(hours=6)


def raised(frame: pd.DataFrame, name: str, first: int, last: int, factor: float = 4.0) -> pd.DataFrame:
    """Hours ``first`` to ``last`` after ``AT``, the last one excluded, times a factor."""
    frame.loc[AT + timedelta(hours=first) : AT + timedelta(hours=last - 1), name] *= factor
    return frame


def test_hours_above_the_usual_course_are_a_rise() -> None:
    frame = raised(history(so2=10.0), "so2", 1, 4)
    (found,) = find_rises(frame, "a", since=SINCE)
    assert (found.start, found.end) == (AT + timedelta(hours=1), AT + timedelta(hours=4))
    assert (found.station_id, found.parameter, found.is_fall) == ("a", "so2", False)
    assert found.score > 10
    assert found.ratio == pytest.approx(4, rel=0.3)


def test_a_daily_cycle_is_the_usual_course() -> None:
    assert find_rises(history(so2=10.0, pm25=20.0), "a", since=SINCE) == ()


def test_one_hour_in_between_is_bridged_and_two_are_not() -> None:
    one = raised(raised(history(so2=10.0), "so2", 0, 3), "so2", 4, 6)
    two = raised(raised(history(so2=10.0), "so2", 0, 3), "so2", 5, 7)
    assert [len(find_rises(frame, "a", since=SINCE)) for frame in (one, two)] == [1, 2]


def test_a_missing_hour_is_bridged_too() -> None:
    frame = raised(history(so2=10.0), "so2", 0, 6)
    frame.loc[AT + timedelta(hours=2), "so2"] = np.nan
    (found,) = find_rises(frame, "a", since=SINCE)
    assert found.end - found.start == timedelta(hours=6)


def test_invalid_hours_do_not_rise() -> None:
    frame = raised(history(so2=10.0), "so2", 0, 6)
    frame["so2__flag"] = np.int8(1)
    frame.loc[AT:, "so2__flag"] = np.int8(4)
    assert find_rises(frame, "a", since=SINCE) == ()


def test_no_rise_is_found_without_four_days_before() -> None:
    frame = raised(history(days=4, so2=10.0), "so2", 0, 6)
    assert find_rises(frame, "a", since=SINCE) == ()


def test_weather_does_not_rise() -> None:
    assert find_rises(raised(history(temperature=10.0), "temperature", 0, 6), "a", since=SINCE) == ()


def test_only_parameters_that_fall_while_others_rise_have_falls() -> None:
    frame = raised(raised(history(no2=30.0, so2=30.0), "no2", 0, 6, 0.2), "so2", 0, 6, 0.2)
    (found,) = find_rises(frame, "a", since=SINCE)
    assert (found.parameter, found.is_fall) == ("no2", True)


def test_a_constant_series_that_jumps_has_a_rise_and_a_constant_one_has_none() -> None:
    frame = history(so2=10.0)
    frame["so2"] = 10.0
    assert find_rises(frame, "a", since=SINCE) == ()
    assert len(find_rises(raised(frame, "so2", 0, 3), "a", since=SINCE)) == 1


def test_a_later_hour_extends_a_rise_and_changes_nothing_else() -> None:
    frame = raised(history(so2=10.0), "so2", 0, 6)
    before, after = (
        find_rises(frame[frame.index < AT + timedelta(hours=hour)], "a", since=SINCE)[0] for hour in (4, 6)
    )
    assert before.start == after.start
    assert before.end < after.end


def test_minutes_replace_the_hours_of_their_parameter() -> None:
    frame = history(so2=10.0, pm25=20.0)
    index = pd.date_range(AT, periods=120, freq="min", name="start").as_unit("us")
    minute = pd.DataFrame({"so2": 10.0, "temperature": 10.0}, index=index)
    minute.loc[AT + timedelta(minutes=40) :, "so2"] = 80.0
    (found,) = find_rises(frame, "a", since=SINCE, minute=minute)
    assert (found.start, found.end) == (AT + timedelta(minutes=40), AT + timedelta(hours=2))


def test_hours_in_another_zone_are_refused() -> None:
    with pytest.raises(FrameError, match="UTC"):
        find_rises(history(so2=10.0).tz_convert("Asia/Shanghai"), "a", since=SINCE)


def test_hours_above_the_threshold_of_an_episode_are_a_rise_where_haze_is_usual() -> None:
    frame = history(pm25=20.0)
    frame.loc[pd.DatetimeIndex(frame.index).day_of_year % 2 == 0, "pm25"] *= 20.0
    frame.loc[AT : AT + timedelta(hours=3), "pm25"] = 150.0
    (found,) = find_rises(frame[frame.index < AT + timedelta(hours=6)], "a", since=AT - timedelta(hours=2))
    assert (found.start, found.end) == (AT, AT + timedelta(hours=4))
    assert found.score < 3
