from __future__ import annotations

import numpy as np

from qc.native.test.variance_change import variance_change_test
from tests.qc.native.series import minutes, noise


def test_change_of_noise_is_suspect_both_ways() -> None:
    quiet, loud = noise(1000), 50 + np.random.default_rng(2).normal(0, 20, 500)
    rule = {"ratio": 8, "window_s": 3600, "reference_s": 21600, "floor": 0.01}
    flags = variance_change_test(np.concatenate([quiet, loud]), minutes(1500), **rule)
    assert set(flags[:1000]) == {1, 2}
    assert flags[1061] == 3
    backward = variance_change_test(np.concatenate([loud, quiet]), minutes(1500), **rule)
    assert backward[561] == 3


def test_noise_below_the_floor_is_no_change() -> None:
    values = np.concatenate([np.full(500, 5.0), 5 + 0.01 * np.random.default_rng(2).normal(0, 1, 100)])
    flags = variance_change_test(values, minutes(600), 5, window_s=3600, reference_s=21600, floor=0.1)
    assert 3 not in flags
