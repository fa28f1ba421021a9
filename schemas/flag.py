"""Verdicts of quality control, as QARTOD codes them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class Flag(IntEnum):
    """QARTOD primary flags (IOOS QARTOD manual of data flags; https://doi.org/10.25607/OBP-1)."""

    PASS = 1
    UNKNOWN = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


#: Strongest first: FAIL wins over all, and a PASS wins over not evaluated and missing.
PRECEDENCE: tuple[Flag, ...] = (Flag.FAIL, Flag.SUSPECT, Flag.PASS, Flag.UNKNOWN, Flag.MISSING)
_RANK = np.zeros(10, dtype=np.int8)
_BY_RANK = np.zeros(len(PRECEDENCE) + 1, dtype=np.int8)
for _position, _flag in enumerate(PRECEDENCE):
    _RANK[_flag] = len(PRECEDENCE) - _position
    _BY_RANK[len(PRECEDENCE) - _position] = _flag


HOUR_RECORD_TESTS = frozenset({"calibration", "target_gas"})
"""Native tests that keep one record for all values of an hour. A record of theirs without an end covers its hour to the end."""
HOUR_ONLY_TESTS = frozenset({"completeness", "suspect_share"})
"""Hourly tests of what an hour was made of: their verdict is on the mean and not on the native values in it."""


def combine(flags: Iterable[NDArray[np.int8]]) -> NDArray[np.int8]:
    """Combine flags of several tests on the same values by precedence 4 > 3 > 1 > 2 > 9.

    Parameters
    ----------
    flags : iterable of arrays of int8, all of one shape
        At least one.

    Returns
    -------
    array of int8
        Elementwise strongest flag.
    """
    ranks = [_RANK[array] for array in flags]
    return _BY_RANK[np.maximum.reduce(ranks)]


def is_valid(flags: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether values may enter statistics: every flag but FAIL and MISSING (the one policy of the project).

    A soft test can only make a value SUSPECT and only review or a hard ground invalidates, so SUSPECT and
    not-evaluated values count; products state their share.
    """
    valid: NDArray[np.bool_] = (flags != Flag.FAIL) & (flags != Flag.MISSING)
    return valid
