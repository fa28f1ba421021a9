from __future__ import annotations

import numpy as np

from qc.hourly.test.hourly_flat import hourly_flat_test
from tests.qc.hourly.hours import times


def test_flat_hours_above_the_detection_limit_are_suspect() -> None:
    values = np.array([5.0] * 4 + [20.0] * 4)
    flags = hourly_flat_test(values, times(8), hours=3, tolerance=0.01, above=10)
    assert flags.tolist() == [1, 1, 1, 1, 1, 1, 3, 3]
