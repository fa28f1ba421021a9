from __future__ import annotations

import numpy as np
import pytest

from qc.native.test.clock import clock_test
from tests.qc.native.series import minutes

SECOND = np.timedelta64(1, "s")


def clock(times: np.ndarray) -> list[int]:
    return clock_test(times, 60, tolerance_s=5, least_share=0.6).tolist()


def test_readings_off_the_usual_moment_are_suspect() -> None:
    times = minutes(100)
    times[90:] += 17 * SECOND
    assert clock(times) == [1] * 90 + [3] * 10
    times = minutes(100)
    times[:10] -= 17 * SECOND
    assert clock(times) == [3] * 10 + [1] * 90


def test_jitter_around_the_full_minute_is_no_jump() -> None:
    assert set(clock(minutes(200) + np.random.default_rng(1).integers(-2, 3, 200) * SECOND)) == {1}


def test_instrument_without_a_grid_is_unknown() -> None:
    assert set(clock(minutes(200) + np.random.default_rng(1).integers(0, 50, 200) * SECOND)) == {2}


@pytest.mark.parametrize("count", [0, 1])
def test_few_times_are_defined(count: int) -> None:
    assert clock(minutes(count)) == [1] * count
