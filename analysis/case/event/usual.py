"""The usual course of a station's series, from the days before.

The usual value at an hour is the median of the square roots of the 28 days before the day, over the same hour of day and the hour
before and after it; its spread is the robust standard deviation of these values. Only the days before are used, so an hour that comes later
does not change what was usual. Square roots lie between the logarithms that suit emitted species and the values that suit ozone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.event.family import falling, watched
from qc.robust import MAD_TO_SIGMA
from schemas.column import FLAG
from schemas.flag import Flag, is_valid
from schemas.frames import check_time_index, parameters_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Field = NDArray[np.float64]

DAYS = 28
"""Days before that give the usual course [d]; project choice."""
MINIMUM_HOURS = 96
"""Fewest valid hours of these days; with fewer the usual course is not known; project choice."""
SMALLEST_SPREAD = 0.0025
"""Of square roots, by their median [1]: a course steadier than about 0.5 % of the value does not count as steadier."""
SMALLEST_HOUR = 0.5
"""Spread of an hour of day by that from day to day over all hours [1]; a smaller one does not count."""
DAY_H = 24
TINY = 1e-9
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidHours:
    """Valid hours of the parameters of a station whose rises or falls are looked for.

    Attributes
    ----------
    first_h : int
        Hours since 1970-01-01 UTC of the first row, the begin of a day.
    since_row : int
        First row in which a rise may begin; at least `DAYS` days after the first.
    names : tuple of str
    block : array of float, (hour, parameter)
        Canonical units; NaN where there is no valid value.
    """

    first_h: int
    since_row: int
    names: tuple[str, ...]
    block: Field

    def moment(self, row: int) -> datetime:
        """Start of the hour of a row, UTC."""
        return datetime.fromtimestamp((self.first_h + row) * 3600, UTC)

    def measured(self) -> frozenset[str]:
        """Parameters with a valid value from ``since_row`` on."""
        known = np.flatnonzero(np.isfinite(self.block[self.since_row :]).any(axis=0))
        return frozenset(self.names[position] for position in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualLevels:
    """Median and spread of the square roots, shape (hour, parameter), from ``since_row`` on; NaN where not known."""

    median: Field
    spread: Field


def hour_of(moment: datetime) -> int:
    """Whole hours since 1970-01-01 UTC.

    Examples
    --------
    >>> hour_of(datetime(1970, 1, 2, 3, 30, tzinfo=UTC))
    27
    """
    return int(moment.timestamp() // 3600)


def valid_hours(hourly: pd.DataFrame, since: datetime, until: datetime | None = None) -> ValidHours:
    """Take the hours that the rises from ``since`` on need.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly; other columns are left out.
    since : datetime
        UTC.
    until : datetime or None
        Rows go at least to the hour before it.

    Raises
    ------
    schemas.frames.FrameError
        If the index is not UTC, ascending and unique.
    """
    check_time_index(hourly)
    names = tuple(name for name in parameters_in(hourly) if name in watched() or name in falling())
    first = hour_of(since) // DAY_H * DAY_H - DAYS * DAY_H
    hours = pd.DatetimeIndex(hourly.index).as_unit("us").asi8 // _HOUR_US
    last = max([hour_of(since), *hours[-1:].tolist(), *([hour_of(until - timedelta(microseconds=1))] if until else [])])
    rows = hours - first
    kept = rows >= 0
    block = np.full((last + 1 - first, len(names)), np.nan)
    block[rows[kept]] = _valid(hourly, names)[kept]
    return ValidHours(first_h=first, since_row=hour_of(since) - first, names=names, block=block)


def usual_levels(hours: ValidHours) -> UsualLevels:
    """Usual course of all hours from ``since_row`` on.

    Examples
    --------
    >>> index = pd.date_range("2026-05-01", periods=30 * 24, freq="h", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"so2": 9.0 + index.hour % 2}, index=index)
    >>> usual = usual_levels(valid_hours(frame, index[700].to_pydatetime()))
    >>> round(float(usual.median[0, 0]) ** 2, 1)
    10.0
    """
    count, width = hours.block.shape
    median, spread = (np.full((count - hours.since_row, width), np.nan) for _ in range(2))
    for day in range(hours.since_row // DAY_H, -(-count // DAY_H)):
        begin, end = max(day * DAY_H, hours.since_row), min((day + 1) * DAY_H, count)
        before = hours.block[(day - DAYS) * DAY_H : day * DAY_H].reshape(DAYS, DAY_H, width)
        rows = slice(begin - hours.since_row, end - hours.since_row)
        median[rows], spread[rows] = _usual(before, np.arange(begin, end) % DAY_H)
    return UsualLevels(median=median, spread=spread)


def _valid(hourly: pd.DataFrame, names: tuple[str, ...]) -> Field:
    """Values of the parameters, NaN where the flag says that they may not enter statistics."""
    columns = pd.Index(hourly.columns)
    values = hourly.iloc[:, columns.get_indexer(pd.Index(names))].to_numpy(dtype=np.float64, copy=True)
    place = columns.get_indexer(pd.Index([name + FLAG for name in names]))
    flagged = np.flatnonzero(place >= 0)
    if len(flagged):
        flags = np.nan_to_num(hourly.iloc[:, place[flagged]].to_numpy(dtype=np.float64), nan=float(Flag.MISSING))
        values[:, flagged] = np.where(is_valid(flags.astype(np.int8)), values[:, flagged], np.nan)
    return values


def _usual(before: Field, hours: NDArray[np.intp]) -> tuple[Field, Field]:
    """Median and spread, shape (hour, parameter), at some hours of day, of the days before, shape (day, hour, parameter)."""
    roots = np.ascontiguousarray(np.sqrt(np.maximum(before, 0.0)).transpose(2, 1, 0))
    around = roots[:, (hours[:, None] + np.array([-1, 0, 1])) % DAY_H].reshape(len(roots), len(hours), -1)
    median = _median(around)
    of_hour = MAD_TO_SIGMA * _median(np.abs(around - median[..., None]))
    # a difference of two days has the square root of two times the spread of one
    steps = np.abs(np.diff(roots, axis=2)).reshape(len(roots), -1)
    of_day = MAD_TO_SIGMA / sqrt(2) * _median(steps)
    least = np.fmax(SMALLEST_HOUR * of_day[:, None], np.fmax(SMALLEST_SPREAD * median, TINY))
    spread = np.maximum(of_hour, least)
    spread[np.isfinite(roots).sum(axis=(1, 2)) < MINIMUM_HOURS] = np.nan
    return median.T, spread.T


def _median(values: Field) -> Field:
    """Median along the last axis without missing values; NaN where all are missing."""
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, ordered.shape[-1] - 1), axis=-1)
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan)[..., 0])
