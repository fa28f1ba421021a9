"""A short run of values that differs from its neighbourhood.

One to `points` consecutive values are SUSPECT if their distance from the median of the `4 * points + 1` values around them is above
`suspect`, above `deviations` robust standard deviations (1.4826 MAD) of these values, and above `relative` times the median. A longer run is a plateau
and no spike. The first and last `2 * points` values are UNKNOWN.

Source: Hampel's identifier (median and MAD, https://doi.org/10.1080/01621459.1974.10482962).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta
from scipy.ndimage import median_filter

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import Present, true_runs
from qc.robust import MAD_TO_SIGMA
from schemas.flag import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation


class SpikeBurstLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike_burst"):
    """Distance of 1 to ``points`` values in a row from the median around them."""

    suspect: Positive
    points: Annotated[int, Meta(ge=1, le=10)] = 3
    deviations: Positive = 8.0
    relative: Annotated[float, Meta(ge=0)] = 0.0


def spike_burst_test(
    values: Values, times: Times, suspect: float, *, points: int = 3, deviations: float = 8.0, relative: float = 0.0
) -> Flags:
    """Flag 1 to ``points`` values in a row that differ from the median of their neighbourhood (Hampel's identifier).

    The neighbourhood holds ``4 * points + 1`` values with the evaluated one in its middle.

    Parameters
    ----------
    suspect : float
        Least distance from the median, unit of the values, > 0.
    points : int
        Longest spike, at least 1.
    deviations, relative : float
        The distance is also above this multiple of 1.4826 MAD of the neighbourhood and of its median [1].

    References
    ----------
    Hampel, F. R. (1974), https://doi.org/10.1080/01621459.1974.10482962 (the median and MAD as estimators).

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(13) * np.timedelta64(1, "m")
    >>> values = np.array([1.0, 2.0] * 6 + [1.0])
    >>> values[6] = 30.0
    >>> spike_burst_test(values, times, 5.0, points=1).tolist()
    [2, 2, 1, 1, 1, 1, 3, 1, 1, 1, 1, 2, 2]
    """
    there, size = Present.of(values, times), 4 * points + 1
    check_positive(suspect=suspect, points=points, deviations=deviations)
    flags = there.unknown()
    if there.numbers.size >= size:
        level = median_filter(there.numbers, size, mode="nearest")
        distance = np.abs(there.numbers - level)
        limit = np.maximum(suspect, relative * np.abs(level))
        np.maximum(limit, deviations * MAD_TO_SIGMA * median_filter(distance, size, mode="nearest"), out=limit)
        inner = slice(2 * points, there.numbers.size - 2 * points)
        flags[inner][there.is_dense(size)[size - 1 :]] = Flag.PASS
        flags[_short_runs(distance > limit, points) & (flags == Flag.PASS)] = Flag.SUSPECT
    return there.flags(flags)


def _short_runs(where: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Stretches of trues of at most ``longest``."""
    first, length = true_runs(where)
    short = where.copy()
    too_long = length > longest
    edges = np.zeros(where.size + 1, dtype=np.int32)
    edges[first[too_long]] += 1
    edges[(first + length)[too_long]] -= 1
    short[np.cumsum(edges[:-1]) > 0] = False
    return short


def _run(series: NativeSeries, limit: SpikeBurstLimit) -> Flags:
    return spike_burst_test(
        *series.arrays, limit.suspect, points=limit.points, deviations=limit.deviations, relative=limit.relative
    )


def _explain(series: NativeSeries, limit: SpikeBurstLimit, at: int) -> Explanation:
    near = series.on_line().numbers[max(0, at - 2 * limit.points) : at + 2 * limit.points + 1]
    level = float(np.nanmedian(near))
    level = level if series.period is None else level % series.period
    return "burst", {**series.measured(at), "level": level, "points": limit.points, "limit": limit.suspect}


TEST = NativeTest(
    limit=SpikeBurstLimit, run=_run, explain=_explain, messages={"burst": ("value", "unit", "level", "points", "limit")}
)
