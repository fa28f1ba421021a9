"""Tests of a native window against the time before it: changed noise and a new regime; both can only make a value SUSPECT.

Pure functions, arrays in, QARTOD flags out. They judge the values that are there, next to each other; windows less than
75 % filled prove nothing (UNKNOWN). A missing value is MISSING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from qc.native.checks import CheckError, check_positive, elapsed_s
from qc.native.rolling import Present, trailing, trailing_median
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Fewest values of a window about which anything is said.
_LEAST_VALUES = 3


def variance_change_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    ratio: float,
    *,
    window_s: float,
    reference_s: float,
    floor: float,
) -> NDArray[np.int8]:
    """Flag values that end a window whose noise is not that of the time before.

    Noise is the median absolute change from value to value; that of the window is compared with that of the reference, which
    ends where the window begins. Both are raised to ``floor`` first, so that the last digit of quiet air is no noise.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    ratio : float
        SUSPECT above this ratio and below its inverse [1], > 1.
    window_s, reference_s : float
        [s]
    floor : float
        Unit of the values, > 0.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold has no meaning.
    """
    seconds = elapsed_s(values, times)
    if not ratio > 1:
        msg = f"ratio: {ratio}, expected a number above one"
        raise CheckError(msg)
    check_positive("floor", floor)
    there = Present.of(values, seconds)
    size, before = there.count(window_s), there.count(reference_s)
    change = np.abs(np.diff(there.numbers, prepend=there.numbers[:1]))

    def is_other(now: slice, then: slice) -> NDArray[np.bool_]:
        noise = np.maximum(trailing_median(change, size)[now], floor)
        usual = np.maximum(trailing_median(change, before)[then], floor)
        found: NDArray[np.bool_] = (noise > ratio * usual) | (noise * ratio < usual)
        return found

    return there.flags(_against_reference(there, size, before, is_other), Flag.MISSING)


def regime_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect: float,
    *,
    window_s: float,
    reference_s: float,
) -> NDArray[np.int8]:
    """Flag values that end a window which lies wholly outside everything that the time before has seen.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect : float
        Distance of the window from the range of the reference, which ends where the window begins; unit of the values, > 0.
    window_s, reference_s : float
        [s]

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    check_positive("suspect", suspect)
    there = Present.of(values, seconds)
    size, before = there.count(window_s), there.count(reference_s)

    def is_outside(now: slice, then: slice) -> NDArray[np.bool_]:
        numbers = there.numbers
        above = trailing(minimum_filter1d, numbers, size)[now] - trailing(maximum_filter1d, numbers, before)[then]
        below = trailing(minimum_filter1d, numbers, before)[then] - trailing(maximum_filter1d, numbers, size)[now]
        outside: NDArray[np.bool_] = np.maximum(above, below) > suspect
        return outside

    return there.flags(_against_reference(there, size, before, is_outside), Flag.MISSING)


def _against_reference(
    there: Present, size: int, before: int, differs: Callable[[slice, slice], NDArray[np.bool_]]
) -> NDArray[np.int8]:
    """Judge each window of ``size`` values by the ``before`` values ahead of it; ``differs`` gets the ends of both."""
    count = there.numbers.size
    judged = np.full(count, Flag.UNKNOWN, dtype=np.int8)
    if min(size, before) >= _LEAST_VALUES and count >= size + before:
        now, then = slice(size + before - 1, count), slice(before - 1, count - size)
        told = there.is_dense(size)[now] & there.is_dense(size + before)[now]
        judged[now] = np.where(told, np.where(differs(now, then), Flag.SUSPECT, Flag.PASS), Flag.UNKNOWN)
    return judged
