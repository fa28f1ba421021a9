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
from qc.native.rolling import (
    follows_hole,
)
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.native.series import NativeSeries
    from schemas.reason import Figure


_MINUTE_S = 60.0


class RateOfChangeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rate_of_change"):
    """Change per minute."""

    suspect_per_minute: Positive


def rate_of_change_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect_per_s: float,
    *,
    fail_per_s: float | None = None,
    across_holes: bool = True,
) -> NDArray[np.int8]:
    """Flag values that changed faster than possible since the value of the interval before.

    A value without one before it (the first, or after a missing one) passes, as in QARTOD.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect_per_s, fail_per_s : float
        Unit of the values per second, > 0.
    across_holes : bool
        Whether a hole is one long step, as in QARTOD; else rows that are absent are missing values.

    Raises
    ------
    InvalidInputError
        If the times are unsorted or doubled, or a threshold is not above zero.

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


def _run(series: NativeSeries, limit: RateOfChangeLimit) -> NDArray[np.int8]:
    return rate_of_change_test(series.numbers, series.times, limit.suspect_per_minute / _MINUTE_S, across_holes=False)


def _explain(series: NativeSeries, limit: RateOfChangeLimit, at: int) -> tuple[str, Mapping[str, Figure]]:
    before, value = map(float, series.numbers[at - 1 : at + 1])
    return "step", {
        "before": before,
        "value": value,
        "unit": series.unit,
        "seconds": float((series.times[at] - series.times[at - 1]) / np.timedelta64(1, "s")),
        "limit": limit.suspect_per_minute,
    }


TEST = NativeTest(
    name="rate_of_change",
    limit=RateOfChangeLimit,
    run=_run,
    explain=_explain,
    messages={"step": ("before", "value", "unit", "seconds", "limit")},
    flags=frozenset({Flag.SUSPECT}),
)
