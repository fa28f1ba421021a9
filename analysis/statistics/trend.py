"""Trend of monthly values: Theil-Sen slope after the season is taken out, with an interval from a bootstrap of blocks.

References
----------
Slope: Sen, 1968, doi 10.1080/01621459.1968.10480934, as `scipy.stats.theilslopes` has it. Blocks of consecutive months keep the autocorrelation: Kunsch, 1989,
doi 10.1214/aos/1176347265.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.statistics.block_bootstrap import circular_blocks
from analysis.statistics.finite import finite_or_none

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FEWEST_MONTHS = 24
"""Two whole years: with less the season cannot be told from the trend."""
FEWEST_SHARE = 0.75
"""Of the months from first to last that must have a value; project choice."""
RUNS = 400
LEVEL = 0.95
_SEED = 7
_MONTHS = 12
_TURNS = 3
"""The slope needs the season, and the season the slope."""
_FITTED = 13
"""Figures that slope and season take from the months."""


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """Trend of a series of months.

    Attributes
    ----------
    slope, low, high : float or None
        Change a year and its 95 % interval [unit / a]; None: see ``reason``.
    percent, percent_low, percent_high : float or None
        The same as part of the mean [% / a].
    p : float or None
        Share of resamples without a slope of this sign, twice [1]: small where the series has a trend.
    mean : float or None
        Of the months with a value [unit].
    months, span_months : int
        Months with a value, and from the first to the last.
    gaps : tuple of str
        Months without a value, as ``2015-07``.
    reason : str
        Empty, ``too_short`` or ``too_many_gaps``.
    """

    slope: float | None = None
    low: float | None = None
    high: float | None = None
    percent: float | None = None
    percent_low: float | None = None
    percent_high: float | None = None
    p: float | None = None
    mean: float | None = None
    months: int
    span_months: int
    gaps: tuple[str, ...] = ()
    reason: str = ""


def trend(monthly: pd.Series, *, seed: int = _SEED) -> Trend:
    """Trend of monthly values.

    Parameters
    ----------
    monthly : pd.Series of float, index PeriodIndex of months or any DatetimeIndex with one row a month, ascending
        NaN: no valid value. Months without a row are gaps as well.
    seed : int
        Of the resamples.

    Returns
    -------
    Trend
        Without figures below 24 months, or with fewer than three quarters of the months.

    Raises
    ------
    ValueError
        If a month is there twice.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2015-01", periods=48, freq="M")
    >>> season = np.tile(np.sin(np.arange(12) / 12 * 2 * np.pi), 4)
    >>> found = trend(pd.Series(50.0 - np.arange(48) / 12 * 3.0 + 5.0 * season, index=months))
    >>> round(found.slope, 2), round(found.mean, 1), found.months
    (-3.0, 44.1, 48)
    """
    series = _by_month(monthly)
    known = series.dropna()
    span = len(series)
    gaps = tuple(str(month) for month in series.index[series.isna()])
    if len(known) < FEWEST_MONTHS:
        return Trend(months=len(known), span_months=span, gaps=gaps, reason="too_short")
    if len(known) < FEWEST_SHARE * span:
        return Trend(months=len(known), span_months=span, gaps=gaps, reason="too_many_gaps")
    values = without_season(series)
    years = np.arange(span) / _MONTHS
    slope = _slope(values, years)
    drawn = _resampled(values - slope * years, years, slope, seed)
    tail = (1.0 - LEVEL) / 2
    low, high = (float(item) for item in np.quantile(drawn, [tail, 1.0 - tail]))
    mean = float(known.mean())
    percent = 100.0 / mean if mean > 0 else np.nan
    other = np.mean(np.sign(drawn) != np.sign(slope))
    return Trend(
        slope=slope,
        low=low,
        high=high,
        percent=finite_or_none(slope * percent),
        percent_low=finite_or_none(low * percent),
        percent_high=finite_or_none(high * percent),
        p=float(min(1.0, 2 * max(other, 1.0 / RUNS))),
        mean=mean,
        months=len(known),
        span_months=span,
        gaps=gaps,
    )


def without_season(monthly: pd.Series) -> NDArray[np.float64]:
    """Monthly values without the mean departure of their calendar month from the trend; gaps stay NaN.

    The season is the same each year: one that is smoothed along the years as well (STL) follows the noise of few years, and
    intervals after it held 0.5 to 0.85 of true slopes instead of 0.95.

    Parameters
    ----------
    monthly : pd.Series of float
        One row for each month, index PeriodIndex, at least two years.
    """
    values = monthly.to_numpy(dtype=float)
    month = np.asarray(monthly.index.month) - 1  # type: ignore[attr-defined]  # a PeriodIndex
    years = np.arange(len(values)) / _MONTHS
    rest = values
    for _ in range(_TURNS):
        level = values - _slope(rest, years) * years
        season = np.array(
            [
                np.nanmean(level[month == place]) if np.isfinite(level[month == place]).any() else 0.0
                for place in range(_MONTHS)
            ]
        )
        rest = values - season[month]
    found: NDArray[np.float64] = rest + float(np.nanmean(values) - np.nanmean(rest))
    return found


def _by_month(monthly: pd.Series) -> pd.Series:
    import pandas as pd

    index = monthly.index
    months = index if isinstance(index, pd.PeriodIndex) else pd.DatetimeIndex(index).tz_localize(None).to_period("M")
    if months.has_duplicates:
        msg = f"month {months[months.duplicated()][0]} is there twice"
        raise ValueError(msg)
    series = pd.Series(monthly.to_numpy(dtype=float), index=months).sort_index()
    known = series.dropna()
    if known.empty:
        return known
    return series.reindex(pd.period_range(known.index[0], known.index[-1], freq="M"))


def _slope(values: NDArray[np.float64], years: NDArray[np.float64]) -> float:
    from scipy.stats import theilslopes

    known = np.isfinite(values)
    return float(theilslopes(values[known], years[known])[0])


def _resampled(rest: NDArray[np.float64], years: NDArray[np.float64], slope: float, seed: int) -> NDArray[np.float64]:
    """Slopes of the line with residuals in new order: circular blocks of consecutive months, gaps with them.

    Residuals about a fitted line and season are smaller than the true ones: the spread is widened by the figures that were
    fitted, and by Student's t of the number of blocks.
    """
    from scipy.stats import norm
    from scipy.stats import t as student

    n = len(rest)
    length = max(3, round(2.0 * float(np.cbrt(n))))
    rng = np.random.default_rng(seed)  # noqa: TID251  seeded by the caller
    first = rng.integers(0, n, (RUNS, -(-n // length)))
    drawn = np.array([_slope(rest[place], years) for place in circular_blocks(first, length, n)])
    tail, known = (1.0 + LEVEL) / 2, int(np.isfinite(rest).sum())
    blocks = n / length
    wider = (
        np.sqrt(known / (known - _FITTED))
        * np.sqrt(blocks / (blocks - 2.0))
        * student.ppf(tail, blocks - 2.0)
        / norm.ppf(tail)
    )
    return np.asarray(slope + (drawn - np.median(drawn)) * wider)
