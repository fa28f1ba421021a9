"""What is usual at the stations, from their own stored hours: median and spread by hour of the day, levels of the gamma rule. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from schemas.frames import valid_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

MAD_TO_SIGMA = 1.4826
"""A normal distribution's standard deviation by its median absolute deviation [1] (`qc.robust` has the same)."""
HOURS = 24


class HourOfDay(msgspec.Struct, frozen=True, kw_only=True):
    """Median and spread by civil hour of the day, 24 each, in the parameter's canonical unit; NaN where too few days are valid.

    The spread is the median absolute deviation times 1.4826.
    """

    median: tuple[float, ...]
    spread: tuple[float, ...]


class Baselines:
    """`HourOfDay` by (network, station id, parameter, days), what a kind of rule was trained to by rule and station; replaced while rules hold it."""

    def __init__(self) -> None:
        self._usual: dict[tuple[str, str, str, int], HourOfDay] = {}
        self._trained: dict[str, Mapping[str, object]] = {}

    def get(self, network: str, station_id: str, code: str, days: int) -> HourOfDay | None:
        """What is usual; None where it was not computed."""
        return self._usual.get((network, station_id, code, days))

    def trained(self, rule: str, station_id: str) -> object:
        """What the record of a station gives for a rule, of a type of its kind; None where it was not computed."""
        return self._trained.get(rule, {}).get(station_id)

    def replace_trained(self, trained: Mapping[str, Mapping[str, object]]) -> None:
        """Take newly trained ones in place of all earlier ones."""
        self._trained = dict(trained)

    def replace(self, usual: dict[tuple[str, str, str, int], HourOfDay]) -> None:
        """Take newly computed ones in place of all earlier ones."""
        self._usual = dict(usual)


def hour_of_day(hourly: pd.DataFrame, code: str, zone: ZoneInfo, *, min_days: int) -> HourOfDay:
    """What is usual in each civil hour of the day.

    Parameters
    ----------
    hourly : DataFrame
        `schemas.frames` hourly of the days that count; failed and missing hours are left out.
    code : str
        Parameter.
    zone : ZoneInfo
        Of the civil hours.
    min_days : int
        An hour of the day with fewer valid values is NaN.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-11-01", periods=72, freq="h", tz="UTC")
    >>> usual = hour_of_day(pd.DataFrame({"pm25": 10.0}, index=hours), "pm25", ZoneInfo("Asia/Shanghai"), min_days=3)
    >>> usual.median[0], usual.spread[0]
    (10.0, 0.0)
    """
    values = valid_values(hourly, code).dropna()
    hour = pd.DatetimeIndex(values.index).tz_convert(zone).hour
    median, spread = [np.nan] * HOURS, [np.nan] * HOURS
    for which, own in values.groupby(hour):
        if len(own) >= min_days:
            middle = float(own.median())
            median[int(str(which))] = middle
            spread[int(str(which))] = MAD_TO_SIGMA * float((own - middle).abs().median())
    return HourOfDay(median=tuple(median), spread=tuple(spread))
