from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.native.arrival import arrival_test
from qc.native.test.clock import clock_test
from qc.native.test.isolated import isolated_test

NAN = np.nan
SECOND = np.timedelta64(1, "s")


def minutes(count: int) -> np.ndarray:
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(60, "s")


def clock(times: np.ndarray) -> list[int]:
    return clock_test(times, 60, tolerance_s=5, least_share=0.6).tolist()


def test_backward_and_doubled_times_are_told_apart() -> None:
    times = minutes(5)[[0, 2, 1, 2, 3, 0, 4]]
    backward, duplicate = arrival_test(times)
    assert backward.tolist() == [1, 1, 3, 1, 1, 3, 1]
    assert duplicate.tolist() == [1, 1, 1, 3, 1, 3, 1]


def test_times_that_are_missing_are_missing() -> None:
    times = np.array(["2026-01-01", "NaT", "2026-01-01"], dtype="datetime64[us]")
    assert [flags.tolist() for flags in arrival_test(times)] == [[1, 9, 1], [1, 9, 3]]


@given(st.lists(st.integers(0, 20), max_size=40))
def test_arrival_never_raises_and_agrees_with_a_slow_definition(offsets: list[int]) -> None:
    times = minutes(21)[np.array(offsets, dtype=int)]
    backward, duplicate = arrival_test(times)
    assert backward.tolist() == [3 if offsets[:at] and now < max(offsets[:at]) else 1 for at, now in enumerate(offsets)]
    assert duplicate.tolist() == [3 if now in offsets[:at] else 1 for at, now in enumerate(offsets)]


def test_readings_off_the_usual_moment_are_suspect() -> None:
    times = minutes(100)
    times[90:] += 17 * SECOND
    assert clock(times) == [1] * 90 + [3] * 10
    times = minutes(100)
    times[:10] -= 17 * SECOND
    assert clock(times) == [3] * 10 + [1] * 90


def test_jitter_around_the_full_minute_is_no_jump() -> None:
    assert set(clock(minutes(200) + np.random.default_rng(1).integers(-2, 3, 200) * SECOND)) == {1}


def test_instrument_without_a_grid_is_not_judged() -> None:
    assert set(clock(minutes(200) + np.random.default_rng(1).integers(0, 50, 200) * SECOND)) == {2}


@pytest.mark.parametrize("count", [0, 1])
def test_few_times_are_defined(count: int) -> None:
    assert clock(minutes(count)) == [1] * count


def test_short_group_between_two_gaps_is_suspect() -> None:
    values = np.full(200, 5.0)
    values[40:100] = NAN
    values[103:150] = NAN
    flags = isolated_test(values, minutes(200), gap_s=1800, longest_s=600)
    assert np.flatnonzero(flags == 3).tolist() == [100, 101, 102]
    assert set(flags[:40]) | set(flags[150:]) == {1}


def test_short_groups_at_the_ends_are_unknown() -> None:
    values = np.full(200, NAN)
    values[[0, 1, 100, 199]] = 5.0
    flags = isolated_test(values, minutes(200), gap_s=1800, longest_s=600)
    assert flags[[0, 1, 100, 199]].tolist() == [2, 2, 3, 2]


def test_slow_instrument_and_lone_value_are_not_judged() -> None:
    hours = minutes(301)[::60]
    assert set(isolated_test(np.ones(6), hours, gap_s=1800, longest_s=600)) == {2}
    assert isolated_test(np.ones(1), hours[:1], gap_s=1800, longest_s=600).tolist() == [2]
    assert isolated_test(np.full(2, NAN), hours[:2], gap_s=1800, longest_s=600).tolist() == [9, 9]
    assert isolated_test(np.ones(0), hours[:0], gap_s=1800, longest_s=600).tolist() == []
