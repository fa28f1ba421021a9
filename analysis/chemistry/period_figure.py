"""A figure of a period with its unit, count, coverage and interval from a bootstrap of blocks of days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.statistics.block_bootstrap import FEWEST_DAYS, SEED, day_sums, day_weights, interval_of
from schemas.frames import check_time_index

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray


class PeriodFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a period.

    Attributes
    ----------
    value, low, high : float or None
        Figure and its 90 % interval [unit]; None: not known, or no interval because there are fewer than 14 days.
    unit : str
    n : int
        Hours that it rests on.
    days : int
        Civil days with any of them.
    coverage : float
        Part of the period's hours that ``n`` is [1].
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: int
    days: int
    coverage: float


def period_mean(values: pd.Series, zone: ZoneInfo, unit: str = "1", *, seed: int = SEED) -> PeriodFigure:
    """Mean of the hours that have a value.

    Parameters
    ----------
    values : pd.Series of float
        One row for every hour of the period, index UTC; NaN missing. Infinities count as missing.
    zone : ZoneInfo
        Of the civil days.
    unit : str
    seed : int
        Of the resamples.

    Returns
    -------
    PeriodFigure

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    Circular blocks of 2.5 n^(1/3) days; percentiles widened about the value by Student's t of the number of blocks.
    Measured on lognormal days: coverage 0.92 to 0.97 without autocorrelation, 0.84 to 0.87 with one of 0.7 from day to day.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=3, freq="h", tz="UTC", name="start")
    >>> found = period_mean(pd.Series([1.0, 3.0, None], index=hours), ZoneInfo("UTC"))
    >>> found.value, found.low, found.n, round(found.coverage, 2)
    (2.0, None, 2, 0.67)
    """
    return period_ratio(values, values.notna().astype(float).where(values.notna()), zone, unit, seed=seed)


def period_ratio(
    numerator: pd.Series, denominator: pd.Series, zone: ZoneInfo, unit: str = "1", *, seed: int = SEED
) -> PeriodFigure:
    """Sum of one series by the sum of another, over the hours that have both.

    Parameters
    ----------
    numerator, denominator : pd.Series of float
        Same index, one row for every hour of the period, UTC; NaN missing.
    zone : ZoneInfo
        Of the civil days.
    unit : str
    seed : int

    Returns
    -------
    PeriodFigure
        Without a value where no hour has both or the denominator's sum is not above zero.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    References
    ----------
    As `period_mean`.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    >>> period_ratio(pd.Series([1.0, 3.0], hours), pd.Series([2.0, 6.0], hours), ZoneInfo("UTC")).value
    0.5
    """
    check_time_index(numerator)
    table = pd.DataFrame({"top": numerator, "under": denominator}).astype(float)
    table = table.replace([np.inf, -np.inf], np.nan).dropna()
    sums = day_sums(table, zone)
    top, under = sums["top"].to_numpy(), sums["under"].to_numpy()
    whole = under.sum()
    value = float(top.sum() / whole) if whole > 0 else None
    low, high = _interval(top, under, value, seed)
    hours = len(numerator)
    return PeriodFigure(
        value=value, low=low, high=high, unit=unit, n=len(table), days=len(sums), coverage=len(table) / hours if hours else 0.0
    )  # fmt: skip


def _interval(
    top: NDArray[np.float64], under: NDArray[np.float64], value: float | None, seed: int
) -> tuple[float | None, float | None]:
    days = len(top)
    if value is None or days < FEWEST_DAYS:
        return None, None
    weights = day_weights(days, seed=seed)
    below = weights @ under
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval_of(np.where(below > 0, (weights @ top) / below, np.nan), value, days)
