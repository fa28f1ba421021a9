"""A window outside the range of the period before it.

SUSPECT if the whole last `window_s` is more than `suspect` outside the range of the preceding `reference_s`.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from qc.limits.limit import Positive
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from qc.native.reference import ReferenceLimit, compare_with_reference
from qc.native.rolling import (
    Present,
    trailing,
)
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.native.series import NativeSeries
    from schemas.reason import Figure


class RegimeLimit(ReferenceLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="regime"):
    """Distance by which a whole window lies outside the range of the reference."""

    suspect: Positive


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
    InvalidInputError
        If the times are unsorted or doubled, or a threshold is not above zero.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(6) * np.timedelta64(1, "m")
    >>> regime_test(np.array([1.0, 2.0, 1.0, 9.0, 8.0, 9.0]), times, 5.0, window_s=180.0, reference_s=180.0).tolist()
    [2, 2, 2, 2, 2, 3]
    """
    seconds = elapsed_s(values, times)
    check_positive(suspect=suspect)
    there = Present.of(values, seconds)
    size, before = there.count(window_s), there.count(reference_s)

    def is_outside(now: slice, then: slice) -> NDArray[np.bool_]:
        numbers = there.numbers
        above = trailing(minimum_filter1d, numbers, size)[now] - trailing(maximum_filter1d, numbers, before)[then]
        below = trailing(minimum_filter1d, numbers, before)[then] - trailing(maximum_filter1d, numbers, size)[now]
        outside: NDArray[np.bool_] = np.maximum(above, below) > suspect
        return outside

    return there.flags(compare_with_reference(there, size, before, is_outside), Flag.MISSING)


def _run(series: NativeSeries, limit: RegimeLimit) -> NDArray[np.int8]:
    return regime_test(
        series.numbers, series.times, limit.suspect, window_s=limit.window_s, reference_s=limit.reference_s
    )


def _explain(series: NativeSeries, limit: RegimeLimit, at: int) -> tuple[str, Mapping[str, Figure]]:
    return "outside", {
        "hours": limit.window_s / HOUR_S,
        "reference": limit.reference_s / HOUR_S,
        "value": float(series.numbers[at]),
        "unit": series.unit,
        "limit": limit.suspect,
    }


TEST = NativeTest(
    name="regime",
    limit=RegimeLimit,
    run=_run,
    explain=_explain,
    messages={"outside": ("hours", "reference", "value", "unit", "limit")},
    flags=frozenset({Flag.SUSPECT}),
)
