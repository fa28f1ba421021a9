from __future__ import annotations

import numpy as np
import pytest

from qc.native.argument import InvalidInputError
from qc.native.test.gross_range import gross_range_test

NAN = np.nan


def test_range_bounds_pass_and_missing_is_missing() -> None:
    values = np.array([-3.0, -3.1, -1.0, -1.1, 2.0, 2.1, 3.1, NAN, np.inf])
    assert gross_range_test(values, (-3, 3), (-1, 2)).tolist() == [3, 4, 1, 3, 1, 3, 4, 9, 9]


@pytest.mark.parametrize(("fail", "suspect"), [((3, 1), None), ((0, 1), (-1, 0.5)), ((0, 1), (0.5, 0.5))])
def test_a_span_without_meaning_is_an_error(fail: tuple[float, float], suspect: tuple[float, float] | None) -> None:
    with pytest.raises(InvalidInputError, match="span"):
        gross_range_test(np.array([1.0]), fail, suspect)
