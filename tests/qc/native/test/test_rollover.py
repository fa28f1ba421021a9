from __future__ import annotations

import numpy as np
import pytest

from qc.native.argument import InvalidInputError
from qc.native.test.rollover import rollover_test

NAN = np.nan


def test_wrapped_and_overflowed_counters_are_suspect() -> None:
    values = np.array([6550.0, 6552.0, 1.0, 3.0, NAN, 6553.0, 6000.0])
    assert rollover_test(values, [6553.6], 20).tolist() == [1, 1, 3, 1, 9, 3, 1]


@pytest.mark.parametrize(("moduli", "margin"), [([], 1.0), ([10.0], 5.0), ([100.0], 0.0)])
def test_rollover_needs_a_modulus_beyond_the_margin(moduli: list[float], margin: float) -> None:
    with pytest.raises(InvalidInputError, match=r"moduli|margin"):
        rollover_test(np.zeros(3), moduli, margin)
