"""Outliers of the preceding values by Grubbs' test.

SUSPECT if the value differs from the mean of the window `(t - window_s, t]` by more standard deviations of the window than the critical
value of Grubbs' two-sided test at the level `alpha`. A window with fewer than `least` values is UNKNOWN. The values of a window
must be close to a normal distribution: for parameters without a strong daily course.

Source: Grubbs (1969), https://doi.org/10.1080/00401706.1969.10490657; SaQC offers the test by blocks as `flagByGrubbs`. Here a window
ends at each value, so that a flag does not depend on where a run begins or ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta
from scipy.special import stdtrit

from qc.limits.limit import BaseLimit, Positive
from qc.native.argument import check_positive
from qc.native.native_test import NativeTest
from qc.native.rolling import Present
from schemas.completeness import HOUR_S
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.native.argument import Flags, Times, Values
    from qc.native.series import NativeSeries
    from schemas.reason import Explanation

_FEWEST = 3
"""With fewer values the statistic has no degree of freedom."""


class GrubbsLimit(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="grubbs"):
    """Level of significance ``alpha`` [1], length of the window [s] and its fewest values."""

    alpha: Annotated[float, Meta(gt=0, lt=0.5)]
    window_s: Positive
    least: Annotated[int, Meta(ge=_FEWEST)] = 10


def grubbs_test(values: Values, times: Times, *, alpha: float, window_s: float, least: int = 10) -> Flags:
    """Flag values that are outliers of the window that ends at them, by Grubbs' two-sided test.

    Parameters
    ----------
    alpha : float
        Level of significance of one window [1].
    window_s : float
        The window is ``(t - window_s, t]`` [s], > 0.
    least : int
        Fewest values of a window, at least 3.

    References
    ----------
    Grubbs, F. E. (1969), https://doi.org/10.1080/00401706.1969.10490657.

    Examples
    --------
    >>> times = np.datetime64("2026-01-01T00:00") + np.arange(12) * np.timedelta64(1, "m")
    >>> values = np.array([1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.1, 9.0])
    >>> grubbs_test(values, times, alpha=0.01, window_s=3600.0).tolist()
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 3]
    """
    there = Present.of(values, times)
    check_positive(alpha=alpha, window_s=window_s, least=least)
    rolling = pd.Series(there.numbers, index=times[there.at]).rolling(pd.Timedelta(seconds=window_s))
    count = rolling.count().to_numpy().astype(np.int64)
    distance, spread = np.abs(there.numbers - rolling.mean().to_numpy()), rolling.std().to_numpy()
    sizes, which = np.unique(count, return_inverse=True)
    critical = np.array([critical_value(int(size), alpha) if size >= _FEWEST else np.nan for size in sizes])[which]
    flags = np.where((spread > 0) & (distance > critical * spread), Flag.SUSPECT, Flag.PASS).astype(np.int8)
    flags[count < max(least, _FEWEST)] = Flag.UNKNOWN
    return there.flags(flags)


def critical_value(count: int, alpha: float) -> float:
    """Critical value of Grubbs' two-sided statistic for ``count`` values [1].

    Examples
    --------
    >>> round(critical_value(10, 0.05), 3)
    2.29
    """
    quantile = float(stdtrit(count - 2, 1 - alpha / (2 * count)))
    return float((count - 1) / np.sqrt(count) * np.sqrt(quantile**2 / (count - 2 + quantile**2)))


def _run(series: NativeSeries, limit: GrubbsLimit) -> Flags:
    return grubbs_test(*series.arrays, alpha=limit.alpha, window_s=limit.window_s, least=limit.least)


def _explain(series: NativeSeries, limit: GrubbsLimit, at: int) -> Explanation:
    return "outlier", {**series.measured(at), "hours": limit.window_s / HOUR_S, "alpha": limit.alpha}


TEST = NativeTest(
    limit=GrubbsLimit, run=_run, explain=_explain, messages={"outlier": ("value", "unit", "hours", "alpha")}
)
