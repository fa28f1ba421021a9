"""Monthly means of daily values, by the rule of a valid month."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pandas as pd

from analysis.statistics.assessment.rule import rules

if TYPE_CHECKING:
    from datetime import date

_FEBRUARY = 2


def days_of_valid_month(first: date | pd.Period) -> int:
    """Valid days that a month needs (GB 3095-2026 Table 4): 27, in February 25."""
    rule = rules().validity
    return rule.february_days if first.month == _FEBRUARY else rule.month_days


def monthly_means(daily: pd.Series) -> pd.Series:
    """Mean of the valid days of each month.

    Parameters
    ----------
    daily : pd.Series of float
        Index of civil days (midnights without a zone), each once; NaN not valid.

    Returns
    -------
    pd.Series of float, index PeriodIndex of months
        From the first to the last month with a row; NaN where too few days are valid.

    Examples
    --------
    >>> days = pd.date_range("2026-01-01", "2026-02-25")
    >>> monthly_means(pd.Series(10.0, index=days).where(days != "2026-02-03")).tolist()
    [10.0, nan]
    """
    if daily.empty:
        return pd.Series(dtype=float, index=pd.PeriodIndex([], freq="M"))
    grouped = daily.astype(float).groupby(pd.DatetimeIndex(daily.index).to_period("M"))
    means, counts = grouped.mean(), grouped.count()
    enough = [
        count >= days_of_valid_month(month)
        for month, count in zip(cast("list[pd.Period]", list(counts.index)), counts, strict=True)
    ]
    months = pd.period_range(means.index[0], means.index[-1], freq="M")
    return means.where(pd.Series(enough, index=means.index)).reindex(months)
