"""Days of exceedance with their denominators: of how many valid days, and how many of the period were computed at all."""

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
        Days that could be judged, exceedances included [d].
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
    """Count the days of a period; at several stations, a day exceeds or is valid where it does or is at any of them.

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
    """
    rows = daily if stations is None else daily[daily["station_id"].isin(list(stations))]
    verdicts = rows[column] if column in rows else pd.Series(float("nan"), index=rows.index)
    exceeded, valid, computed = (
        pd.DatetimeIndex(verdicts.index[chosen]).nunique()
        for chosen in (verdicts == 1.0, verdicts.notna(), pd.Series(data=True, index=verdicts.index))
    )
    return DayCount(exceeded=exceeded, valid=valid, computed=computed, days=days)
