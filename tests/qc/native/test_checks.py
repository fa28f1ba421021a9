"""Native tests, mostly against figures that ioos_qc 2 gives for the same input."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.native.argument import InvalidInputError
from qc.native.test.flat_line import flat_line_test
from qc.native.test.gap import gap_test
from qc.native.test.gross_range import gross_range_test
from qc.native.test.rate_of_change import rate_of_change_test
from qc.native.test.spike import SpikeMethod, spike_test
from qc.native.test.status import status_test
from qc.native.test.step import step_test

NAN = np.nan
EMPTY = np.array([])


def minutes(count: int) -> np.ndarray:
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(60, "s")


def test_every_hard_letter_fails_and_soft_ones_are_suspect() -> None:
    letters = np.array(["C", "M", "D", "B", "F", "T", "S", "N", None, np.nan, "", "x"], dtype=object)
    assert status_test(letters).tolist() == [4, 4, 4, 4, 4, 3, 3, 1, 1, 1, 1, 3]


def test_range_bounds_pass_and_missing_is_missing() -> None:
    values = np.array([-3.0, -3.1, -1.0, -1.1, 2.0, 2.1, 3.1, NAN, np.inf])
    assert gross_range_test(values, (-3, 3), (-1, 2)).tolist() == [3, 4, 1, 3, 1, 3, 4, 9, 9]


@pytest.mark.parametrize(("fail", "suspect"), [((3, 1), None), ((0, 1), (-1, 0.5)), ((0, 1), (0.5, 0.5))])
def test_a_span_without_meaning_is_an_error(fail: tuple[float, float], suspect: tuple[float, float] | None) -> None:
    with pytest.raises(InvalidInputError, match="span"):
        gross_range_test(np.array([1.0]), fail, suspect)


def test_spike_is_flagged_and_ends_are_unknown() -> None:
    values = np.array([1.0, 1.0, 9.0, 1.0, 1.0])
    assert spike_test(values, 5, fail=7).tolist() == [2, 1, 4, 1, 2]


def test_value_beside_a_missing_one_cannot_be_a_spike() -> None:
    assert spike_test(np.array([1.0, NAN, 9.0, 1.0, 1.0]), 5).tolist() == [2, 9, 2, 1, 2]


def test_differential_method_takes_a_step_for_no_spike() -> None:
    step = np.array([1.0, 1.0, 20.0, 20.0, 20.0])
    assert 3 in spike_test(step, 5)
    assert 3 not in spike_test(step, 5, method=SpikeMethod.DIFFERENTIAL)


def test_relative_spike_threshold_spares_the_noise_of_a_high_level() -> None:
    values = np.array([500.0, 560.0, 500.0])
    assert spike_test(values, 50)[1] == 3
    assert spike_test(values, 50, relative=0.5)[1] == 1


def test_rate_of_change_is_per_second_and_uses_real_steps() -> None:
    times = minutes(4)[[0, 1, 3]]
    assert rate_of_change_test(np.array([0.0, 12.0, 24.0]), times, 0.1).tolist() == [1, 3, 1]


def test_flat_line_starts_with_the_first_whole_window() -> None:
    flags = flat_line_test(np.full(8, 5.0), minutes(8), 180, tolerance=0.1, fail_s=300)
    assert flags.tolist() == [1, 1, 1, 3, 3, 4, 4, 4]


def test_flat_line_after_a_long_gap_of_values_proves_nothing() -> None:
    values = np.array([1.0, NAN, NAN, NAN, NAN, 5.0])
    assert flat_line_test(values, minutes(6), 180, tolerance=0.1).tolist() == [1, 9, 9, 9, 9, 1]


def test_stuck_value_with_a_drop_out_is_still_flat() -> None:
    values = np.array([5.0, 5, 5, NAN, 5, 5, 5, 5])
    assert flat_line_test(values, minutes(8), 180, tolerance=0.1)[-1] == 3


def test_gap_counts_missing_intervals_and_forgives_jitter() -> None:
    times = minutes(10)[[0, 1, 2, 6, 7]] + np.array([0, 20, -20, 0, 25]) * np.timedelta64(1, "s")
    (gap,) = gap_test(times, 60)
    assert (gap.after, gap.before, gap.count) == (times[2], times[3], 3)


@pytest.mark.parametrize("check", ["rate", "flat", "gap"])
@pytest.mark.parametrize(("order", "words"), [([0, 2, 1], "unsorted"), ([0, 1, 1], "doubled")])
def test_times_out_of_order_are_named(check: str, order: list[int], words: str) -> None:
    times, values = minutes(3)[order], np.zeros(3)
    calls = {
        "rate": lambda: rate_of_change_test(values, times, 1),
        "flat": lambda: flat_line_test(values, times, 60, tolerance=1),
        "gap": lambda: gap_test(times, 60),
    }
    with pytest.raises(InvalidInputError, match=f"{words} time.*2026-01-01"):
        calls[check]()


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("value", [NAN, 5.0])
def test_short_series_are_defined(count: int, value: float) -> None:
    values, times = np.full(count, value), minutes(count)
    middle = 9 if np.isnan(value) else 1
    assert gross_range_test(values, (0, 9)).tolist() == [middle] * count
    assert rate_of_change_test(values, times, 1).tolist() == [middle] * count
    assert flat_line_test(values, times, 60, tolerance=1).tolist() == [middle] * count
    assert spike_test(values, 1).tolist() == [9 if np.isnan(value) else 2] * count
    assert gap_test(times, 60) == []


def test_lengths_must_agree() -> None:
    with pytest.raises(InvalidInputError, match="2 values but 3 times"):
        rate_of_change_test(np.zeros(2), minutes(3), 1)


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), max_size=50))
def test_missing_values_and_only_they_are_missing(numbers: list[float]) -> None:
    values, times = np.array(numbers, dtype=float), minutes(len(numbers))
    for flags in (
        gross_range_test(values, (-10, 10)),
        spike_test(values, 3),
        rate_of_change_test(values, times, 0.01),
        flat_line_test(values, times, 120, tolerance=0.5),
    ):
        assert ((flags == 9) == np.isnan(values)).all()
        assert flags.dtype == np.int8


def test_flat_line_agrees_with_a_slow_definition() -> None:
    rng = np.random.default_rng(2)
    for size in range(3, 40):
        values = rng.integers(0, 3, size).astype(float)
        for window in (1, 2, 3, 4, 5, 8):
            found = flat_line_test(values, minutes(size), window * 60, tolerance=1.5) == 3
            slow = [at >= window and np.ptp(values[at - window : at + 1]) < 1.5 for at in range(size)]
            assert found.tolist() == slow


def test_ten_checks_of_a_year_of_minutes_are_fast() -> None:
    values, times = np.random.default_rng(0).normal(50, 1, 525_600), minutes(525_600)
    letters = np.full(values.size, None, dtype=object)
    best = np.inf
    for _ in range(3):
        began = time.process_time()
        for _ in range(2):
            gross_range_test(values, (0, 100), (10, 90))
            spike_test(values, 10, method=SpikeMethod.DIFFERENTIAL)
            rate_of_change_test(values, times, 1)
            flat_line_test(values, times, 10_800, tolerance=0.01)
            status_test(letters)
        best = min(best, time.process_time() - began)
    assert best < 0.5


def _minutes(*parts: tuple[int, int]) -> np.ndarray:
    """Minutes of half-open ranges."""
    minutes = np.concatenate([np.arange(first, last) for first, last in parts])
    return np.datetime64("2026-06-01T00:00", "us") + minutes * np.timedelta64(60, "s")


def test_a_hole_of_a_day_ends_a_flat_line() -> None:
    times = _minutes((0, 300), (1680, 1685))
    values = np.where(np.arange(305) < 295, np.arange(305.0), 50.0)
    assert (flat_line_test(values, times, 540, tolerance=0.01) == 1).all()
    assert flat_line_test(values, times, 540, tolerance=0.01, qartod=True)[-1] == 3


def test_absent_rows_are_missing_values_to_a_flat_line() -> None:
    there = np.ones(400, dtype=bool)
    there[::5] = False
    values = np.where(np.arange(400) < 100, np.arange(400.0), 7.0)
    times = _minutes((0, 400))
    blank = flat_line_test(np.where(there, values, np.nan), times, 3600, tolerance=0.1)
    absent = flat_line_test(values[there], times[there], 3600, tolerance=0.1)
    assert absent.tolist() == blank[there].tolist()
    assert (absent == 3).sum() > 100


def test_values_on_both_sides_of_a_hole_are_no_neighbours_of_a_spike() -> None:
    times, values = _minutes((0, 11), (1000, 1010)), np.full(21, 10.0)
    values[10] = 90.0
    how = SpikeMethod.DIFFERENTIAL
    assert spike_test(values, 20.0, method=how)[9:12].tolist() == [1, 3, 1]
    assert spike_test(values, 20.0, method=how, times=times)[9:12].tolist() == [1, 2, 2]


def test_a_change_over_a_hole_is_no_rate() -> None:
    times, values = _minutes((0, 10), (12, 20)), np.r_[np.full(10, 0.0), np.full(8, 600.0)]
    assert rate_of_change_test(values, times, 1.0)[10] == 3
    assert rate_of_change_test(values, times, 1.0, across_holes=False)[10] == 1
    values[15] = 0.0
    assert rate_of_change_test(values, times, 1.0, across_holes=False)[15] == 3


def test_what_changed_during_a_hole_did_not_change_at_once() -> None:
    values = np.r_[np.full(30, 10.0), np.full(30, 200.0)] + np.random.default_rng(1).normal(0, 1, 60)
    close, apart = _minutes((0, 60)), _minutes((0, 30), (40, 70))
    assert step_test(values, close, 50.0, window_s=1800)[30] == 3
    assert (step_test(values, apart, 50.0, window_s=1800) != 3).all()
