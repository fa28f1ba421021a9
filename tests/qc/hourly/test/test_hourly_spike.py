from __future__ import annotations

import numpy as np

from qc.hourly.test.hourly_spike import hourly_spike_test
from tests.qc.hourly.hours import NAN, times


def test_hourly_spike_needs_ratio_and_increment_and_both_neighbours() -> None:
    values = np.array([10.0, 200, 10, 1, 5, 1, NAN, 300, 1])
    flags = hourly_spike_test(values, times(9), ratio=3, increment=100)
    assert flags.tolist() == [2, 3, 1, 1, 1, 2, 9, 2, 2]


def test_hours_apart_are_no_neighbours() -> None:
    flags = hourly_spike_test(np.array([1.0, 500, 1]), times(6)[[0, 1, 5]], ratio=3, increment=100)
    assert flags.tolist() == [2, 2, 2]
