"""Days of exceedance with their denominators: valid days, computed days, and the length of the period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """Civil days of a period on which something exceeds its limit.

    Attributes
    ----------
    exceeded : int
        Days with an exceedance [d].
    valid : int
        Days with a valid value, exceedances included [d].
    computed : int
        Days for which the analysis ran, valid or not [d].
    days : int
        Length of the period [d].
    """

    exceeded: int
    valid: int
    computed: int
    days: int


def count_days(daily: pd.DataFrame, column: str, days: int, stations: Collection[str] | None = None) -> DayCount:
    """Count the days of a period. Of several stations, any exceedance or valid value makes the day one.

    Parameters
    ----------
    daily : DataFrame
        Product ``copollution_daily`` of the period, or `analysis.coanalysis.copollution.joint_days` of one station: index the start of the day.
    column : str
        ``pm25_exceeds``, ``o3_exceeds`` or ``joint``: 1, 0, NaN = not valid.
    days : int
        Length of the period [d].
    stations : collection of str or None
        None: all rows.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2026-04-30T16:00", periods=3, freq="D", tz="UTC", name="start")
    >>> count_days(pd.DataFrame({"joint": [1.0, 0.0, float("nan")]}, index=days), "joint", days=30)
    DayCount(exceeded=1, valid=2, computed=3, days=30)
    """
    rows = daily if stations is None else daily[daily["station_id"].isin(list(stations))]
    exceeds = rows[column] if column in rows else pd.Series(float("nan"), index=rows.index)
    exceeded, valid, computed = (
        pd.DatetimeIndex(exceeds.index[chosen]).nunique()
        for chosen in (exceeds == 1.0, exceeds.notna(), pd.Series(data=True, index=exceeds.index))
    )
    return DayCount(exceeded=exceeded, valid=valid, computed=computed, days=days)
