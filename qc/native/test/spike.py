"""A value that differs from both neighbours.

`d = min(|v[i] - v[i-1]|, |v[i+1] - v[i]|)` where the two steps have opposite signs, otherwise 0; SUSPECT if `d > suspect` and
`d > relative * |v[i-1] + v[i+1]| / 2`. A level step is no spike. The first and last value and the neighbours of a missing value are
UNKNOWN. `spike_test` also offers QARTOD's distance `|v[i] - (v[i-1] + v[i+1]) / 2|` and a fail limit.

Source: QARTOD spike test, as in `ioos_qc.qartod.spike_test` (method `differential`); `relative` is the project's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from qc.native.rolling import follows_hole
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class SpikeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike"):
    """Distance of a value from both neighbours; ``relative`` to their mean [1]."""

    suspect: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


class SpikeMethod(StrEnum):
    """Measure of the distance of a value from its neighbours."""

    AVERAGE = "average"
    """``|v[i] - (v[i-1] + v[i+1]) / 2|``, QARTOD's."""
    DIFFERENTIAL = "differential"
    """The smaller of both steps where they have opposite signs, else 0: a level step is no spike."""


def spike_test(
    values: Values,
    suspect: float,
    *,
    times: Times | None = None,
    fail: float | None = None,
    relative: float = 0.0,
    method: SpikeMethod = SpikeMethod.AVERAGE,
) -> Flags:
    """Flag single values that differ from both neighbours; a value with a missing neighbour is UNKNOWN.

    Parameters
    ----------
    suspect, fail : float
        Distance above which a value is SUSPECT or FAIL, same unit as the values, > 0.
    times : array of datetime64 or None
        UTC, ascending, unique; a neighbour beyond a hole is missing. None: the values follow each other.
    relative : float
        The distance is also above this part of the neighbours' mean [1], against noise at high levels; 0 as in QARTOD.
    method : SpikeMethod

    Examples
    --------
    >>> spike_test(np.array([1.0, 1.0, 9.0, 1.0, 1.0]), 3.0, method=SpikeMethod.DIFFERENTIAL).tolist()
    [2, 1, 3, 1, 2]
    """
    check_positive(suspect=suspect)
    values = np.where(np.isfinite(values), values, np.nan)
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if values.size > 2:  # noqa: PLR2004 - a value and its two neighbours
        distance, level = _distance(values, method)
        if times is not None:
            apart = follows_hole(elapsed_s(values, times))
            distance[apart[1:-1] | apart[2:]] = np.nan
        flags[1:-1][np.isfinite(distance)] = Flag.PASS
        floor = relative * np.abs(level)
        flags[1:-1][(distance > suspect) & (distance > floor)] = Flag.SUSPECT
        if fail is not None:
            flags[1:-1][(distance > fail) & (distance > floor)] = Flag.FAIL
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def _distance(values: Values, method: SpikeMethod) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the neighbours and the neighbours' mean, of the inner values; NaN where one is missing."""
    with np.errstate(invalid="ignore", over="ignore"):
        level = (values[:-2] + values[2:]) / 2
        if method is SpikeMethod.AVERAGE:
            return np.abs(values[1:-1] - level), level
        steps = np.diff(values)
        distance = np.minimum(np.abs(steps[:-1]), np.abs(steps[1:]))
        distance[steps[:-1] * steps[1:] >= 0] = 0.0
        return distance, level


def _run(series: NativeSeries, limit: SpikeLimit) -> Flags:
    return spike_test(
        series.numbers, limit.suspect, times=series.times, relative=limit.relative, method=SpikeMethod.DIFFERENTIAL
    )


def _explain(series: NativeSeries, limit: SpikeLimit, at: int) -> Explanation:
    before, after = float(series.numbers[at - 1]), float(series.numbers[at + 1])
    return "step", {**series.measured(at), "before": before, "after": after, "limit": limit.suspect}


TEST = NativeTest(
    limit=SpikeLimit, run=_run, explain=_explain, messages={"step": ("value", "unit", "before", "after", "limit")}
)
