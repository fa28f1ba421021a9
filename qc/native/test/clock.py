"""Clock of the instrument.

An instrument reports at a constant phase of its cadence. A reading more than `tolerance_s` off the usual phase is SUSPECT, with all its
parameters: the clock shifted. With fewer than `least_share` of the readings at one phase the instrument has no grid and is UNKNOWN. A shift by whole
cadences appears as duplicates and times that go backward in the order of arrival: `skyground qc arrivals` (`qc.native.arrival`), since the
store keeps one value a time, in order.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from msgspec import Meta

from qc.limits.limit import Positive
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.limits.limit import BaseLimit
    from qc.native.argument import Flags, Times
    from schemas.reason import Explanation


class ClockRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a reading is off the grid of its instrument.

    Attributes
    ----------
    tolerance_s : float
        [s]
    least_share : float
        Share of readings that must keep to one phase, or the instrument has no grid [1].
    """

    tolerance_s: Positive
    least_share: Annotated[float, Meta(gt=0.5, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


def clock_test(times: Times, cadence_s: int, *, tolerance_s: float, least_share: float) -> Flags:
    """Flag readings whose start is off the grid of the instrument.

    The usual phase of the cadence is that of most readings. With fewer than ``least_share`` of the readings at it, the
    instrument has no grid and is UNKNOWN. A shift by a multiple of the cadence is not detected.

    Parameters
    ----------
    cadence_s : int
        [s], > 0.
    tolerance_s : float
        [s], > 0.
    least_share : float
        [1]

    Examples
    --------
    >>> seconds = np.array([0, 60, 120, 180, 257, 300])
    >>> times = np.datetime64("2026-01-01T00:00:00") + seconds * np.timedelta64(1, "s")
    >>> clock_test(times, 60, tolerance_s=5.0, least_share=0.6).tolist()
    [1, 1, 1, 1, 3, 1]
    """
    seconds = elapsed_s(None, times)
    check_positive(cadence_s=cadence_s, tolerance_s=tolerance_s)
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


def explain(cadence_s: int) -> Explanation:
    """Message for a reading."""
    return "off", {"cadence": cadence_s}


TEST: NativeTest[BaseLimit] = NativeTest(name="clock", messages={"off": ("cadence",)})
