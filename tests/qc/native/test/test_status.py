from __future__ import annotations

import numpy as np

from qc.native.test.status import explain, status_test


def test_every_hard_letter_fails_and_soft_ones_are_suspect() -> None:
    letters = np.array(["C", "M", "D", "B", "F", "T", "S", "N", None, np.nan, "", "x"], dtype=object)
    assert status_test(letters).tolist() == [4, 4, 4, 4, 4, 3, 3, 1, 1, 1, 1, 3]


def test_the_reason_of_a_letter_that_is_not_of_hj_212_says_so() -> None:
    assert explain("C") == ("letter", {"letter": "C"})
    assert explain("x") == ("unknown", {"letter": "x"})
