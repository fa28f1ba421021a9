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
from qc.native.argument import InvalidInputError, check_positive, elapsed_s
from qc.native.native_test import NativeTest
from qc.native.reference import ReferenceLimit, compare_with_reference
from qc.native.rolling import (
    Present,
    trailing_median,
)
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.native.series import NativeSeries
    from schemas.reason import Figure


class VarianceChangeLimit(ReferenceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="variance_change"):
    """Noise above ``ratio`` times that of the reference, or below its inverse; both raised to ``floor`` first."""

    ratio: Annotated[float, Meta(gt=1)]
    floor: Positive


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
    InvalidInputError
        If the times are unsorted or doubled, or a threshold has no meaning.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(9) * np.timedelta64(1, "m")
    >>> values = np.array([1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 5.0, 0.0, 5.0])
    >>> variance_change_test(values, times, 10.0, window_s=180.0, reference_s=300.0, floor=0.01).tolist()
    [2, 2, 2, 2, 2, 2, 2, 3, 3]
    """
    seconds = elapsed_s(values, times)
    if not ratio > 1:
        msg = f"ratio: {ratio}, expected a number above one"
        raise InvalidInputError(msg)
    check_positive(floor=floor)
    there = Present.of(values, seconds)
    size, before = there.count(window_s), there.count(reference_s)
    change = np.abs(np.diff(there.numbers, prepend=there.numbers[:1]))

    def is_other(now: slice, then: slice) -> NDArray[np.bool_]:
        noise = np.maximum(trailing_median(change, size)[now], floor)
        usual = np.maximum(trailing_median(change, before)[then], floor)
        found: NDArray[np.bool_] = (noise > ratio * usual) | (noise * ratio < usual)
        return found

    return there.flags(compare_with_reference(there, size, before, is_other), Flag.MISSING)


def _run(series: NativeSeries, limit: VarianceChangeLimit) -> NDArray[np.int8]:
    return variance_change_test(
        series.numbers,
        series.times,
        limit.ratio,
        window_s=limit.window_s,
        reference_s=limit.reference_s,
        floor=limit.floor,
    )


def _explain(_: NativeSeries, limit: VarianceChangeLimit, __: int) -> tuple[str, Mapping[str, Figure]]:
    hours, reference = limit.window_s / HOUR_S, limit.reference_s / HOUR_S
    return "noise", {"hours": hours, "reference": reference, "ratio": limit.ratio}


TEST = NativeTest(
    name="variance_change",
    limit=VarianceChangeLimit,
    run=_run,
    explain=_explain,
    messages={"noise": ("hours", "reference", "ratio")},
    flags=frozenset({Flag.SUSPECT}),
)
