from __future__ import annotations

import numpy as np

from qc.native.test.attenuated_signal import Spread, attenuated_signal_test
from tests.qc.native.series import minutes, noise

NAN = np.nan


def test_too_little_movement_is_suspect_by_either_measure() -> None:
    values = np.concatenate([noise(200), 50 + 0.001 * np.arange(200)])
    for spread, limit in ((Spread.STD, 0.1), (Spread.RANGE, 0.3)):
        flags = attenuated_signal_test(values, minutes(400), limit, window_s=3600, fail=limit / 3, spread=spread)
        assert set(flags[:200].tolist()) <= {1, 2}
        assert set(flags[262:].tolist()) == {4}


def test_whole_series_may_be_one_window() -> None:
    assert attenuated_signal_test(np.array([1.0, NAN, 1, 1]), minutes(4), 0.1).tolist() == [3, 9, 3, 3]
    assert attenuated_signal_test(np.array([1.0, NAN, 1]), minutes(3), 0.1).tolist() == [2, 9, 2]


def test_window_with_too_few_values_is_unknown() -> None:
    values = np.full(100, 5.0)
    values[:90:2] = NAN
    flags = attenuated_signal_test(values, minutes(100), 0.1, window_s=1800)
    assert 3 not in flags[:90]
