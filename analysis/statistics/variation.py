"""Variation by hour of day, weekday, month and hour of the week: means with intervals from a bootstrap of blocks of days."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.statistics.block_bootstrap import FEWEST_DAYS, SEED, day_weights, interval_of
from schemas.frames import check_time_index

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

FEWEST_HOURS = 10
"""Valid hours that a group needs for an interval; project choice."""
_HOURS, _WEEK = 24, 7


class Cycle(StrEnum):
    """How the hours are grouped, by civil time."""

    HOUR = "hour"
    WEEKDAY = "weekday"
    MONTH = "month"
    HOUR_OF_WEEK = "hour_of_week"


class GroupMean(msgspec.Struct, frozen=True, kw_only=True):
    """One group.

    Attributes
    ----------
    group : int
        Hour 0 to 23, weekday 1 (Monday) to 7, month 1 to 12, hour of the week 0 (Monday 00:00) to 167.
    mean, low, high : float or None
        Mean of the valid hours and its 90 % interval [unit]; None without hours, no interval below 14 days or 10 hours.
    n, days : int
        Valid hours, and civil days with any of them.
    """

    group: int
    mean: float | None
    low: float | None
    high: float | None
    n: int
    days: int


def variation(values: pd.Series, zone: ZoneInfo, cycle: Cycle, *, seed: int = SEED) -> tuple[GroupMean, ...]:
    """Mean of each group of hours.

    Parameters
    ----------
    values : pd.Series of float, index UTC hour starts
        NaN missing.
    zone : ZoneInfo
    cycle : Cycle
    seed : int
        Of the resamples (`analysis.statistics.block_bootstrap.day_weights`).

    Returns
    -------
    tuple of GroupMean
        Every group, in order.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-04-30T16:00", periods=48, freq="h", tz="UTC", name="start")
    >>> found = variation(pd.Series(list(range(24)) * 2, index=hours, dtype=float), ZoneInfo("Asia/Shanghai"), Cycle.HOUR)
    >>> found[5].mean, found[5].n, found[5].low
    (5.0, 2, None)
    """
    check_time_index(values)
    known = values.astype(float).replace([np.inf, -np.inf], np.nan).dropna()
    local = pd.DatetimeIndex(known.index).tz_convert(zone)
    group, first, size = _groups(local, cycle)
    day = pd.factorize(local.date, sort=True)[0]
    days = int(day.max()) + 1 if len(day) else 0
    shape = (days, size)
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (day, group), known.to_numpy())
    np.add.at(counts, (day, group), 1.0)
    bounds = _intervals(sums, counts, seed)
    return tuple(
        GroupMean(
            group=place + first,
            mean=float(sums[:, place].sum() / n) if n else None,
            low=bounds[place][0],
            high=bounds[place][1],
            n=int(n),
            days=int((counts[:, place] > 0).sum()),
        )
        for place, n in enumerate(counts.sum(axis=0))
    )


def _groups(local: pd.DatetimeIndex, cycle: Cycle) -> tuple[NDArray[np.int64], int, int]:
    """Group of each hour from 0 on, the number of the first group, and how many there are."""
    hour, weekday, month = (np.asarray(item, dtype=np.int64) for item in (local.hour, local.day_of_week, local.month))
    return {
        Cycle.HOUR: (hour, 0, _HOURS),
        Cycle.WEEKDAY: (weekday, 1, _WEEK),
        Cycle.MONTH: (month - 1, 1, 12),
        Cycle.HOUR_OF_WEEK: (weekday * _HOURS + hour, 0, _HOURS * _WEEK),
    }[cycle]


def _intervals(
    sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int
) -> list[tuple[float | None, float | None]]:
    days, groups = sums.shape
    if days < FEWEST_DAYS:
        return [(None, None)] * groups
    weights = day_weights(days, seed=seed)
    below = weights @ counts
    drawn = np.divide(weights @ sums, below, out=np.full(below.shape, np.nan), where=below > 0)
    n = counts.sum(axis=0)
    return [
        interval_of(drawn[:, place], float(sums[:, place].sum() / n[place]), days)
        if n[place] >= FEWEST_HOURS
        else (None, None)
        for place in range(groups)
    ]
