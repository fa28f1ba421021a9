"""Missing intervals.

Between two values are `round(step / cadence) - 1` missing intervals. One record per gap and parameter, at its first missing
interval, with count and end. The time before the first and after the last reading belongs to `completeness` and to the silence watch.

Source: the project's own; QARTOD's test of that name evaluates only the newest reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.limits.limit import BaseLimit
    from qc.native.argument import Times
    from schemas.reason import Explanation


@dataclass(frozen=True, slots=True)
class MissingIntervals:
    """Consecutive intervals without any reading.

    Attributes
    ----------
    after, before : numpy.datetime64
        Starts of the last interval before and the first interval after the gap, UTC.
    count : int
        Missing intervals between them, at least 1.
    """

    after: np.datetime64
    before: np.datetime64
    count: int


def gap_test(times: Times, cadence_s: int) -> list[MissingIntervals]:
    """Find missing intervals between two readings: ``round(step / cadence) - 1``, so jitter of half a cadence is no gap.

    Parameters
    ----------
    cadence_s : int
        Seconds between two readings, > 0.

    Examples
    --------
    >>> times = np.array(["2026-01-01T00:00", "2026-01-01T00:01", "2026-01-01T00:04"], dtype="datetime64[s]")
    >>> [gap.count for gap in gap_test(times, 60)]
    [2]
    """
    check_positive(cadence_s=cadence_s)
    steps = np.diff(elapsed_s(None, times))
    missing = np.floor(steps / cadence_s + 0.5).astype(np.int64) - 1
    return [MissingIntervals(times[at], times[at + 1], int(missing[at])) for at in np.flatnonzero(missing > 0)]


def explain(missing: MissingIntervals, cadence_s: int) -> Explanation:
    """Message for a gap."""
    until = f"{np.datetime_as_string(missing.before, unit='s')}Z"
    return "gap", {"count": missing.count, "cadence": cadence_s, "until": until}


TEST: NativeTest[BaseLimit] = NativeTest(
    name="gap", messages={"gap": ("count", "cadence", "until")}, flags=frozenset({Flag.MISSING})
)
