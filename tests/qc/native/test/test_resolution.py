from __future__ import annotations

import numpy as np

from qc.native.test.resolution import resolution_test
from tests.qc.native.series import minutes


def test_stuck_digit_is_suspect_where_values_still_move() -> None:
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(50, 8, 400), 1)
    values[200:] = np.round(values[200:] / 5) * 5
    flags = resolution_test(values, minutes(400), 5.0, window_s=3600)
    assert set(flags[59:200]) == {1}
    assert set(flags[260:]) == {3}


def test_constant_and_quiet_values_are_no_stuck_digit() -> None:
    values = np.full(200, 20.0)
    values[::30] = 25.0
    assert set(resolution_test(values, minutes(200), 5.0, window_s=3600)) == {2}
