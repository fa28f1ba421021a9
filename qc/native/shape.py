"""Tests of the shape of a native series: spikes of several points, too little movement, steps.

Pure functions, arrays in, QARTOD flags out. They judge the values that are there, next to each other; a window less than
75 % filled proves nothing (UNKNOWN). A missing value is MISSING. The attenuated signal is QARTOD's; the others are the
project's own and can only make a value SUSPECT.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from qc.native.checks import check_positive, elapsed_s
from qc.native.rolling import HOLE_STEPS, MIN_WINDOW_SHARE, Present, trailing_median, true_runs
from qc.robust import MAD_TO_SIGMA
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fewest values of a window about which anything is said.
_LEAST_VALUES = 3


class Spread(StrEnum):
    """How the movement of a signal is measured."""

    STD = "std"
    """Standard deviation of the window, of the values themselves (no correction for the sample)."""
    RANGE = "range"


def spike_burst_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect: float,
    *,
    points: int = 3,
    deviations: float = 8.0,
    relative: float = 0.0,
) -> NDArray[np.int8]:
    """Flag 1 to ``points`` values in a row that stand out from the median of their neighbourhood (Hampel's identifier).

    The neighbourhood holds ``4 * points + 1`` values with the judged one in its middle. A value stands out if its distance
    from the median is above ``suspect``, ``deviations`` robust standard deviations and ``relative`` times the median. More
    of them in a row are a plateau and no spike. The first and last ``2 * points`` values are UNKNOWN.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect : float
        Unit of the values, > 0.
    points : int
        Longest spike, at least 1.
    deviations : float
        Multiples of 1.4826 times the median absolute deviation of the neighbourhood [1], > 0.
    relative : float
        [1]

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold has no meaning.

    References
    ----------
    Hampel, F. R. (1974), https://doi.org/10.1080/01621459.1974.10482962 (the median and MAD as estimators).
    """
    seconds = elapsed_s(values, times)
    check_positive("suspect", suspect)
    check_positive("points", points)
    check_positive("deviations", deviations)
    there, size = Present.of(values, seconds), 4 * points + 1
    judged = np.full(there.numbers.size, Flag.UNKNOWN, dtype=np.int8)
    if there.numbers.size >= size:
        level = median_filter(there.numbers, size, mode="nearest")
        distance = np.abs(there.numbers - level)
        limit = np.maximum(suspect, relative * np.abs(level))
        np.maximum(limit, deviations * MAD_TO_SIGMA * median_filter(distance, size, mode="nearest"), out=limit)
        inner = slice(2 * points, there.numbers.size - 2 * points)
        judged[inner][there.is_dense(size)[size - 1 :]] = Flag.PASS
        judged[_short_runs(distance > limit, points) & (judged == Flag.PASS)] = Flag.SUSPECT
    return there.flags(judged, Flag.MISSING)


def _short_runs(where: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Stretches of trues of at most ``longest``."""
    first, length = true_runs(where)
    short = where.copy()
    too_long = length > longest
    edges = np.zeros(where.size + 1, dtype=np.int32)
    edges[first[too_long]] += 1
    edges[(first + length)[too_long]] -= 1
    short[np.cumsum(edges[:-1]) > 0] = False
    return short


def attenuated_signal_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect: float,
    *,
    window_s: float | None = None,
    fail: float | None = None,
    spread: Spread = Spread.STD,
) -> NDArray[np.int8]:
    """Flag values that end a window in which the signal moved too little: not flat, but nearly dead.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect, fail : float
        Spread below which a value is SUSPECT or FAIL, unit of the values, > 0.
    window_s : float or None
        The window is ``(t - window_s, t]`` [s]; None: the whole series is one.
    spread : Spread

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold is not above zero.

    References
    ----------
    QARTOD attenuated signal test, as `ioos_qc.qartod.attenuated_signal_test` with ``min_obs`` of 75 % of a full window, at
    least 3. There, a window of the range that misses a value is UNKNOWN; here the values that are left are judged.
    """
    seconds = elapsed_s(values, times)
    check_positive("suspect", suspect)
    there = Present.of(values, seconds)
    if window_s is None:
        enough = there.numbers.size >= _LEAST_VALUES
        whole = (there.numbers.std() if spread is Spread.STD else np.ptp(there.numbers)) if enough else np.nan
        moved = np.full(there.numbers.size, whole)
    else:
        check_positive("window_s", window_s)
        moved = _moved(there, times[there.at], window_s, spread)
    judged = np.full(moved.shape, Flag.UNKNOWN, dtype=np.int8)
    judged[moved >= suspect] = Flag.PASS
    judged[moved < suspect] = Flag.SUSPECT
    if fail is not None:
        judged[moved < fail] = Flag.FAIL
    return there.flags(judged, Flag.MISSING)


def _moved(there: Present, times: NDArray[np.datetime64], window_s: float, spread: Spread) -> NDArray[np.float64]:
    """Spread of the window of time that ends at each value; NaN where it holds too few."""
    least = max(_LEAST_VALUES, int(np.ceil(MIN_WINDOW_SHARE * there.count(window_s))))
    rolling = pd.Series(there.numbers, index=times).rolling(pd.Timedelta(seconds=window_s), min_periods=least)
    moved: NDArray[np.float64]
    if spread is Spread.STD:
        moved = rolling.std(ddof=0).to_numpy()
    else:
        moved = rolling.max().to_numpy() - rolling.min().to_numpy()
    return moved


def step_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect: float,
    *,
    window_s: float,
    abrupt: float = 0.7,
    deviations: float = 8.0,
) -> NDArray[np.int8]:
    """Flag the first value of a new level that was reached at once.

    The level before is the median of the window before the value, the level after that of the window which begins with it. The
    value is SUSPECT if both differ by more than ``suspect`` and by more than ``deviations`` times the usual change from value
    to value, and if the change from the value before makes up at least ``abrupt`` of the difference: air changes
    gradually, an exchanged filter or a moved zero does not. What changed during a hole did not change at once. Values without
    two whole windows are UNKNOWN.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect : float
        Unit of the values, > 0.
    window_s : float
        Length of each window [s]; fewer than three values in it prove nothing.
    abrupt : float
        [1], above 0, at most 1.
    deviations : float
        [1]

    Raises
    ------
    CheckError
        If the times are unsorted or doubled, or a threshold has no meaning.
    """
    seconds = elapsed_s(values, times)
    for name, value in (("suspect", suspect), ("window_s", window_s), ("abrupt", abrupt)):
        check_positive(name, value)
    there = Present.of(values, seconds)
    size, count = there.count(window_s), there.numbers.size
    judged = np.full(count, Flag.UNKNOWN, dtype=np.int8)
    if size >= _LEAST_VALUES and count >= 2 * size:
        inner = slice(size, count - size + 1)
        level = trailing_median(there.numbers, size)
        change = np.abs(np.diff(there.numbers, prepend=there.numbers[:1]))
        at_once = np.diff(there.seconds, prepend=there.seconds[:1]) <= HOLE_STEPS * there.step_s
        usual = trailing_median(change, size)[size - 1 : count - size]
        jump = np.abs(level[2 * size - 1 :] - level[size - 1 : count - size])
        found = (jump > suspect) & (jump > deviations * usual) & (change[inner] >= abrupt * jump)
        found &= at_once[inner]
        told = there.is_dense(2 * size)[2 * size - 1 :]
        judged[inner] = np.where(told, np.where(found, Flag.SUSPECT, Flag.PASS), Flag.UNKNOWN)
    return there.flags(judged, Flag.MISSING)
