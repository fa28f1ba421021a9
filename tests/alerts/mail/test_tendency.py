from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alerts.mail.line.tendency import Tendency, tendency, tendency_of
from alerts.mail.view.mail_value import SeriesPoint
from schemas.flag import Flag
from tests.alerts.mail.scene import view

START = datetime(2026, 11, 27, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def series(values: list[float | None], cadence: timedelta = HOUR) -> list[SeriesPoint]:
    return [SeriesPoint(START + cadence * number, value) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([25.0, 27.0, 28.0, 161.0], Tendency.RISING),
        ([299.0, 251.0, 187.0, 96.0], Tendency.FALLING),
        ([100.0, 104.0, 98.0, 105.0], Tendency.STEADY),
        ([100.0, 900.0, 100.0, 101.0], Tendency.STEADY),
        ([2.0, 2.0, 2.0, 3.0], Tendency.STEADY),
        ([50.0], Tendency.UNKNOWN),
        ([], Tendency.UNKNOWN),
        ([50.0, None, None, None, None, 80.0], Tendency.UNKNOWN),
        ([50.0, float("nan"), 80.0], Tendency.RISING),
    ],
)
def test_the_newest_step_is_compared_with_the_median_of_three(values: list[float | None], expected: Tendency) -> None:
    assert tendency(series(values), HOUR, digit=1.0) is expected


def test_minutes_are_compared_by_quarters_of_an_hour() -> None:
    noisy = [80.0 + 30.0 * (number % 2) for number in range(60)]
    assert tendency(series(noisy, MINUTE), MINUTE, digit=0.1) is Tendency.STEADY
    assert tendency(series([*noisy, *([190.0] * 15)], MINUTE), MINUTE, digit=0.1) is Tendency.RISING


def test_a_value_that_failed_counts_for_nothing() -> None:
    points = series([100.0, 100.0, 100.0])
    spike = SeriesPoint(START + 3 * HOUR, 900.0, Flag.FAIL)
    assert tendency([*points, spike], HOUR, digit=1.0) is Tendency.STEADY


def test_no_tendency_is_stated_of_an_old_value() -> None:
    lead = view("opened").lead
    assert lead is not None
    newest = next(item.start for item in reversed(lead.points) if item.value is not None) + lead.cadence
    assert tendency_of(lead, newest + 2 * HOUR) is Tendency.RISING
    assert tendency_of(lead, newest + 2 * HOUR + MINUTE) is Tendency.UNKNOWN
    assert tendency_of(replace(lead, points=()), newest) is Tendency.UNKNOWN
