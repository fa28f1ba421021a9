"""Negative values and the detection limit.

`-DL <= v < 0` passes: noise around zero must stay in means. `v < -DL` is SUSPECT, as is a negative value that ends a window of
`persistent_s` in which 95 % of the values were negative: check the zero. `skyground qc why` counts values above, below DL, negative and
far below (`detection_marks`).

Source: defaults of `standards/I2`, not verified; HJ 653 and HJ 654 were not read.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import Present, share_true
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class DetectionLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="detection_limit"):
    """Detection limit; negative values down to minus it are kept unless nearly all within ``persistent_s`` are negative."""

    limit: Positive
    persistent_s: Positive | None = None

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return self.persistent_s or 0.0

    def without_meaning(self) -> str | None:
        """See `BaseLimit`."""
        return "a direction has no detection limit"


class DetectionMark(IntEnum):
    """Class of a value by its detection limit (DL); not a flag, the value is kept."""

    ABOVE = 0
    """At or above DL, or missing."""
    BELOW = 1
    """From 0 to DL."""
    NEGATIVE = 2
    """From -DL to 0: noise around zero, without which means are biased."""
    FAR_BELOW = 3
    """Below -DL: more than noise."""


def detection_marks(values: Values, limit: float) -> NDArray[np.int8]:
    """Mark values by the detection limit.

    Parameters
    ----------
    limit : float
        Detection limit, unit of the values, > 0.

    Returns
    -------
    array of int8
        `DetectionMark`, one a value.

    Examples
    --------
    >>> detection_marks(np.array([5.0, 1.0, -1.0, -3.0]), 2.0).tolist()
    [0, 1, 2, 3]
    """
    check_positive(limit=limit)
    marks = np.full(values.shape, DetectionMark.ABOVE, dtype=np.int8)
    marks[values < limit] = DetectionMark.BELOW
    marks[values < 0] = DetectionMark.NEGATIVE
    marks[values < -limit] = DetectionMark.FAR_BELOW
    marks[~np.isfinite(values)] = DetectionMark.ABOVE
    return marks


def detection_limit_test(
    values: Values, times: Times, limit: float, *, persistent_s: float | None = None, persistent_share: float = 0.95
) -> Flags:
    """Flag values below minus the detection limit, and those that end a window in which nearly all were negative.

    Noise around zero is negative half of the time; values that are always negative show a shifted zero.

    Parameters
    ----------
    limit : float
        Detection limit, unit of the values, > 0.
    persistent_s : float or None
        Length of the window [s]; None: only single values are evaluated.
    persistent_share : float
        Share of negative values [1], at and above which a negative value is SUSPECT.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(3) * np.timedelta64(1, "m")
    >>> detection_limit_test(np.array([5.0, -1.0, -3.0]), times, 2.0).tolist()
    [1, 1, 3]
    """
    there = Present.of(values, times)
    flags = np.full(values.shape, Flag.PASS, dtype=np.int8)
    marks = detection_marks(values, limit)
    if persistent_s is not None:
        check_positive(persistent_s=persistent_s)
        size = there.count(persistent_s)
        always = (share_true(there.numbers < 0, size) >= persistent_share) & there.is_dense(size)
        flags[there.at[always & (there.numbers < 0)]] = Flag.SUSPECT
    flags[marks == DetectionMark.FAR_BELOW] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _run(series: NativeSeries, limit: DetectionLimit) -> Flags:
    return detection_limit_test(*series.arrays, limit.limit, persistent_s=limit.persistent_s)


def _explain(series: NativeSeries, limit: DetectionLimit, at: int) -> Explanation:
    if series.numbers[at] < -limit.limit:
        return "below", {**series.measured(at), "limit": limit.limit}
    return "persistent", {**series.measured(at), "hours": (limit.persistent_s or 0.0) / HOUR_S}


TEST = NativeTest(
    limit=DetectionLimit,
    run=_run,
    explain=_explain,
    messages={"below": ("value", "unit", "limit"), "persistent": ("value", "unit", "hours")},
    as_written=True,
)
