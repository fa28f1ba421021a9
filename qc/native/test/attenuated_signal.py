"""A window in which the signal varies too little.

SUSPECT if the standard deviation of the window `(t - window_s, t]` is below `suspect`; UNKNOWN with less than 75 % of its values. Values
at or below `above` are exempt. `attenuated_signal_test` also offers the range, a fail limit, and the whole series as one window.

Source: QARTOD attenuated signal test, as in `ioos_qc.qartod.attenuated_signal_test`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest, exempt_low
from qc.native.rolling import MIN_WINDOW_SHARE, MIN_WINDOW_VALUES, Present
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class AttenuatedSignalLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="attenuated_signal"):
    """Least standard deviation within ``window_s``; values at or below ``above`` are exempt."""

    suspect: Positive
    window_s: Positive
    above: float | None = None


class Spread(StrEnum):
    """Measure of the variation of a signal."""

    STD = "std"
    """Standard deviation of the values of the window, ``ddof`` 0."""
    RANGE = "range"


def attenuated_signal_test(
    values: Values,
    times: Times,
    suspect: float,
    *,
    window_s: float | None = None,
    fail: float | None = None,
    spread: Spread = Spread.STD,
) -> Flags:
    """Flag values that end a window in which the signal varies too little.

    Parameters
    ----------
    suspect, fail : float
        Spread below which a value is SUSPECT or FAIL, unit of the values, > 0.
    window_s : float or None
        The window is ``(t - window_s, t]`` [s]; None: the whole series is one.
    spread : Spread

    References
    ----------
    QARTOD attenuated signal test, as `ioos_qc.qartod.attenuated_signal_test` with ``min_obs`` of 75 % of a full window, at
    least 3. There, a window of the range that misses a value is UNKNOWN; here the remaining values are evaluated.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(4) * np.timedelta64(1, "m")
    >>> attenuated_signal_test(np.array([5.0, 5.1, 5.0, 5.1]), times, 1.0).tolist()
    [3, 3, 3, 3]
    """
    there = Present.of(values, times)
    check_positive(suspect=suspect)
    if window_s is None:
        enough = there.numbers.size >= MIN_WINDOW_VALUES
        whole = (there.numbers.std() if spread is Spread.STD else np.ptp(there.numbers)) if enough else np.nan
        moved = np.full(there.numbers.size, whole)
    else:
        check_positive(window_s=window_s)
        moved = _moved(there, times[there.at], window_s, spread)
    flags = np.full(moved.shape, Flag.UNKNOWN, dtype=np.int8)
    flags[moved >= suspect] = Flag.PASS
    flags[moved < suspect] = Flag.SUSPECT
    if fail is not None:
        flags[moved < fail] = Flag.FAIL
    return there.flags(flags)


def _moved(there: Present, times: Times, window_s: float, spread: Spread) -> NDArray[np.float64]:
    """Spread of the window of time that ends at each value; NaN where it holds too few."""
    least = max(MIN_WINDOW_VALUES, int(np.ceil(MIN_WINDOW_SHARE * there.count(window_s))))
    rolling = pd.Series(there.numbers, index=times).rolling(pd.Timedelta(seconds=window_s), min_periods=least)
    moved: NDArray[np.float64]
    if spread is Spread.STD:
        moved = rolling.std(ddof=0).to_numpy()
    else:
        moved = rolling.max().to_numpy() - rolling.min().to_numpy()
    return moved


def _run(series: NativeSeries, limit: AttenuatedSignalLimit) -> Flags:
    flags = attenuated_signal_test(*series.arrays, limit.suspect, window_s=limit.window_s)
    return exempt_low(flags, series.numbers, limit.above)


def _explain(series: NativeSeries, limit: AttenuatedSignalLimit, at: int) -> Explanation:
    return "std", {**series.measured(at), "hours": limit.window_s / HOUR_S, "limit": limit.suspect}


TEST = NativeTest(
    limit=AttenuatedSignalLimit, run=_run, explain=_explain, messages={"std": ("value", "unit", "hours", "limit")}
)
