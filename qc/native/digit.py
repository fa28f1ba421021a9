"""Tests of how a native value is written: wrapped counters, stuck digits, values at and below the detection limit.

Pure functions, arrays in, QARTOD flags out; they can only make a value SUSPECT. A missing value is MISSING.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from qc.native.checks import CheckError, check_positive, elapsed_s
from qc.native.rolling import Present, share_true
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: How near to a multiple of the quantum a value must be, in parts of the quantum [1].
_MULTIPLE_TOLERANCE = 1e-6


class DetectionMark(IntEnum):
    """Where a value lies by its detection limit (DL); a mark is no verdict, the value is kept as it is."""

    ABOVE = 0
    """At or above DL, or missing."""
    BELOW = 1
    """From 0 to DL."""
    NEGATIVE = 2
    """From -DL to 0: noise around zero, which must stay in means or they are biased."""
    FAR_BELOW = 3
    """Below -DL: no noise any more."""


def detection_marks(values: NDArray[np.float64], limit: float) -> NDArray[np.int8]:
    """Mark values by the detection limit.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    limit : float
        Detection limit, unit of the values, > 0.

    Returns
    -------
    array of int8
        `DetectionMark`, one a value.

    Raises
    ------
    CheckError
        If the limit is not above zero.
    """
    check_positive("limit", limit)
    marks = np.full(values.shape, DetectionMark.ABOVE, dtype=np.int8)
    marks[values < limit] = DetectionMark.BELOW
    marks[values < 0] = DetectionMark.NEGATIVE
    marks[values < -limit] = DetectionMark.FAR_BELOW
    marks[~np.isfinite(values)] = DetectionMark.ABOVE
    return marks


def detection_limit_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    limit: float,
    *,
    persistent_s: float | None = None,
    persistent_share: float = 0.95,
) -> NDArray[np.int8]:
    """Flag values below minus the detection limit, and those that end a window in which nearly all were negative.

    Noise around zero is negative half of the time; where it is always, the zero has moved and wants a check.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    limit : float
        Detection limit, unit of the values, > 0.
    persistent_s : float or None
        Length of the window [s]; None: only single values are judged.
    persistent_share : float
        Share of negative values [1], at and above which a negative value is SUSPECT.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    marks = detection_marks(values, limit)
    if persistent_s is not None:
        check_positive("persistent_s", persistent_s)
        there = Present.of(values, seconds)
        size = there.count(persistent_s)
        always = (share_true(there.numbers < 0, size) >= persistent_share) & there.is_dense(size)
        flags[there.at[always & (there.numbers < 0)]] = Flag.SUSPECT
    flags[marks == DetectionMark.FAR_BELOW] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def rollover_test(values: NDArray[np.float64], moduli: Sequence[float], margin: float) -> NDArray[np.int8]:
    """Flag values that differ from the one before by a counter's whole range: it wrapped around, or overflowed.

    Parameters
    ----------
    values : array of float
        NaN where missing; the value before is the last that is there.
    moduli : sequence of float
        Ranges of the counter after which it begins anew, unit of the values, each above twice the margin.
    margin : float
        How much the true value may have changed meanwhile, unit of the values, > 0.

    Returns
    -------
    array of int8
        The first value has none before it and passes.

    Raises
    ------
    CheckError
        If there is no modulus or a threshold has no meaning.
    """
    check_positive("margin", margin)
    if not moduli or min(moduli) <= 2 * margin:
        msg = f"moduli: {list(moduli)}, expected at least one, each above twice the margin {margin}"
        raise CheckError(msg)
    flags = np.where(np.isfinite(values), Flag.PASS, Flag.MISSING).astype(np.int8)
    # across holes too: a restart is when a counter begins anew
    at = np.flatnonzero(flags == Flag.PASS)
    change = np.abs(np.diff(values[at]))
    for modulus in moduli:
        flags[at[1:][np.abs(change - modulus) <= margin]] = Flag.SUSPECT
    return flags


def resolution_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    quantum: float,
    *,
    window_s: float,
    changes: int = 20,
) -> NDArray[np.int8]:
    """Flag values that end a window in which all are multiples of a quantum coarser than the instrument's digits.

    A digit is stuck, or somebody changed the format. Only windows in which the value changed often enough tell: a constant is
    the flat line's matter.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    quantum : float
        Unit of the values, > 0; several times the finest step that is usual.
    window_s : float
        [s]
    changes : int
        Fewest changes within the window; by chance, all of one decimal digit are the same once in 10 to this power.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    for name, value in (("quantum", quantum), ("window_s", window_s), ("changes", changes)):
        check_positive(name, value)
    there = Present.of(values, seconds)
    size = there.count(window_s)
    judged = np.full(there.numbers.size, Flag.UNKNOWN, dtype=np.int8)
    parts = there.numbers / quantum
    is_multiple = np.abs(parts - np.rint(parts)) <= _MULTIPLE_TOLERANCE
    moved = np.diff(there.numbers, prepend=there.numbers[:1]) != 0
    enough = share_true(moved, size) * size >= changes
    judged[there.is_dense(size) & enough] = Flag.PASS
    judged[(judged == Flag.PASS) & (share_true(is_multiple, size) >= 1)] = Flag.SUSPECT
    return there.flags(judged, Flag.MISSING)
