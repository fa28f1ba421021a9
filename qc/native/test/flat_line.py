"""A window in which the value does not change.

SUSPECT if the range of the window that ends at the value is below `tolerance`. The window holds `suspect_s / median step + 1` values;
values before the first whole window pass. Values at or below `above` (detection limit, night) are exempt. A window with less than
75 % of its values present is not evaluated; `ioos_qc` flags a value after a long gap there, as `flat_line_test(..., qartod=True)` does.

Source: QARTOD flat line test, as in `ioos_qc.qartod.flat_line_test`; 3 and 6 hours are common practice, not read in HJ 817 or HJ 818.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest, exempt_low
from qc.native.rolling import MIN_WINDOW_SHARE, on_grid, slots, trailing
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


_MIN_POINTS = 3


class FlatLineLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flat_line"):
    """How long values may stay within ``tolerance`` [s]; values at or below ``above`` are exempt."""

    suspect_s: Positive
    tolerance: Positive
    above: float | None = None

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.suspect_s


def flat_line_test(
    values: Values,
    times: Times,
    suspect_s: float,
    *,
    tolerance: float,
    fail_s: float | None = None,
    qartod: bool = False,
) -> Flags:
    """Flag values that end a window in which the value does not change.

    The window is counted in values: ``suspect_s`` divided by the median step, plus one. A value is flagged if the range of
    the window that ends at it is below ``tolerance``. Fewer than three values, and values before the first whole window,
    pass. The computing time does not depend on the window's length. Unlike in ioos_qc, a window with less than 75 % of its
    values present is not evaluated (ioos_qc flags a value after a long gap), nor is a window shorter than two values (ioos_qc
    flags all). Rows that are absent are missing values.

    Parameters
    ----------
    suspect_s, fail_s : float
        How long the value may stay within the tolerance [s].
    tolerance : float
        Unit of the values, > 0.
    qartod : bool
        Whether to evaluate thin and short windows as ioos_qc does.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(5) * np.timedelta64(1, "m")
    >>> flat_line_test(np.array([1.0, 5.0, 5.0, 5.0, 6.0]), times, 120.0, tolerance=0.1).tolist()
    [1, 1, 1, 3, 1]
    """
    seconds = elapsed_s(values, times)
    check_positive(suspect_s=suspect_s, tolerance=tolerance)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if values.size >= _MIN_POINTS:
        step_s = float(np.median(np.diff(seconds)))
        least = 0.0 if qartod else MIN_WINDOW_SHARE
        for limit_s, flag in ((suspect_s, Flag.SUSPECT), (fail_s, Flag.FAIL)):
            if limit_s is not None:
                size = int(int(limit_s) / step_s) + 1
                flat = _is_flat if qartod else partial(_is_flat_in_time, seconds=seconds, step_s=step_s)
                flags[flat(values, size, tolerance, least) & (qartod or size > 1)] = flag
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _is_flat_in_time(  # noqa: PLR0917 - as `_is_flat`, with times
    values: Values, size: int, tolerance: float, least: float, seconds: NDArray[np.float64], step_s: float
) -> NDArray[np.bool_]:
    """`_is_flat` with a missing value for every row that is absent."""
    # holes longer than any window are shortened, which bounds the grid
    place = slots(seconds, step_s, longest=int(size * (1 - least)) + 2)
    return _is_flat(on_grid(values, place), size, tolerance, least)[place]


def _is_flat(values: Values, size: int, tolerance: float, least: float) -> NDArray[np.bool_]:
    """Whether the range of the ``size`` values that end at each is below the tolerance, of windows filled to ``least``."""
    flat = np.zeros(values.shape, dtype=bool)
    if size > values.size:
        return flat
    present = np.isfinite(values)
    high = trailing(maximum_filter1d, np.where(present, values, -np.inf), size)
    high -= trailing(minimum_filter1d, np.where(present, values, np.inf), size)
    filled = np.cumsum(present, dtype=np.int32)
    filled[size:] -= filled[:-size].copy()
    # An empty window has the range -inf, and its last value is missing anyway.
    flat[size - 1 :] = ((high < tolerance) & (filled >= least * size))[size - 1 :]
    return flat


def _run(series: NativeSeries, limit: FlatLineLimit) -> Flags:
    flags = flat_line_test(*series.arrays, limit.suspect_s, tolerance=limit.tolerance)
    return exempt_low(flags, series.numbers, limit.above)


def _explain(series: NativeSeries, limit: FlatLineLimit, at: int) -> Explanation:
    return "flat", {**series.measured(at), "tolerance": limit.tolerance, "hours": limit.suspect_s / HOUR_S}


TEST = NativeTest(
    limit=FlatLineLimit, run=_run, explain=_explain, messages={"flat": ("tolerance", "unit", "hours", "value")}
)
