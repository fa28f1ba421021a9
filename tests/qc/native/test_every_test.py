from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.native.argument import InvalidInputError
from qc.native.test.attenuated_signal import Spread, attenuated_signal_test
from qc.native.test.detection_limit import detection_limit_test
from qc.native.test.flat_line import flat_line_test
from qc.native.test.gap import gap_test
from qc.native.test.gross_range import gross_range_test
from qc.native.test.rate_of_change import rate_of_change_test
from qc.native.test.regime import regime_test
from qc.native.test.resolution import resolution_test
from qc.native.test.rollover import rollover_test
from qc.native.test.spike import SpikeMethod, spike_test
from qc.native.test.spike_burst import spike_burst_test
from qc.native.test.status import status_test
from qc.native.test.step import step_test
from qc.native.test.variance_change import variance_change_test
from tests.qc.native.series import minutes, noise

NAN = np.nan


ALL = {
    "burst": lambda v, t: spike_burst_test(v, t, 3),
    "std": lambda v, t: attenuated_signal_test(v, t, 0.5, window_s=600),
    "range": lambda v, t: attenuated_signal_test(v, t, 0.5, window_s=600, spread=Spread.RANGE),
    "step": lambda v, t: step_test(v, t, 3, window_s=300),
    "variance": lambda v, t: variance_change_test(v, t, 4, window_s=300, reference_s=600, floor=0.1),
    "regime": lambda v, t: regime_test(v, t, 3, window_s=300, reference_s=600),
}


@pytest.mark.parametrize("check", ["rate", "flat", "gap"])
@pytest.mark.parametrize(("order", "words"), [([0, 2, 1], "unsorted"), ([0, 1, 1], "doubled")])
def test_times_out_of_order_are_named(check: str, order: list[int], words: str) -> None:
    times, values = minutes(3)[order], np.zeros(3)
    calls = {
        "rate": lambda: rate_of_change_test(values, times, 1),
        "flat": lambda: flat_line_test(values, times, 60, tolerance=1),
        "gap": lambda: gap_test(times, 60),
    }
    with pytest.raises(InvalidInputError, match=f"{words} time.*2026-01-01"):
        calls[check]()


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("value", [NAN, 5.0])
def test_short_series_are_defined(count: int, value: float) -> None:
    values, times = np.full(count, value), minutes(count)
    middle = 9 if np.isnan(value) else 1
    assert gross_range_test(values, (0, 9)).tolist() == [middle] * count
    assert rate_of_change_test(values, times, 1).tolist() == [middle] * count
    assert flat_line_test(values, times, 60, tolerance=1).tolist() == [middle] * count
    assert spike_test(values, 1).tolist() == [9 if np.isnan(value) else 2] * count
    assert gap_test(times, 60) == []


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), max_size=50))
def test_missing_values_and_only_they_are_missing(numbers: list[float]) -> None:
    values, times = np.array(numbers, dtype=float), minutes(len(numbers))
    for flags in (
        gross_range_test(values, (-10, 10)),
        spike_test(values, 3),
        rate_of_change_test(values, times, 0.01),
        flat_line_test(values, times, 120, tolerance=0.5),
    ):
        assert ((flags == 9) == np.isnan(values)).all()
        assert flags.dtype == np.int8


def test_ten_runs_over_a_year_of_minutes_are_fast() -> None:
    values, times = np.random.default_rng(0).normal(50, 1, 525_600), minutes(525_600)
    letters = np.full(values.size, None, dtype=object)
    best = np.inf
    for _ in range(3):
        began = time.process_time()
        for _ in range(2):
            gross_range_test(values, (0, 100), (10, 90))
            spike_test(values, 10, method=SpikeMethod.DIFFERENTIAL)
            rate_of_change_test(values, times, 1)
            flat_line_test(values, times, 10_800, tolerance=0.01)
            status_test(letters)
        best = min(best, time.process_time() - began)
    assert best < 0.5


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
def test_flags_do_not_depend_on_the_level(name: str, seed: int, level: float) -> None:
    values = np.round(np.random.default_rng(seed).normal(0, 1, 80)) * 4
    assert (ALL[name](values, minutes(80)) == ALL[name](values + round(level), minutes(80))).all()


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([NAN, -np.inf, 0.0, 5.0])), max_size=60))
def test_missing_values_and_only_they_are_missing_in_tests_of_single_values(numbers: list[float]) -> None:
    values, times = np.array(numbers, dtype=float), minutes(len(numbers))
    for flags in (
        detection_limit_test(values, times, 2, persistent_s=600),
        rollover_test(values, [100.0, 1000.0], 5),
        resolution_test(values, times, 5, window_s=600, changes=5),
    ):
        assert ((flags == 9) == ~np.isfinite(values)).all()
        assert flags.dtype == np.int8
        assert 4 not in flags
