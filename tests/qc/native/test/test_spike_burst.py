from __future__ import annotations

import numpy as np
import pytest

from qc.native.test.spike_burst import spike_burst_test
from tests.qc.native.series import minutes, noise, suspects

NAN = np.nan


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_spike_of_up_to_the_given_points_is_suspect(length: int, sign: int) -> None:
    values = noise(200)
    values[100 : 100 + length] += sign * 40
    assert suspects(spike_burst_test(values, minutes(200), 20)) == list(range(100, 100 + length))


@pytest.mark.parametrize("length", [4, 6, 60])
def test_plateau_longer_than_a_spike_passes(length: int) -> None:
    values = noise(200)
    values[100 : 100 + length] += 40
    assert suspects(spike_burst_test(values, minutes(200), 20)) == []


def test_step_is_no_spike_of_several_points() -> None:
    values = noise(200)
    values[100:] += 40
    assert suspects(spike_burst_test(values, minutes(200), 20)) == []


def test_spike_below_its_share_of_the_level_or_within_the_noise_passes() -> None:
    values = noise(200)
    values[100] += 40
    assert suspects(spike_burst_test(values, minutes(200), 20, relative=1.0)) == []
    assert suspects(spike_burst_test(values, minutes(200), 20, deviations=200)) == []


def test_spike_next_to_missing_values_is_found() -> None:
    values = noise(200)
    values[100], values[99], values[101] = 90, NAN, NAN
    assert suspects(spike_burst_test(values, minutes(200), 20)) == [100]


def test_spikes_across_an_outage_and_at_the_ends_are_unknown() -> None:
    values, times = noise(60), minutes(300)
    times = np.concatenate([times[:30], times[-30:]])
    values[[1, 31]] += 40
    flags = spike_burst_test(values, times, 20)
    assert suspects(flags) == []
    assert set(flags[[0, 1, 5, 29, 30, 31, -1]]) == {2}
