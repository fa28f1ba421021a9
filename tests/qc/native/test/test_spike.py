from __future__ import annotations

import numpy as np

from qc.native.test.spike import SpikeMethod, spike_test
from tests.qc.native.series import minute_ranges

NAN = np.nan


def test_spike_is_flagged_and_ends_are_unknown() -> None:
    values = np.array([1.0, 1.0, 9.0, 1.0, 1.0])
    assert spike_test(values, 5, fail=7).tolist() == [2, 1, 4, 1, 2]


def test_value_next_to_a_missing_one_is_no_spike() -> None:
    assert spike_test(np.array([1.0, NAN, 9.0, 1.0, 1.0]), 5).tolist() == [2, 9, 2, 1, 2]


def test_a_step_is_no_spike_by_the_differential_method() -> None:
    step = np.array([1.0, 1.0, 20.0, 20.0, 20.0])
    assert 3 in spike_test(step, 5)
    assert 3 not in spike_test(step, 5, method=SpikeMethod.DIFFERENTIAL)


def test_noise_of_a_high_level_is_below_the_relative_threshold() -> None:
    values = np.array([500.0, 560.0, 500.0])
    assert spike_test(values, 50)[1] == 3
    assert spike_test(values, 50, relative=0.5)[1] == 1


def test_values_on_both_sides_of_a_hole_are_no_neighbours_of_a_spike() -> None:
    times, values = minute_ranges((0, 11), (1000, 1010)), np.full(21, 10.0)
    values[10] = 90.0
    how = SpikeMethod.DIFFERENTIAL
    assert spike_test(values, 20.0, method=how)[9:12].tolist() == [1, 3, 1]
    assert spike_test(values, 20.0, method=how, times=times)[9:12].tolist() == [1, 2, 2]
