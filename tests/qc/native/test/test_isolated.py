from __future__ import annotations

import numpy as np

from qc.native.test.isolated import isolated_test
from tests.qc.native.series import minutes

NAN = np.nan


def test_short_group_between_two_gaps_is_suspect() -> None:
    values = np.full(200, 5.0)
    values[40:100] = NAN
    values[103:150] = NAN
    flags = isolated_test(values, minutes(200), gap_s=1800, longest_s=600)
    assert np.flatnonzero(flags == 3).tolist() == [100, 101, 102]
    assert set(flags[:40]) | set(flags[150:]) == {1}


def test_short_groups_at_the_ends_are_unknown() -> None:
    values = np.full(200, NAN)
    values[[0, 1, 100, 199]] = 5.0
    flags = isolated_test(values, minutes(200), gap_s=1800, longest_s=600)
    assert flags[[0, 1, 100, 199]].tolist() == [2, 2, 3, 2]


def test_slow_instrument_and_single_value_are_unknown() -> None:
    hours = minutes(301)[::60]
    assert set(isolated_test(np.ones(6), hours, gap_s=1800, longest_s=600)) == {2}
    assert isolated_test(np.ones(1), hours[:1], gap_s=1800, longest_s=600).tolist() == [2]
    assert isolated_test(np.full(2, NAN), hours[:2], gap_s=1800, longest_s=600).tolist() == [9, 9]
    assert isolated_test(np.ones(0), hours[:0], gap_s=1800, longest_s=600).tolist() == []
