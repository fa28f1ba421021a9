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
from qc.native.rolling import (
    follows_hole,
)
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.native.series import NativeSeries
    from schemas.reason import Figure


class SpikeLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike"):
    """Distance of a value from both neighbours; ``relative`` to their mean [1]."""

    suspect: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


class SpikeMethod(StrEnum):
    """How the distance of a value from its neighbours is measured."""

    AVERAGE = "average"
    """``|v[i] - (v[i-1] + v[i+1]) / 2|``, QARTOD's."""
    DIFFERENTIAL = "differential"
    """The smaller of both steps, if they go opposite ways: a step of the level is no spike."""


def spike_test(
    values: NDArray[np.float64],
    suspect: float,
    *,
    times: NDArray[np.datetime64] | None = None,
    fail: float | None = None,
    relative: float = 0.0,
    method: SpikeMethod = SpikeMethod.AVERAGE,
) -> NDArray[np.int8]:
    """Flag single values that differ from both neighbours.

    The first and the last value, and a value with a missing neighbour, are UNKNOWN.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    suspect, fail : float
        Distance above which a value is SUSPECT or FAIL, same unit as the values, > 0.
    times : array of datetime64 or None
        UTC, ascending, unique; a neighbour beyond a hole is missing. None: the values follow each other.
    relative : float
        A distance must also be above this part of the neighbours' mean [1]; 0 as in QARTOD. So that the noise of a high
        level is no spike.
    method : SpikeMethod

    Raises
    ------
    InvalidInputError
        If the times are unsorted or doubled, or a threshold is not above zero.

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


def _distance(values: NDArray[np.float64], method: SpikeMethod) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the neighbours and the neighbours' mean, of the inner values; NaN where one is missing."""
    with np.errstate(invalid="ignore", over="ignore"):
        level = (values[:-2] + values[2:]) / 2
        if method is SpikeMethod.AVERAGE:
            return np.abs(values[1:-1] - level), level
        steps = np.diff(values)
        distance = np.minimum(np.abs(steps[:-1]), np.abs(steps[1:]))
        distance[steps[:-1] * steps[1:] >= 0] = 0.0
        return distance, level


def _run(series: NativeSeries, limit: SpikeLimit) -> NDArray[np.int8]:
    return spike_test(
        series.numbers, limit.suspect, times=series.times, relative=limit.relative, method=SpikeMethod.DIFFERENTIAL
    )


def _explain(series: NativeSeries, limit: SpikeLimit, at: int) -> tuple[str, Mapping[str, Figure]]:
    before, value, after = map(float, series.numbers[at - 1 : at + 2])
    return "step", {"value": value, "unit": series.unit, "before": before, "after": after, "limit": limit.suspect}


TEST = NativeTest(
    name="spike",
    limit=SpikeLimit,
    run=_run,
    explain=_explain,
    messages={"step": ("value", "unit", "before", "after", "limit")},
    flags=frozenset({Flag.SUSPECT}),
)
