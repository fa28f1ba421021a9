"""Stuck digit.

SUSPECT if all values of the last `window_s` are multiples of `quantum` while they changed at least `changes` times; UNKNOWN with fewer
changes, since a constant belongs to `flat_line`.

Source: the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import Present, share_true
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


_MULTIPLE_TOLERANCE = 1e-6
"""How near to a multiple of the quantum a value must be, as a part of the quantum [1]."""


class ResolutionLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="resolution"):
    """Quantum of which all values within ``window_s`` are multiples while they change at least ``changes`` times."""

    quantum: Positive
    window_s: Positive
    changes: Annotated[int, Meta(ge=5)] = 20


def resolution_test(values: Values, times: Times, quantum: float, *, window_s: float, changes: int = 20) -> Flags:
    """Flag values that end a window of multiples of a quantum coarser than the instrument's resolution: a stuck digit, another format.

    Parameters
    ----------
    quantum : float
        Unit of the values, > 0; several times the finest step that is usual.
    window_s : float
        Length of the window [s].
    changes : int
        Fewest changes within an evaluated window; the probability of one digit that is equal by chance is 10 to minus this power.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(6) * np.timedelta64(1, "m")
    >>> resolution_test(np.array([5.0, 10.0, 5.0, 10.0, 5.0, 10.0]), times, 5.0, window_s=360.0, changes=5).tolist()
    [2, 2, 2, 2, 2, 3]
    """
    there = Present.of(values, times)
    check_positive(quantum=quantum, window_s=window_s, changes=changes)
    size = there.count(window_s)
    flags = there.unknown()
    parts = there.numbers / quantum
    is_multiple = np.abs(parts - np.rint(parts)) <= _MULTIPLE_TOLERANCE
    moved = np.diff(there.numbers, prepend=there.numbers[:1]) != 0
    enough = share_true(moved, size) * size >= changes
    flags[there.is_dense(size) & enough] = Flag.PASS
    flags[(flags == Flag.PASS) & (share_true(is_multiple, size) >= 1)] = Flag.SUSPECT
    return there.flags(flags)


def _run(series: NativeSeries, limit: ResolutionLimit) -> Flags:
    return resolution_test(*series.arrays, limit.quantum, window_s=limit.window_s, changes=limit.changes)


def _explain(series: NativeSeries, limit: ResolutionLimit, _: int) -> Explanation:
    return "coarse", {"hours": limit.window_s / HOUR_S, "quantum": limit.quantum, "unit": series.unit}


TEST = NativeTest(
    limit=ResolutionLimit,
    run=_run,
    explain=_explain,
    messages={"coarse": ("hours", "quantum", "unit")},
    as_written=True,
)
