"""Rises: stretches of one parameter at one station above its own usual course (`analysis.case.event.usual`).

What lies above the usual course counts in robust standard deviations. Hours above the threshold of an episode
(`analysis.statistics.episode`) are part of a rise whatever is usual: where haze is usual, it still is an event. An hour that comes
later does not change a rise that was found, it only extends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.event.family import falling, watched
from analysis.case.event.usual import TINY, UsualLevels, ValidHours, usual_levels, valid_hours
from analysis.statistics.episode import threshold_on, watched_parameters
from schemas.frames import check_time_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Field = NDArray[np.float64]
    Positions = NDArray[np.intp]

HIGH = 3.5
"""Robust standard deviations [1] that one hour of a rise must reach; project choice, on simulated events."""
LOW = 2.0
"""Robust standard deviations [1] that all its other hours must reach; project choice."""
BRIDGED_H = 1.0
"""Longest stretch below `LOW`, or without a value, inside a rise [h]."""
MINUTES = 10
"""Minute values are averaged over so long [min]."""
_MINUTE_US = 60_000_000
_HOUR_MIN = 60


class EventRise(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Consecutive hours of one parameter at one station above (a fall: below) their usual course.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    station_id, parameter : str
    peak_at : datetime
        Start of the hour that deviates most.
    score : float
        Its deviation in robust standard deviations [1], above zero for a fall too; 0 where the usual course is not known.
    ratio : float
        Its value by the usual one [1]; 1 where that is not known.
    is_fall : bool
        Only for parameters that fall while others of their family rise.
    """

    start: datetime
    end: datetime
    station_id: str
    parameter: str
    peak_at: datetime
    score: float
    ratio: float
    is_fall: bool = False


def find_rises(
    hourly: pd.DataFrame, station_id: str, *, since: datetime, minute: pd.DataFrame | None = None
) -> tuple[EventRise, ...]:
    """Rises of all parameters of a station from a moment on.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly, from 28 days before ``since`` on; invalid hours count as missing.
    station_id : str
    since : datetime
        Earliest start of a rise, UTC.
    minute : pd.DataFrame or None
        Plain columns by the minute, index in UTC: from its first minute on it replaces the hours of its parameters, averaged
        over ten minutes.

    Returns
    -------
    tuple of EventRise
        Ascending. A parameter without enough days before has those above its threshold only.

    Raises
    ------
    schemas.frames.FrameError
        If an index is not UTC, ascending and unique.

    Examples
    --------
    >>> hours = pd.date_range("2026-05-01", periods=30 * 24, freq="h", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"so2": 10.0 + np.arange(720) % 7}, index=hours)
    >>> frame.loc[hours[710:714], "so2"] = 80.0
    >>> (rise,) = find_rises(frame, "ln-sy-01", since=hours[700].to_pydatetime())
    >>> rise.start.hour, rise.end.hour, round(rise.ratio, 1)
    (14, 18, 6.2)
    """
    return rises_in(valid_hours(hourly, since, last_minute(minute)), station_id, minute)


def last_minute(minute: pd.DataFrame | None) -> datetime | None:
    """End of a minute frame; None without minutes."""
    if minute is None or minute.empty:
        return None
    end: datetime = pd.DatetimeIndex(minute.index)[-1].to_pydatetime() + timedelta(minutes=1)
    return end


def rises_in(hours: ValidHours, station_id: str, minute: pd.DataFrame | None = None) -> tuple[EventRise, ...]:
    """Rises as of `find_rises`, of hours that were taken with the end of the minutes as ``until``."""
    if not hours.names:
        return ()
    usual = usual_levels(hours)
    since = hours.first_h + hours.since_row
    times = np.arange(since, hours.first_h + len(hours.block)) * _HOUR_MIN
    coarse = _Series(hours.names, times, _HOUR_MIN, hours.block[hours.since_row :])
    found = [coarse]
    if minute is not None and len(minute):
        fine = _averaged(minute, since, hours.names)
        begin = fine.times[0] // _HOUR_MIN * _HOUR_MIN if len(fine.times) else times[-1] + _HOUR_MIN
        replaced = np.isin(np.array(hours.names), np.array(fine.names))
        values = np.where(replaced & (times >= begin)[:, None], np.nan, coarse.block)
        found = [_Series(hours.names, times, _HOUR_MIN, values), fine]
    return tuple(sorted(rise for item in found for rise in _rises_of(item, hours, usual, station_id)))


@dataclass(frozen=True, slots=True)
class _Series:
    """Values of some parameters, shape (time, parameter), at starts in minutes since 1970-01-01 UTC, a step [min] long."""

    names: tuple[str, ...]
    times: NDArray[np.int64]
    step: int
    block: Field


def _averaged(minute: pd.DataFrame, since_h: int, names: tuple[str, ...]) -> _Series:
    """Ten-minute means of the parameters that have hours, of whole ten minutes on the clock."""
    check_time_index(minute)
    times = pd.DatetimeIndex(minute.index).as_unit("us").asi8 // _MINUTE_US
    kept = times >= since_h * _HOUR_MIN
    values = minute[[name for name in map(str, minute.columns) if name in names]]
    known = tuple(map(str, values.columns[np.isfinite(values.to_numpy(dtype=np.float64)).any(axis=0)]))
    block, bins = values[list(known)].to_numpy(dtype=np.float64)[kept], times[kept] // MINUTES
    if not len(bins) or not known:
        return _Series((), np.empty(0, dtype=np.int64), MINUTES, np.empty((0, 0)))
    starts = np.flatnonzero(np.diff(bins, prepend=bins[0] - 1))
    count = np.add.reduceat(np.isfinite(block).astype(np.float64), starts, axis=0)
    total = np.add.reduceat(np.nan_to_num(block), starts, axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
    return _Series(known, bins[starts] * MINUTES, MINUTES, mean)


def _rises_of(series: _Series, hours: ValidHours, usual: UsualLevels, station_id: str) -> Iterator[EventRise]:
    if not len(series.times):
        return
    columns = np.array([hours.names.index(name) for name in series.names], dtype=np.intp)
    rows = series.times // _HOUR_MIN - hours.first_h - hours.since_row
    score, ratio = _deviation(series.block, rows, usual, columns)
    raised = np.where(series.block > _limits(series), np.fmax(score, HIGH), score)
    for is_fall, deviation, wanted in ((False, raised, watched()), (True, -score, falling())):
        for column in np.flatnonzero((deviation >= HIGH).any(axis=0)):
            if series.names[column] in wanted:
                size = -score[:, column] if is_fall else score[:, column]
                for run in _runs(series, deviation[:, column]):
                    yield _rise(
                        series, run, (size, ratio[:, column]), (station_id, series.names[column]), is_fall=is_fall
                    )


def _rise(
    series: _Series, run: Positions, figures: tuple[Field, Field], of: tuple[str, str], *, is_fall: bool
) -> EventRise:
    """Rise of the values at some positions, with their deviations and ratios, of a station and a parameter."""
    size, ratio = figures
    peak = int(run[np.argmax(np.nan_to_num(size[run]))])
    return EventRise(
        start=_moment(series.times[run[0]]),
        end=_moment(series.times[run[-1]] + series.step),
        station_id=of[0],
        parameter=of[1],
        peak_at=_moment(series.times[peak]),
        score=round(max(float(np.nan_to_num(size[peak])), 0.0), 3),
        ratio=round(float(np.nan_to_num(ratio[peak], nan=1.0)), 4),
        is_fall=is_fall,
    )


def _moment(minutes: int) -> datetime:
    return datetime.fromtimestamp(int(minutes) * 60, UTC)


def _deviation(values: Field, rows: NDArray[np.int64], usual: UsualLevels, columns: Positions) -> tuple[Field, Field]:
    """Deviation in robust standard deviations, and ratio to the usual value; NaN where either is missing."""
    median = usual.median[rows][:, columns]
    score = (np.sqrt(np.maximum(values, 0.0)) - median) / usual.spread[rows][:, columns]
    return score, values / np.maximum(np.square(median), TINY)


def _limits(series: _Series) -> Field:
    """Threshold of an episode at each value, by UTC day; infinite where the parameter has none."""
    limits = np.full(series.block.shape, np.inf)
    days = series.times // (24 * _HOUR_MIN)
    for column, name in enumerate(series.names):
        if name in watched_parameters():
            limits[:, column] = [_limit(name, int(day)) for day in days]
    return limits


@cache
def _limit(name: str, day: int) -> float:
    """Threshold on a day, counted from 1970-01-01."""
    found = threshold_on(name, date(1970, 1, 1) + timedelta(days=day))
    return np.inf if found is None else found.value


def _runs(series: _Series, deviation: Field) -> Iterator[Positions]:
    """Positions of the values of each rise: all above `LOW`, gaps up to `BRIDGED_H`, one above `HIGH`."""
    above = np.flatnonzero(deviation >= LOW)
    gap = np.diff(series.times[above]) - series.step
    for run in np.split(above, np.flatnonzero(gap > BRIDGED_H * _HOUR_MIN) + 1):
        if deviation[run].max() >= HIGH:
            yield run
