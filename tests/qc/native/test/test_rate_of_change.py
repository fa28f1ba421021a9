from __future__ import annotations

import numpy as np
import pytest

from qc.native.argument import InvalidInputError
from qc.native.test.rate_of_change import rate_of_change_test
from tests.qc.native.series import minute_ranges, minutes


def test_rate_of_change_is_per_second_and_uses_real_steps() -> None:
    times = minutes(4)[[0, 1, 3]]
    assert rate_of_change_test(np.array([0.0, 12.0, 24.0]), times, 0.1).tolist() == [1, 3, 1]


def test_lengths_must_agree() -> None:
    with pytest.raises(InvalidInputError, match="2 values but 3 times"):
        rate_of_change_test(np.zeros(2), minutes(3), 1)


def test_a_change_over_a_hole_is_no_rate() -> None:
    times, values = minute_ranges((0, 10), (12, 20)), np.r_[np.full(10, 0.0), np.full(8, 600.0)]
    assert rate_of_change_test(values, times, 1.0)[10] == 3
    assert rate_of_change_test(values, times, 1.0, across_holes=False)[10] == 1
    values[15] = 0.0
    assert rate_of_change_test(values, times, 1.0, across_holes=False)[15] == 3
