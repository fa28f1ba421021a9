from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.replay.replay import DAY, ReplayPace, between, move, shift_to
from schemas.interval import Interval, floor_hour
from schemas.reading import Reading
from sensors.outgoing import OutgoingMessage

moments = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


def hourly(end: datetime, count: int) -> list[Reading]:
    hour = timedelta(hours=1)
    return [
        Reading("gas", "s", "i", Interval(end - (n + 1) * hour, end - n * hour), {"so2": 1.0}) for n in range(count)
    ][::-1]


@given(moments, moments)
def test_shifted_data_reach_the_last_full_hour_and_never_the_future(last: datetime, now: datetime) -> None:
    last = floor_hour(last)
    moved = list(move(hourly(last, 30), shift_to(last, now)))
    assert moved[-1].interval.end == floor_hour(now)


@given(moments, moments)
def test_shift_keeps_the_hour_of_the_day(last: datetime, now: datetime) -> None:
    original = hourly(floor_hour(last), 30)
    shift = shift_to(floor_hour(last), now)
    hours = {reading.interval.start.hour for reading in original}
    assert {reading.interval.start.hour for reading in move(original, shift)} <= hours
    assert (shift.days * DAY) % DAY == timedelta(0)


def test_bounds_keep_readings_that_lie_wholly_inside() -> None:
    end = datetime(2026, 1, 2, tzinfo=UTC)
    kept = list(between(hourly(end, 10), end - timedelta(hours=5), end - timedelta(hours=2)))
    assert len(kept) == 3


def test_rate_is_kept() -> None:
    pace = ReplayPace(threading.Event(), rate=100.0)
    message = OutgoingMessage("t", b"", datetime(2026, 1, 1, tzinfo=UTC))
    started = time.monotonic()
    for _ in range(21):
        pace.wait(message)
    assert 0.19 <= time.monotonic() - started < 1.0


def test_stopping_ends_a_long_wait() -> None:
    stop = threading.Event()
    stop.set()
    late = OutgoingMessage("t", b"", datetime.now(UTC) + timedelta(hours=1))
    started = time.monotonic()
    ReplayPace(stop, speed=1.0).wait(late)
    assert time.monotonic() - started < 1.0
