from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qc.native.arrival import arrival_test
from tests.qc.native.series import minutes


def test_backward_and_doubled_times_are_distinguished() -> None:
    times = minutes(5)[[0, 2, 1, 2, 3, 0, 4]]
    backward, duplicate = arrival_test(times)
    assert backward.tolist() == [1, 1, 3, 1, 1, 3, 1]
    assert duplicate.tolist() == [1, 1, 1, 3, 1, 3, 1]


def test_times_that_are_missing_are_missing() -> None:
    times = np.array(["2026-01-01", "NaT", "2026-01-01"], dtype="datetime64[us]")
    assert [flags.tolist() for flags in arrival_test(times)] == [[1, 9, 1], [1, 9, 3]]


@given(st.lists(st.integers(0, 20), max_size=40))
def test_arrival_never_raises_and_agrees_with_a_slow_definition(offsets: list[int]) -> None:
    times = minutes(21)[np.array(offsets, dtype=int)]
    backward, duplicate = arrival_test(times)
    assert backward.tolist() == [3 if offsets[:at] and now < max(offsets[:at]) else 1 for at, now in enumerate(offsets)]
    assert duplicate.tolist() == [3 if now in offsets[:at] else 1 for at, now in enumerate(offsets)]
