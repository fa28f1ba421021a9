"""A window outside the range of the period before it.

SUSPECT if the whole last `window_s` is more than `suspect` outside the range of the preceding `reference_s`.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from qc.limits.limit import Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.reference import ReferenceLimit, compare_with_reference
from qc.native.rolling import Present, trailing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class RegimeLimit(ReferenceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="regime"):
    """Distance by which a whole window lies outside the range of the reference."""

    suspect: Positive


def regime_test(values: Values, times: Times, suspect: float, *, window_s: float, reference_s: float) -> Flags:
    """Flag values that end a window which lies wholly outside the range of the reference period before it.

    Parameters
    ----------
    suspect : float
        Distance of the window from the range of the reference, unit of the values, > 0.
    window_s, reference_s : float
        Lengths of the window and of the reference before it [s].

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(6) * np.timedelta64(1, "m")
    >>> regime_test(np.array([1.0, 2.0, 1.0, 9.0, 8.0, 9.0]), times, 5.0, window_s=180.0, reference_s=180.0).tolist()
    [2, 2, 2, 2, 2, 3]
    """
    there = Present.of(values, times)
    check_positive(suspect=suspect)
    size, before = there.count(window_s), there.count(reference_s)

    def is_outside(now: slice, then: slice) -> NDArray[np.bool_]:
        numbers = there.numbers
        above = trailing(minimum_filter1d, numbers, size)[now] - trailing(maximum_filter1d, numbers, before)[then]
        below = trailing(minimum_filter1d, numbers, before)[then] - trailing(maximum_filter1d, numbers, size)[now]
        outside: NDArray[np.bool_] = np.maximum(above, below) > suspect
        return outside

    return there.flags(compare_with_reference(there, size, before, is_outside))


def _run(series: NativeSeries, limit: RegimeLimit) -> Flags:
    return regime_test(*series.arrays, limit.suspect, window_s=limit.window_s, reference_s=limit.reference_s)


def _explain(series: NativeSeries, limit: RegimeLimit, at: int) -> Explanation:
    return "outside", {**series.measured(at), **limit.lengths(), "limit": limit.suspect}


TEST = NativeTest(
    limit=RegimeLimit,
    run=_run,
    explain=_explain,
    messages={"outside": ("hours", "reference", "value", "unit", "limit")},
)
