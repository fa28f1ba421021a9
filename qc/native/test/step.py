"""Level step.

SUSPECT if the median of `window_s` from the value on differs from that of `window_s` before it by more than `suspect` and by more than
`deviations` times the usual change, and at least `abrupt` of the difference occurred from one value to the next. Only the first value of the
new level is flagged. A run reads one hour ahead, so a window is an hour at most; instruments with fewer than 3 values in it are UNKNOWN.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import HOLE_STEPS, MIN_WINDOW_VALUES, Present, trailing_median
from schemas.completeness import MINUTE_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class StepLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="step"):
    """Difference of the medians within ``window_s`` before and after; a run reads no more than an hour ahead."""

    suspect: Positive
    window_s: Annotated[float, Meta(gt=0, le=3600)]
    abrupt: Annotated[float, Meta(gt=0, le=1)] = 0.7
    deviations: Positive = 8.0


def step_test(
    values: Values, times: Times, suspect: float, *, window_s: float, abrupt: float = 0.7, deviations: float = 8.0
) -> Flags:
    """Flag the first value of a new level that was reached at once: air changes gradually, a shifted zero does not.

    A change across a hole is not abrupt. Values without two whole windows are UNKNOWN.

    Parameters
    ----------
    suspect : float
        Difference of the medians before and after, unit of the values, > 0.
    window_s : float
        Length of each window [s]; at least three values.
    abrupt : float
        Part of the difference that occurs from one value to the next [1], above 0, at most 1.
    deviations : float
        The difference is also above this multiple of the median absolute change from value to value [1].

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(8) * np.timedelta64(1, "m")
    >>> values = np.array([1.0, 1.1, 1.0, 1.1, 9.0, 9.1, 9.0, 9.1])
    >>> step_test(values, times, 5.0, window_s=180.0).tolist()
    [2, 2, 2, 1, 3, 1, 2, 2]
    """
    there = Present.of(values, times)
    check_positive(suspect=suspect, window_s=window_s, abrupt=abrupt)
    size, count = there.count(window_s), there.numbers.size
    flags = there.unknown()
    if size >= MIN_WINDOW_VALUES and count >= 2 * size:
        inner = slice(size, count - size + 1)
        level = trailing_median(there.numbers, size)
        change = np.abs(np.diff(there.numbers, prepend=there.numbers[:1]))
        at_once = np.diff(there.seconds, prepend=there.seconds[:1]) <= HOLE_STEPS * there.step_s
        usual = trailing_median(change, size)[size - 1 : count - size]
        jump = np.abs(level[2 * size - 1 :] - level[size - 1 : count - size])
        found = (jump > suspect) & (jump > deviations * usual) & (change[inner] >= abrupt * jump)
        found &= at_once[inner]
        dense = there.is_dense(2 * size)[2 * size - 1 :]
        flags[inner] = np.where(dense, np.where(found, Flag.SUSPECT, Flag.PASS), Flag.UNKNOWN)
    return there.flags(flags)


def _run(series: NativeSeries, limit: StepLimit) -> Flags:
    return step_test(
        *series.arrays, limit.suspect, window_s=limit.window_s, abrupt=limit.abrupt, deviations=limit.deviations
    )


def _explain(series: NativeSeries, limit: StepLimit, at: int) -> Explanation:
    figures = {"before": series.before(at), "minutes": limit.window_s / MINUTE_S, "limit": limit.suspect}
    return "step", {**series.measured(at), **figures}


TEST = NativeTest(
    limit=StepLimit, run=_run, explain=_explain, messages={"step": ("before", "value", "unit", "minutes", "limit")}
)
