"""Status letter of the instrument.

C (calibration), M (maintenance), D (fault), B (communication error) and F (stopped) are FAIL. T (over range), S (set by hand) and
an unknown letter are SUSPECT. N or no letter is PASS. A missing value with a letter of the first group is FAIL, which records why it
is missing, and is not part of a gap.

Source: letters of HJ 212-2017, data flags; the grouping is the project's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.native.native_test import NativeTest
from schemas.flag import Flag
from schemas.reading import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.limits.limit import BaseLimit
    from qc.native.argument import Flags
    from schemas.reason import Explanation


HARD_LETTERS = frozenset(
    {Status.CALIBRATION, Status.MAINTENANCE, Status.FAULT, Status.COMMUNICATION_ERROR, Status.STOPPED}
)
"""Letters that fail a value: the instrument did not measure the air."""
_LETTERS = frozenset(Status)


def status_test(letters: NDArray[np.object_]) -> Flags:
    """Flag values by the status letter of the instrument.

    C, M, D, B and F are FAIL; T, S and an unknown letter are SUSPECT; N, None, NaN and "" are PASS.

    Parameters
    ----------
    letters : array of str or None
        HJ 212 letters, one a value.

    References
    ----------
    HJ 212-2017, data flags; the grouping is the project's own rule (docs/qc-tests.md).

    Examples
    --------
    >>> status_test(np.array(["N", "C", "T", None], dtype=object)).tolist()
    [1, 4, 3, 1]
    """
    codes, found = pd.factorize(letters)
    flags = np.array([_letter_flag(letter) for letter in found] + [Flag.PASS], dtype=np.int8)
    # the code of a missing letter is -1, the last flag
    return flags[codes]


def _letter_flag(letter: str) -> Flag:
    if letter in {"", Status.NORMAL}:
        return Flag.PASS
    return Flag.FAIL if letter in HARD_LETTERS else Flag.SUSPECT


def explain(letter: str) -> Explanation:
    """Message for a letter."""
    return "letter" if letter in _LETTERS else "unknown", {"letter": letter}


TEST: NativeTest[BaseLimit] = NativeTest(
    name="status", messages={"letter": ("letter",), "unknown": ("letter",)}, flags=frozenset({Flag.FAIL, Flag.SUSPECT})
)
