from __future__ import annotations

import numpy as np

from qc.hourly.test.suspect_share import suspect_share_test


def test_hour_that_is_complete_only_with_suspect_values_is_suspect() -> None:
    flags = suspect_share_test(np.array([1, 1, 0.5, 0]), np.array([0.8, 0.7, 0.5, 0]), 0.75)
    assert flags.tolist() == [1, 3, 2, 9]
