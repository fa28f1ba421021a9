from __future__ import annotations

import numpy as np

from qc.native.test.flat_line import flat_line_test
from tests.qc.native.series import minute_ranges, minutes

NAN = np.nan


def test_flat_line_starts_with_the_first_whole_window() -> None:
    flags = flat_line_test(np.full(8, 5.0), minutes(8), 180, tolerance=0.1, fail_s=300)
    assert flags.tolist() == [1, 1, 1, 3, 3, 4, 4, 4]


def test_a_value_after_a_long_gap_is_no_flat_line() -> None:
    values = np.array([1.0, NAN, NAN, NAN, NAN, 5.0])
    assert flat_line_test(values, minutes(6), 180, tolerance=0.1).tolist() == [1, 9, 9, 9, 9, 1]


def test_stuck_value_with_a_drop_out_is_still_flat() -> None:
    values = np.array([5.0, 5, 5, NAN, 5, 5, 5, 5])
    assert flat_line_test(values, minutes(8), 180, tolerance=0.1)[-1] == 3


def test_flat_line_agrees_with_a_slow_definition() -> None:
    rng = np.random.default_rng(2)
    for size in range(3, 40):
        values = rng.integers(0, 3, size).astype(float)
        for window in (1, 2, 3, 4, 5, 8):
            found = flat_line_test(values, minutes(size), window * 60, tolerance=1.5) == 3
            slow = [at >= window and np.ptp(values[at - window : at + 1]) < 1.5 for at in range(size)]
            assert found.tolist() == slow


def test_a_hole_of_a_day_ends_a_flat_line() -> None:
    times = minute_ranges((0, 300), (1680, 1685))
    values = np.where(np.arange(305) < 295, np.arange(305.0), 50.0)
    assert (flat_line_test(values, times, 540, tolerance=0.01) == 1).all()
    assert flat_line_test(values, times, 540, tolerance=0.01, qartod=True)[-1] == 3


def test_absent_rows_are_missing_values_to_a_flat_line() -> None:
    there = np.ones(400, dtype=bool)
    there[::5] = False
    values = np.where(np.arange(400) < 100, np.arange(400.0), 7.0)
    times = minute_ranges((0, 400))
    blank = flat_line_test(np.where(there, values, np.nan), times, 3600, tolerance=0.1)
    absent = flat_line_test(values[there], times[there], 3600, tolerance=0.1)
    assert absent.tolist() == blank[there].tolist()
    assert (absent == 3).sum() > 100
