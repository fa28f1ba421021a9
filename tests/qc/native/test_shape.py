from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.native.argument import InvalidInputError
from qc.native.test.attenuated_signal import Spread, attenuated_signal_test
from qc.native.test.regime import regime_test
from qc.native.test.spike_burst import spike_burst_test
from qc.native.test.step import step_test
from qc.native.test.variance_change import variance_change_test

NAN = np.nan


def minutes(count: int) -> np.ndarray:
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(60, "s")


def noise(count: int, seed: int = 1) -> np.ndarray:
    return 50 + np.random.default_rng(seed).normal(0, 1, count)


def suspects(flags: np.ndarray) -> list[int]:
    return np.flatnonzero(flags == 3).tolist()


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


def test_spike_beside_missing_values_is_still_found() -> None:
    values = noise(200)
    values[100], values[99], values[101] = 90, NAN, NAN
    assert suspects(spike_burst_test(values, minutes(200), 20)) == [100]


def test_spike_cannot_be_told_across_an_outage_nor_at_the_ends() -> None:
    values, times = noise(60), minutes(300)
    times = np.concatenate([times[:30], times[-30:]])
    values[[1, 31]] += 40
    flags = spike_burst_test(values, times, 20)
    assert suspects(flags) == []
    assert set(flags[[0, 1, 5, 29, 30, 31, -1]]) == {2}


def test_too_little_movement_is_suspect_by_either_measure() -> None:
    values = np.concatenate([noise(200), 50 + 0.001 * np.arange(200)])
    for spread, limit in ((Spread.STD, 0.1), (Spread.RANGE, 0.3)):
        flags = attenuated_signal_test(values, minutes(400), limit, window_s=3600, fail=limit / 3, spread=spread)
        assert set(flags[:200].tolist()) <= {1, 2}
        assert set(flags[262:].tolist()) == {4}


def test_whole_series_may_be_one_window() -> None:
    assert attenuated_signal_test(np.array([1.0, NAN, 1, 1]), minutes(4), 0.1).tolist() == [3, 9, 3, 3]
    assert attenuated_signal_test(np.array([1.0, NAN, 1]), minutes(3), 0.1).tolist() == [2, 9, 2]


def test_window_with_too_few_values_proves_no_attenuation() -> None:
    values = np.full(100, 5.0)
    values[:90:2] = NAN
    flags = attenuated_signal_test(values, minutes(100), 0.1, window_s=1800)
    assert 3 not in flags[:90]


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


def test_new_regime_is_suspect_once_the_whole_window_is_outside() -> None:
    values = noise(600)
    values[400:] += 30
    flags = regime_test(values, minutes(600), 20, window_s=3600, reference_s=18000)
    assert suspects(flags)[0] == 459
    assert 3 not in regime_test(values, minutes(600), 40, window_s=3600, reference_s=18000)


def test_thresholds_without_meaning_are_errors() -> None:
    values, times = noise(50), minutes(50)
    with pytest.raises(InvalidInputError, match="suspect"):
        spike_burst_test(values, times, 0)
    with pytest.raises(InvalidInputError, match="points"):
        spike_burst_test(values, times, 1, points=0)
    with pytest.raises(InvalidInputError, match="window_s"):
        step_test(values, times, 1, window_s=0)
    with pytest.raises(InvalidInputError, match="ratio"):
        variance_change_test(values, times, 1, window_s=60, reference_s=60, floor=1)
    with pytest.raises(InvalidInputError, match="unsorted"):
        step_test(values, times[::-1], 1, window_s=60)


ALL = {
    "burst": lambda v, t: spike_burst_test(v, t, 3),
    "std": lambda v, t: attenuated_signal_test(v, t, 0.5, window_s=600),
    "range": lambda v, t: attenuated_signal_test(v, t, 0.5, window_s=600, spread=Spread.RANGE),
    "step": lambda v, t: step_test(v, t, 3, window_s=300),
    "variance": lambda v, t: variance_change_test(v, t, 4, window_s=300, reference_s=600, floor=0.1),
    "regime": lambda v, t: regime_test(v, t, 3, window_s=300, reference_s=600),
}


@settings(deadline=None)
@given(
    st.sampled_from(sorted(ALL)),
    st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([NAN, np.inf, 0.0, 5.0])), max_size=60),
)
def test_missing_values_and_only_they_are_missing_and_nothing_fails(name: str, numbers: list[float]) -> None:
    values = np.array(numbers, dtype=float)
    flags = ALL[name](values, minutes(len(numbers)))
    assert ((flags == 9) == ~np.isfinite(values)).all()
    assert flags.dtype == np.int8
    assert 4 not in flags


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(ALL)), st.integers(0, 1000), st.floats(-1000, 1000))
def test_verdicts_do_not_depend_on_the_level(name: str, seed: int, level: float) -> None:
    values = np.round(np.random.default_rng(seed).normal(0, 1, 80)) * 4
    assert (ALL[name](values, minutes(80)) == ALL[name](values + round(level), minutes(80))).all()
