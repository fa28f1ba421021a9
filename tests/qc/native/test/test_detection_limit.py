from __future__ import annotations

import numpy as np

from qc.native.test.detection_limit import DetectionMark, detection_limit_test, detection_marks
from tests.qc.native.series import minutes

NAN = np.nan


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
