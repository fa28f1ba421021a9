"""Tests of times: order of arrival, the instrument's clock, values that stand alone. Pure, arrays in, QARTOD flags out.

Frames of the store are sorted and unique, so `arrival_test` is for times as they came; the other two are for stored frames.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.native.checks import check_positive, elapsed_s
from qc.native.rolling import Present
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray


def arrival_test(times: NDArray[np.datetime64]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Judge times in the order in which they came: no crash, whatever the order.

    Parameters
    ----------
    times : array of datetime64
        Starts of readings, UTC, in order of arrival; NaT where there is none.

    Returns
    -------
    backward, duplicate : arrays of int8
        ``backward`` is SUSPECT where a time lies before one that came earlier (a clock set back, or a back-fill),
        ``duplicate`` where the same time came before (a redelivery, a correction, or a clock that stands still).
        Both are MISSING at NaT, else PASS.
    """
    there = np.flatnonzero(~np.isnat(times))
    told = times[there].astype("datetime64[ns]").astype(np.int64)
    backward = np.full(times.shape, Flag.MISSING, dtype=np.int8)
    duplicate = backward.copy()
    backward[there] = duplicate[there] = Flag.PASS
    if told.size:
        _, first = np.unique(told, return_index=True)
        again = np.ones(told.size, dtype=bool)
        again[first] = False
        duplicate[there[again]] = Flag.SUSPECT
        backward[there[told < np.maximum.accumulate(told)]] = Flag.SUSPECT
    return backward, duplicate


def clock_test(
    times: NDArray[np.datetime64], cadence_s: int, *, tolerance_s: float, least_share: float
) -> NDArray[np.int8]:
    """Flag readings whose start is off the grid on which the instrument usually reports: its clock jumped.

    An instrument that reports every ``cadence_s`` does so at a steady phase. The usual phase is that of most readings; where
    fewer than ``least_share`` keep to it, the instrument has no grid and nothing can be said (UNKNOWN). A jump by a multiple
    of the cadence cannot be seen in this way.

    Parameters
    ----------
    times : array of datetime64
        UTC, ascending, unique.
    cadence_s : int
        [s], > 0.
    tolerance_s : float
        [s], > 0.
    least_share : float
        [1]

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(None, times)
    check_positive("cadence_s", cadence_s)
    check_positive("tolerance_s", tolerance_s)
    if not seconds.size:
        return np.empty(0, dtype=np.int8)
    # Phases are binned at the width of the tolerance; the median of the fullest bin is the usual one.
    phase = seconds % cadence_s
    bins = np.rint(phase / tolerance_s) % max(1.0, np.rint(cadence_s / tolerance_s))
    kinds, counts = np.unique(bins, return_counts=True)
    fullest = phase[bins == kinds[np.argmax(counts)]]
    usual = fullest[0] + np.median(_around(fullest - fullest[0], cadence_s))
    off = np.abs(_around(phase - usual, cadence_s)) > tolerance_s
    if np.mean(~off) < least_share:
        return np.full(times.shape, Flag.UNKNOWN, dtype=np.int8)
    return np.where(off, Flag.SUSPECT, Flag.PASS).astype(np.int8)


def _around(phase: NDArray[np.float64], cadence_s: int) -> NDArray[np.float64]:
    """Phases within half a cadence of zero [s]."""
    around: NDArray[np.float64] = (phase + cadence_s / 2) % cadence_s - cadence_s / 2
    return around


def isolated_test(
    values: NDArray[np.float64], times: NDArray[np.datetime64], *, gap_s: float, longest_s: float
) -> NDArray[np.int8]:
    """Flag values that stand alone between two gaps: an instrument that starts and stops seldom measures the air.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    gap_s : float
        Time without a value that separates groups of values, from start to start [s]. An instrument whose usual step is more
        than a third of it is not judged (UNKNOWN).
    longest_s : float
        A group is SUSPECT if it lasts no longer than this from its first to its last start [s]. A group at either end of
        the series is UNKNOWN, since what lies beyond is not known, and longer ones pass.

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.
    """
    seconds = elapsed_s(values, times)
    check_positive("gap_s", gap_s)
    check_positive("longest_s", longest_s)
    there = Present.of(values, seconds)
    if not there.numbers.size:
        return np.full(values.shape, Flag.MISSING, dtype=np.int8)
    if not 3 * there.step_s <= gap_s:
        return there.flags(np.full(there.numbers.size, Flag.UNKNOWN, dtype=np.int8), Flag.MISSING)
    begins = np.flatnonzero(np.concatenate(([True], np.diff(there.seconds) > gap_s)))
    ends = np.append(begins[1:], there.numbers.size) - 1
    is_short = there.seconds[ends] - there.seconds[begins] <= longest_s
    flags = np.where(is_short, Flag.SUSPECT, Flag.PASS).astype(np.int8)
    for edge in (0, -1):
        flags[edge] = Flag.UNKNOWN if is_short[edge] else Flag.PASS
    return there.flags(np.repeat(flags, ends - begins + 1), Flag.MISSING)
