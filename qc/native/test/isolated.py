"""Isolated values.

A group of values of at most `longest_s` with more than `gap_s` without a value on both sides is SUSPECT; at either end of the series it is UNKNOWN. Instruments
whose usual step is more than a third of `gap_s` are not evaluated.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import Present
from schemas.completeness import MINUTE_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation

_STEPS_IN_GAP = 3
"""Median steps that a gap must hold at least, or the instrument is not evaluated [1]."""


class IsolatedLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="isolated"):
    """Groups of values lasting up to ``longest_s`` between gaps above ``gap_s``; a run reads no more than an hour ahead."""

    gap_s: Annotated[float, Meta(gt=0, le=3600)]
    longest_s: Positive


def isolated_test(values: Values, times: Times, *, gap_s: float, longest_s: float) -> Flags:
    """Flag short groups of values between two gaps: while starting and stopping, an instrument rarely measures ambient air.

    Parameters
    ----------
    gap_s : float
        Time without a value that separates groups of values, from start to start [s]. Instruments with a usual step above a
        third of it are not evaluated (UNKNOWN).
    longest_s : float
        A group up to this long, from its first to its last start, is SUSPECT, at either end of the series UNKNOWN [s].

    Examples
    --------
    >>> minutes = np.array([0, 1, 2, 3, 4, 60, 120, 121, 122, 123])
    >>> times = np.datetime64("2026-01-01T00:00") + minutes * np.timedelta64(1, "m")
    >>> isolated_test(np.ones(10), times, gap_s=1800.0, longest_s=60.0).tolist()
    [1, 1, 1, 1, 1, 3, 1, 1, 1, 1]
    """
    there = Present.of(values, times)
    check_positive(gap_s=gap_s, longest_s=longest_s)
    if not there.numbers.size:
        return np.full(values.shape, Flag.MISSING, dtype=np.int8)
    if not _STEPS_IN_GAP * there.step_s <= gap_s:
        return there.flags(there.unknown())
    begins = np.flatnonzero(np.concatenate(([True], np.diff(there.seconds) > gap_s)))
    ends = np.append(begins[1:], there.numbers.size) - 1
    is_short = there.seconds[ends] - there.seconds[begins] <= longest_s
    flags = np.where(is_short, Flag.SUSPECT, Flag.PASS).astype(np.int8)
    for edge in (0, -1):
        flags[edge] = Flag.UNKNOWN if is_short[edge] else Flag.PASS
    return there.flags(np.repeat(flags, ends - begins + 1))


def _run(series: NativeSeries, limit: IsolatedLimit) -> Flags:
    return isolated_test(*series.arrays, gap_s=limit.gap_s, longest_s=limit.longest_s)


def _explain(_: NativeSeries, limit: IsolatedLimit, __: int) -> Explanation:
    return "alone", {"minutes": limit.gap_s / MINUTE_S}


TEST = NativeTest(limit=IsolatedLimit, run=_run, explain=_explain, messages={"alone": ("minutes",)})
