from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.native.argument import InvalidInputError
from qc.native.test.detection_limit import DetectionMark, detection_limit_test, detection_marks
from qc.native.test.resolution import resolution_test
from qc.native.test.rollover import rollover_test

NAN = np.nan


def minutes(count: int) -> np.ndarray:
    return np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(60, "s")


def test_values_are_marked_by_the_detection_limit() -> None:
    marks = detection_marks(np.array([2.0, 1.9, 0.0, -0.1, -2.0, -2.1, NAN, np.inf]), 2)
    assert marks.tolist() == [0, 1, 1, 2, 2, 3, 0, 0]
    assert DetectionMark(2).name == "NEGATIVE"


def test_only_values_far_below_zero_are_suspect() -> None:
    values = np.array([2.0, 0.0, -2.0, -2.1, NAN])
    assert detection_limit_test(values, minutes(5), 2).tolist() == [1, 1, 1, 3, 9]


def test_values_that_are_always_negative_are_suspect() -> None:
    values = np.full(200, -0.5)
    flags = detection_limit_test(values, minutes(200), 2, persistent_s=3600)
    assert flags.tolist() == [1] * 59 + [3] * 141
    values[::10] = 0.1
    assert 3 not in detection_limit_test(values, minutes(200), 2, persistent_s=3600)


def test_wrapped_and_overflowed_counters_are_suspect() -> None:
    values = np.array([6550.0, 6552.0, 1.0, 3.0, NAN, 6553.0, 6000.0])
    assert rollover_test(values, [6553.6], 20).tolist() == [1, 1, 3, 1, 9, 3, 1]


@pytest.mark.parametrize(("moduli", "margin"), [([], 1.0), ([10.0], 5.0), ([100.0], 0.0)])
def test_rollover_needs_a_modulus_beyond_the_margin(moduli: list[float], margin: float) -> None:
    with pytest.raises(InvalidInputError, match=r"moduli|margin"):
        rollover_test(np.zeros(3), moduli, margin)


def test_stuck_digit_is_suspect_where_values_still_move() -> None:
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(50, 8, 400), 1)
    values[200:] = np.round(values[200:] / 5) * 5
    flags = resolution_test(values, minutes(400), 5.0, window_s=3600)
    assert set(flags[59:200]) == {1}
    assert set(flags[260:]) == {3}


def test_constant_and_quiet_values_prove_no_stuck_digit() -> None:
    values = np.full(200, 20.0)
    values[::30] = 25.0
    assert set(resolution_test(values, minutes(200), 5.0, window_s=3600)) == {2}


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([NAN, -np.inf, 0.0, 5.0])), max_size=60))
def test_missing_values_and_only_they_are_missing_and_nothing_fails(numbers: list[float]) -> None:
    values, times = np.array(numbers, dtype=float), minutes(len(numbers))
    for flags in (
        detection_limit_test(values, times, 2, persistent_s=600),
        rollover_test(values, [100.0, 1000.0], 5),
        resolution_test(values, times, 5, window_s=600, changes=5),
    ):
        assert ((flags == 9) == ~np.isfinite(values)).all()
        assert flags.dtype == np.int8
        assert 4 not in flags
