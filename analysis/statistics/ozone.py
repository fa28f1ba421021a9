"""Ozone statistics: 8 h running means and their daily maximum (MDA8).

References
----------
GB 3095-2026 Table 4 (the same in 2012): an 8 h mean needs at least 6 valid hours.
HJ 663-2013 (copy in code, not the text itself): MDA8 needs at least 14 of the 17 windows that end 08:00 to 24:00; a
maximum above the limit counts in spite of fewer windows (that exception is not verified and can be switched off).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.statistics.daily import civil_date, day_starts, on_days, on_hours
from analysis.statistics.limit import limit, reported

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

WINDOW_HOURS = 8
MINIMUM_HOURS_OF_WINDOW = 6
"""GB 3095-2026 Table 4."""
MINIMUM_WINDOWS_OF_DAY = 14
"""HJ 663-2013, from a copy in code."""
FIRST_WINDOW_END_HOUR = 8
"""Local hour at which the first window of the day ends."""


def running_mean(values: pd.Series, *, hours: int = WINDOW_HOURS, minimum: int = MINIMUM_HOURS_OF_WINDOW) -> pd.Series:
    """Mean of the last ``hours`` hours, at the label of the last one.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        NaN is missing; absent hours count as missing.
    hours : int
        Length of the window [h].
    minimum : int
        Valid hours of a valid mean.

    Returns
    -------
    pd.Series
        On every hour between first and last; the value at 07:00 is the mean of the window that ends 08:00. NaN where
        fewer than ``minimum`` hours are valid.

    References
    ----------
    GB 3095-2026 Table 4: at least 6 of 8.

    Examples
    --------
    >>> import pandas as pd
    >>> hours = pd.date_range("2026-05-01", periods=9, freq="h", tz="UTC")
    >>> running_mean(pd.Series(range(9), index=hours, dtype=float)).tolist()[-2:]
    [3.5, 4.5]
    """
    series = on_hours(values)
    if series.empty:
        return series
    padded = np.concatenate([np.full(hours - 1, np.nan), series.to_numpy()])
    windows = np.lib.stride_tricks.sliding_window_view(padded, hours)
    valid = ~np.isnan(windows)
    count = valid.sum(axis=1)
    total = np.where(valid, windows, 0.0).sum(axis=1)  # summed afresh for each window: no residue is carried along
    mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count >= minimum)
    return pd.Series(mean, index=series.index, name=values.name)


def mda8(
    values: pd.Series,
    zone: ZoneInfo,
    *,
    minimum: int = MINIMUM_WINDOWS_OF_DAY,
    keep_exceedance: bool = True,
    until: datetime | None = None,
) -> pd.DataFrame:
    """Daily maximum of the 8 h running means of O3.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        O3 [µg m⁻³]; NaN is missing, and so are hours without a row, also before the first and after the last row.
    zone : ZoneInfo
        Of the civil day.
    minimum : int
        Valid windows of a valid day, of the 17 that end 08:00 to 24:00 local time.
    keep_exceedance : bool
        Whether a maximum above the class 2 limit counts although windows are missing (not verified).
    until : datetime or None
        Windows that end later are not counted, for a day still under way; None: all.

    Returns
    -------
    pd.DataFrame
        Index ``start`` (UTC start of the civil day): ``mda8`` [µg m⁻³], NaN unless valid; ``windows`` valid windows;
        ``valid``; ``by_exception`` where only the exception made it valid.

    References
    ----------
    GB 3095-2026 3 and Table 4; HJ 663-2013 (secondary).

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-04-30T16:00", periods=24, freq="h", tz="UTC")
    >>> o3 = pd.Series([60.0] * 10 + [150.0] * 8 + [60.0] * 6, index=hours)
    >>> found = mda8(o3, ZoneInfo("Asia/Shanghai"))
    >>> found["mda8"].tolist(), found["windows"].tolist()
    ([150.0], [17])
    """
    means = running_mean(on_days(values, zone))
    index = pd.DatetimeIndex(means.index)
    local_end = np.asarray(index.tz_convert(zone).hour) + 1
    means = means.where(local_end >= FIRST_WINDOW_END_HOUR)
    if until is not None:
        means = means.where(index + pd.Timedelta(hours=1) <= pd.Timestamp(until))
    grouped = means.groupby(day_starts(index, zone))
    table = pd.DataFrame({"mda8": grouped.max(), "windows": grouped.count()}).rename_axis("start")
    enough = table["windows"] >= minimum
    table["by_exception"] = ~enough & _exceeds(table["mda8"], zone) if keep_exceedance else False
    table["valid"] = enough | table["by_exception"]
    table["mda8"] = table["mda8"].where(table["valid"])
    return table


def _exceeds(daily: pd.Series, zone: ZoneInfo) -> pd.Series:
    days = [civil_date(start, zone) for start in pd.DatetimeIndex(daily.index)]
    above = [
        reported(float(value), "O3", day) > limit("O3", "MDA8", day) for value, day in zip(daily, days, strict=True)
    ]
    return pd.Series(above, index=daily.index, dtype=bool)
