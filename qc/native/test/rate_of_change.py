"""Change from the preceding value.

SUSPECT if `|v[i] - v[i-1]| / (t[i] - t[i-1])` is above the limit. A value without a preceding one, or after a hole, passes;
`rate_of_change_test` can treat a hole as one long step, as QARTOD does.

Source: QARTOD rate of change test, as in `ioos_qc.qartod.rate_of_change_test`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from qc.native.rolling import follows_hole
from schemas.completeness import MINUTE_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class RateOfChangeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rate_of_change"):
    """Change per minute."""

    suspect_per_minute: Positive


def rate_of_change_test(
    values: Values, times: Times, suspect_per_s: float, *, fail_per_s: float | None = None, across_holes: bool = True
) -> Flags:
    """Flag values that changed faster than a limit since the preceding value; a value without one passes, as in QARTOD.

    Parameters
    ----------
    suspect_per_s, fail_per_s : float
        Unit of the values per second, > 0.
    across_holes : bool
        True: a hole is one long step, as in QARTOD; False: rows that are absent are missing values.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(3) * np.timedelta64(1, "m")
    >>> rate_of_change_test(np.array([1.0, 2.0, 90.0]), times, 1.0).tolist()
    [1, 1, 3]
    """
    seconds = elapsed_s(values, times)
    check_positive(suspect_per_s=suspect_per_s)
    values = np.where(np.isfinite(values), values, np.nan)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    if values.size > 1:
        with np.errstate(invalid="ignore", over="ignore"):
            rate = np.abs(np.diff(values)) / np.diff(seconds)
        if not across_holes:
            rate[follows_hole(seconds)[1:]] = 0.0
        flags[1:][rate > suspect_per_s] = Flag.SUSPECT
        if fail_per_s is not None:
            flags[1:][rate > fail_per_s] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _run(series: NativeSeries, limit: RateOfChangeLimit) -> Flags:
    return rate_of_change_test(*series.arrays, limit.suspect_per_minute / MINUTE_S, across_holes=False)


def _explain(series: NativeSeries, limit: RateOfChangeLimit, at: int) -> Explanation:
    step_s = float((series.times[at] - series.times[at - 1]) / np.timedelta64(1, "s"))
    figures = {"before": float(series.numbers[at - 1]), "seconds": step_s, "limit": limit.suspect_per_minute}
    return "step", {**series.measured(at), **figures}


TEST = NativeTest(
    limit=RateOfChangeLimit,
    run=_run,
    explain=_explain,
    messages={"step": ("before", "value", "unit", "seconds", "limit")},
)
