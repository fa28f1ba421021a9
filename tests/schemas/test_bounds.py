"""What passes the edge never overflows behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bounds import LONGEST, NUMBER_MAX, WINDOW_MAX_H, bounded_interval, is_number
from schemas.moment import EARLIEST, LATEST, BoundsError, bounded_moment, parse_moment

OFFSETS = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=OFFSETS)
ZONES = ["Asia/Shanghai", "America/Denver", "Pacific/Kiritimati", "Etc/GMT+12"]


@given(MOMENTS)
def test_a_time_is_let_in_whole_or_refused_with_what_is_expected(moment: datetime) -> None:
    if EARLIEST <= moment <= LATEST:
        at = bounded_moment(moment)
        assert (at, at.tzinfo) == (moment, UTC)
    else:
        with pytest.raises(BoundsError, match="expected a time from 1800 to 2200"):
            bounded_moment(moment)


@given(st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(UTC)))
def test_a_time_that_is_let_in_can_be_shifted_and_cast(moment: datetime) -> None:
    window = timedelta(hours=WINDOW_MAX_H)
    for shifted in (moment - window, moment + window, moment - timedelta(days=400), moment + timedelta(days=400)):
        assert pd.Timestamp(shifted).as_unit("ns").value == pd.Timestamp(shifted).value
        for zone in ZONES:
            # back in UTC, since a local time that comes twice equals none of another zone
            assert shifted.astimezone(ZoneInfo(zone)).astimezone(UTC) == shifted


@given(MOMENTS, MOMENTS)
def test_an_interval_is_in_order_and_not_longer_than_one_value_can_stand_for(start: datetime, end: datetime) -> None:
    try:
        interval = bounded_interval(start, end)
    except BoundsError:
        assert not (EARLIEST <= start <= end <= LATEST and end - start <= LONGEST)
        return
    assert (interval.start, interval.end) == (start, end)


def test_an_instant_has_no_end() -> None:
    assert bounded_interval(EARLIEST).duration == timedelta(0)


@given(st.floats())
def test_the_sum_of_squares_of_a_million_numbers_that_are_let_in_is_finite(value: float) -> None:
    if is_number(value):
        assert np.isfinite(1e6 * value**2)
    else:
        assert not abs(value) <= NUMBER_MAX


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T08:00:00+08:00", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22 08:00:00+0800", datetime(2026, 11, 22, tzinfo=UTC)),
        ("20261122T080000+08", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-W47-7T08:00+08:00", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-21T24:00:00Z", datetime(2026, 11, 22, tzinfo=UTC)),
        ("20261121t2400z", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T00:00:00.9999999Z", datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)),
        ("2026-11-22T00:00:00,5Z", datetime(2026, 11, 22, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_time_has_one_meaning_in_every_form(text: str, expected: datetime) -> None:
    assert parse_moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00:00",
        "2026-11-22",
        "2026-11-22T23:59:60Z",
        "2026-11-22T24:00:01Z",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00+08:00",
        "1796-01-01T00:00:00Z",
        "2200-01-01T00:00:00-00:01",
        "\ud800",
        "",
        "x" * 100_000,
    ],
)
def test_what_is_no_time_within_the_bounds_is_refused_in_a_short_line(text: str) -> None:
    with pytest.raises(BoundsError) as caught:
        parse_moment(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200
