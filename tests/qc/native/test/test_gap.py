from __future__ import annotations

import numpy as np

from qc.native.test.gap import gap_test
from tests.qc.native.series import minutes


def test_gap_counts_missing_intervals_and_ignores_jitter() -> None:
    times = minutes(10)[[0, 1, 2, 6, 7]] + np.array([0, 20, -20, 0, 25]) * np.timedelta64(1, "s")
    (gap,) = gap_test(times, 60)
    assert (gap.after, gap.before, gap.count) == (times[2], times[3], 3)
