from __future__ import annotations

import numpy as np
import pytest

from qc.native.test.step import step_test
from tests.qc.native.series import minute_ranges, minutes, noise, suspects


def test_a_change_across_a_hole_is_no_step() -> None:
    values = np.r_[np.full(30, 10.0), np.full(30, 200.0)] + np.random.default_rng(1).normal(0, 1, 60)
    close, apart = minute_ranges((0, 60)), minute_ranges((0, 30), (40, 70))
    assert step_test(values, close, 50.0, window_s=1800)[30] == 3
    assert (step_test(values, apart, 50.0, window_s=1800) != 3).all()


@pytest.mark.parametrize("size", [30, -30])
def test_first_value_of_a_new_level_is_suspect(size: float) -> None:
    values = noise(200)
    values[100:] += size
    assert suspects(step_test(values, minutes(200), 15, window_s=1800)) == [100]


def test_gradual_rise_spike_and_noisy_level_are_no_steps() -> None:
    ramp, spike = noise(200), noise(200)
    ramp[90:110] += np.linspace(0, 30, 20)
    ramp[110:] += 30
    spike[100] += 300
    noisy = 50 + np.random.default_rng(3).normal(0, 20, 200)
    noisy[100:] += 30
    for values in (ramp, spike, noisy):
        assert suspects(step_test(values, minutes(200), 15, window_s=1800)) == []


def test_step_needs_three_values_a_window_and_both_windows() -> None:
    values = noise(200)
    values[100:] += 30
    assert set(step_test(values, minutes(200), 15, window_s=120)) == {2}
    flags = step_test(values, minutes(200), 15, window_s=1800)
    assert set(flags[:30]) | set(flags[-29:]) == {2}
    assert set(flags[30:100]) == {1}
