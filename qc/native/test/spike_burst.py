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
from qc.native.argument import check_positive, elapsed_s
from qc.native.native_test import NativeTest
from qc.native.rolling import (
    Present,
    true_runs,
)
from qc.robust import MAD_TO_SIGMA
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from qc.native.series import NativeSeries
    from schemas.reason import Figure


class SpikeBurstLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike_burst"):
    """Distance of 1 to ``points`` values in a row from the median around them."""

    suspect: Positive
    points: Annotated[int, Meta(ge=1, le=10)] = 3
    deviations: Positive = 8.0
    relative: Annotated[float, Meta(ge=0)] = 0.0


def spike_burst_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    suspect: float,
    *,
    points: int = 3,
    deviations: float = 8.0,
    relative: float = 0.0,
) -> NDArray[np.int8]:
    """Flag 1 to ``points`` values in a row that differ from the median of their neighbourhood (Hampel's identifier).

    The neighbourhood holds ``4 * points + 1`` values with the evaluated one in its middle. A value is flagged if its distance
    from the median is above ``suspect``, ``deviations`` robust standard deviations and ``relative`` times the median. More
    of them in a row are a plateau and no spike. The first and last ``2 * points`` values are UNKNOWN.

    Parameters
    ----------
    values : array of float
        NaN where missing.
    times : array of datetime64
        UTC, ascending, unique.
    suspect : float
        Unit of the values, > 0.
    points : int
        Longest spike, at least 1.
    deviations : float
        Multiples of 1.4826 times the median absolute deviation of the neighbourhood [1], > 0.
    relative : float
        [1]

    Raises
    ------
    InvalidInputError
        If the times are unsorted or doubled, or a threshold has no meaning.

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
    seconds = elapsed_s(values, times)
    check_positive(suspect=suspect, points=points, deviations=deviations)
    there, size = Present.of(values, seconds), 4 * points + 1
    flags = np.full(there.numbers.size, Flag.UNKNOWN, dtype=np.int8)
    if there.numbers.size >= size:
        level = median_filter(there.numbers, size, mode="nearest")
        distance = np.abs(there.numbers - level)
        limit = np.maximum(suspect, relative * np.abs(level))
        np.maximum(limit, deviations * MAD_TO_SIGMA * median_filter(distance, size, mode="nearest"), out=limit)
        inner = slice(2 * points, there.numbers.size - 2 * points)
        flags[inner][there.is_dense(size)[size - 1 :]] = Flag.PASS
        flags[_short_runs(distance > limit, points) & (flags == Flag.PASS)] = Flag.SUSPECT
    return there.flags(flags, Flag.MISSING)


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


def _run(series: NativeSeries, limit: SpikeBurstLimit) -> NDArray[np.int8]:
    return spike_burst_test(
        series.numbers,
        series.times,
        limit.suspect,
        points=limit.points,
        deviations=limit.deviations,
        relative=limit.relative,
    )


def _explain(series: NativeSeries, limit: SpikeBurstLimit, at: int) -> tuple[str, Mapping[str, Figure]]:
    near = series.on_line().numbers[max(0, at - 2 * limit.points) : at + 2 * limit.points + 1]
    level = float(np.nanmedian(near))
    return "burst", {
        "value": float(series.numbers[at]),
        "unit": series.unit,
        "level": level if series.period is None else level % series.period,
        "points": limit.points,
        "limit": limit.suspect,
    }


TEST = NativeTest(
    name="spike_burst",
    limit=SpikeBurstLimit,
    run=_run,
    explain=_explain,
    messages={"burst": ("value", "unit", "level", "points", "limit")},
    flags=frozenset({Flag.SUSPECT}),
)
