"""Change of the noise.

Noise is the median absolute change from value to value. SUSPECT if the noise of the last `window_s` is more than `ratio` times that of the preceding
`reference_s`, or less than its inverse; both are raised to `floor` first.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import Positive
from qc.native.argument import InvalidInputError, check_positive
from qc.native.native_test import NativeTest
from qc.native.reference import ReferenceLimit, compare_with_reference
from qc.native.rolling import Present, trailing_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class VarianceChangeLimit(ReferenceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="variance_change"):
    """Noise above ``ratio`` times that of the reference, or below its inverse; both raised to ``floor`` first."""

    ratio: Annotated[float, Meta(gt=1)]
    floor: Positive


def variance_change_test(
    values: Values, times: Times, ratio: float, *, window_s: float, reference_s: float, floor: float
) -> Flags:
    """Flag values that end a window whose noise differs from that of the reference period before it.

    Noise is the median absolute change from value to value. Both are raised to ``floor`` first, so that the last digit of a
    quiet signal does not count as noise.

    Parameters
    ----------
    ratio : float
        SUSPECT above this ratio and below its inverse [1], > 1.
    window_s, reference_s : float
        Lengths of the window and of the reference before it [s].
    floor : float
        Unit of the values, > 0.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(9) * np.timedelta64(1, "m")
    >>> values = np.array([1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 5.0, 0.0, 5.0])
    >>> variance_change_test(values, times, 10.0, window_s=180.0, reference_s=300.0, floor=0.01).tolist()
    [2, 2, 2, 2, 2, 2, 2, 3, 3]
    """
    there = Present.of(values, times)
    if not ratio > 1:
        msg = f"ratio: {ratio}, expected a number above one"
        raise InvalidInputError(msg)
    check_positive(floor=floor)
    size, before = there.count(window_s), there.count(reference_s)
    change = np.abs(np.diff(there.numbers, prepend=there.numbers[:1]))

    def is_other(now: slice, then: slice) -> NDArray[np.bool_]:
        noise = np.maximum(trailing_median(change, size)[now], floor)
        usual = np.maximum(trailing_median(change, before)[then], floor)
        found: NDArray[np.bool_] = (noise > ratio * usual) | (noise * ratio < usual)
        return found

    return there.flags(compare_with_reference(there, size, before, is_other))


def _run(series: NativeSeries, limit: VarianceChangeLimit) -> Flags:
    return variance_change_test(
        *series.arrays, limit.ratio, window_s=limit.window_s, reference_s=limit.reference_s, floor=limit.floor
    )


def _explain(_: NativeSeries, limit: VarianceChangeLimit, __: int) -> Explanation:
    return "noise", {**limit.lengths(), "ratio": limit.ratio}


TEST = NativeTest(
    limit=VarianceChangeLimit, run=_run, explain=_explain, messages={"noise": ("hours", "reference", "ratio")}
)
