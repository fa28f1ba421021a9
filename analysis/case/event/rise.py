"""Rises: stretches of one parameter at one station above its own usual course.

The usual course at an hour is the median of the square roots of the 28 days before the day, over the same hour of day and
the hour before and after it; what lies above it counts in robust standard deviations of these values. Only the days before are used,
so an hour that comes later does not change a rise that was found, it only extends it. Square roots lie between the
logarithms that suit emitted species and the values that suit ozone. Hours above the threshold of an episode
(`analysis.statistics.episode`) are part of a rise whatever is usual: where haze is usual, it still is an event.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from analysis.case.event.family import falling, watched
from analysis.statistics.episode import threshold_on
from qc.robust import MAD_TO_SIGMA
from schemas.frames import check_time_index, parameters_in, valid_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from schemas.interval import Interval

    Field = NDArray[np.float64]

DAYS = 28
"""Days before that give the usual course [d]; project choice."""
MINIMUM_HOURS = 96
"""Fewest valid hours of these days; with fewer no rise is found; project choice."""
HIGH = 3.5
"""Robust standard deviations [1] that one hour of a rise must reach; project choice, on simulated events."""
LOW = 2.0
"""Robust standard deviations [1] that all its other hours must reach; project choice."""
BRIDGED = timedelta(hours=1)
"""Longest stretch below `LOW`, or without a value, inside a rise."""
MINUTES = timedelta(minutes=10)
"""Minute values are averaged over so long."""
SMALLEST_SPREAD = 0.0025
"""Of square roots, by their median [1]: a course steadier than about 0.5 % of the value does not count as steadier."""
SMALLEST_HOUR = 0.5
"""Spread of an hour of day by that of the whole day [1]; a smaller one does not count."""
_TINY = 1e-9
_HOURS = 24
_HOUR = timedelta(hours=1)


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
        ``schemas.frames`` hourly, from `DAYS` before ``since`` on; invalid hours count as missing.
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
    check_time_index(hourly)
    names = [name for name in parameters_in(hourly) if name in watched() | falling()]
    values = pd.DataFrame({name: valid_values(hourly, name) for name in names}, index=hourly.index)
    values = _on_hours(values, since)
    if values.empty or not names:
        return ()
    usual = _usual(values, since)
    fine = _averaged(minute, since, names)
    coarse = values[values.index >= pd.Timestamp(since)]
    found: list[EventRise] = []
    for name in names:
        series, step = (fine[name].dropna(), MINUTES) if name in fine else (coarse[name], _HOUR)
        if name in fine and len(series):
            early = coarse[name][coarse.index < series.index[0].floor("h")]
            found += _rises_of(name, early, _HOUR, usual, station_id)
        found += _rises_of(name, series, step, usual, station_id)
    return tuple(sorted(found))


def stated_rise(hourly: pd.DataFrame, station_id: str, parameter: str, window: Interval) -> EventRise:
    """A rise whose hours are known, such as those of an alert, with its deviation from the usual course.

    Parameters
    ----------
    hourly : pd.DataFrame
        As in `find_rises`.
    station_id, parameter : str
    window : Interval
        Its hours or minutes, UTC.

    Returns
    -------
    EventRise
        With a score of 0 and a ratio of 1 where the usual course or the hours are not known.

    Examples
    --------
    >>> from datetime import UTC
    >>> from schemas.interval import Interval
    >>> begin = datetime(2026, 5, 30, 14, tzinfo=UTC)
    >>> hours = pd.date_range("2026-05-01", periods=30 * 24, freq="h", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"so2": 10.0 + np.arange(720) % 7}, index=hours)
    >>> frame.loc[hours[711], "so2"] = 18.0
    >>> stated_rise(frame, "ln-sy-01", "so2", Interval(begin, begin + timedelta(hours=2))).score
    1.607
    """
    check_time_index(hourly)
    stated = EventRise(
        start=window.start,
        end=window.end,
        station_id=station_id,
        parameter=parameter,
        peak_at=window.start,
        score=0.0,
        ratio=1.0,
    )
    values = _on_hours(pd.DataFrame({parameter: valid_values(hourly, parameter)}, index=hourly.index), window.start)
    part = values[parameter][(values.index >= pd.Timestamp(window.start)) & (values.index < pd.Timestamp(window.end))]
    if part.empty:
        return stated
    score, ratio = _score(parameter, part, pd.DatetimeIndex(part.index), _usual(values, window.start))
    if not np.isfinite(score).any():
        return stated
    peak = int(np.nanargmax(score))
    at = pd.DatetimeIndex(part.index)[peak].to_pydatetime()
    known: dict[str, Any] = {
        "peak_at": at,
        "score": max(round(float(score[peak]), 3), 0.0),
        "ratio": round(float(ratio[peak]), 4),
    }
    return msgspec.structs.replace(stated, **known)


class _Usual(msgspec.Struct, frozen=True):
    """Usual course by day, hour and parameter: median and spread of the square root."""

    first: pd.Timestamp
    names: list[str]
    median: Field
    spread: Field


def _on_hours(values: pd.DataFrame, since: datetime) -> pd.DataFrame:
    """Whole UTC days of hours, from `DAYS` before the day of ``since`` to that of the last hour."""
    if values.empty:
        return values
    first = pd.Timestamp(since).floor("D") - pd.Timedelta(days=DAYS)
    last = pd.DatetimeIndex(values.index)[-1].ceil("D")
    if pd.DatetimeIndex(values.index)[-1] == last:
        last += pd.Timedelta(days=1)
    whole = pd.date_range(first, last, freq="h", inclusive="left", name="start")
    return values.reindex(whole.as_unit(pd.DatetimeIndex(values.index).unit))


def _usual(values: pd.DataFrame, since: datetime) -> _Usual:
    block = values.to_numpy(dtype=np.float64).reshape(-1, _HOURS, values.shape[1])
    days = [_usual_of(block[day - DAYS : day]) for day in range(DAYS, len(block))]
    median, spread = (np.array(part) for part in zip(*days, strict=True))
    return _Usual(pd.Timestamp(since).floor("D"), [*map(str, values.columns)], median, spread)


def _usual_of(before: Field) -> tuple[Field, Field]:
    """Median and spread by hour and parameter of the days before, shape (day, hour, parameter)."""
    roots = np.sqrt(np.maximum(before, 0.0))
    around = np.concatenate([np.roll(roots, shift, axis=1) for shift in (-1, 0, 1)])
    median = _median(around)
    of_hour = MAD_TO_SIGMA * _median(np.abs(around - median))
    of_day = MAD_TO_SIGMA * _median(np.abs(roots - median).reshape(-1, before.shape[2]))
    least = np.maximum(SMALLEST_HOUR * of_day, SMALLEST_SPREAD * _median(median))
    spread = np.maximum(of_hour, np.maximum(least, _TINY))
    spread[:, np.isfinite(roots).sum(axis=(0, 1)) < MINIMUM_HOURS] = np.nan
    return median, spread


def _median(values: Field) -> Field:
    """Median along the first axis without missing values; NaN where all are missing."""
    ordered = np.sort(values, axis=0)
    count = np.isfinite(ordered).sum(axis=0)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[None], axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, len(ordered) - 1)[None], axis=0)[0]
    return np.asarray(np.where(count > 0, (low + high) / 2, np.nan))


def _averaged(minute: pd.DataFrame | None, since: datetime, names: list[str]) -> pd.DataFrame:
    """Ten-minute means of the parameters that have a course."""
    if minute is None or minute.empty:
        return pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC"))
    check_time_index(minute)
    known = [name for name in map(str, minute.columns) if name in names and minute[name].notna().any()]
    part = minute.loc[minute.index >= pd.Timestamp(since), known]
    return part.resample(MINUTES).mean()


def _rises_of(name: str, series: pd.Series, step: timedelta, usual: _Usual, station_id: str) -> Iterator[EventRise]:
    if series.empty:
        return
    index = pd.DatetimeIndex(series.index)
    score, ratio = _score(name, series, index, usual)
    limit = _limits(name, index)
    exceeds = series.to_numpy(dtype=np.float64) > limit
    signs = [False] * (name in watched()) + [True] * (name in falling())
    for is_fall in signs:
        deviation = -score if is_fall else score
        counted = deviation if is_fall else np.where(exceeds, np.fmax(deviation, HIGH), deviation)
        for run in _runs(index, counted, step):
            peak = int(run[np.argmax(np.nan_to_num(deviation[run], nan=0.0))])
            yield EventRise(
                start=index[run[0]].to_pydatetime(),
                end=index[run[-1]].to_pydatetime() + step,
                station_id=station_id,
                parameter=name,
                peak_at=index[peak].to_pydatetime(),
                score=round(max(float(np.nan_to_num(deviation[peak])), 0.0), 3),
                ratio=round(float(np.nan_to_num(ratio[peak], nan=1.0)), 4),
                is_fall=is_fall,
            )


def _limits(name: str, index: pd.DatetimeIndex) -> Field:
    """Threshold of an episode at each value, by UTC day; infinite where the parameter has none."""
    day = index.floor("D")
    by_day = {moment: threshold_on(name, moment.date()) for moment in day.unique()}
    known = {moment: np.inf if item is None else item.value for moment, item in by_day.items()}
    return np.array([known[moment] for moment in day], dtype=np.float64)


def _score(name: str, series: pd.Series, index: pd.DatetimeIndex, usual: _Usual) -> tuple[Field, Field]:
    """Deviation in robust standard deviations, and ratio to the usual value; NaN where either is missing."""
    column = usual.names.index(name)
    day = np.asarray((index - usual.first).days)
    hour = np.asarray(index.hour)
    day = np.minimum(day, len(usual.median) - 1)
    value = series.to_numpy(dtype=np.float64)
    median = usual.median[day, hour, column]
    score = (np.sqrt(np.maximum(value, 0.0)) - median) / usual.spread[day, hour, column]
    return score, value / np.maximum(np.square(median), _TINY)


def _runs(index: pd.DatetimeIndex, deviation: Field, step: timedelta) -> Iterator[NDArray[np.intp]]:
    """Positions of the values of each rise: all above `LOW`, gaps up to `BRIDGED`, one above `HIGH`."""
    above = np.flatnonzero(deviation >= LOW)
    if not len(above):
        return
    gap = np.diff(index.as_unit("us").asi8[above]) - step // timedelta(microseconds=1)
    breaks = np.flatnonzero(gap > BRIDGED // timedelta(microseconds=1)) + 1
    for run in np.split(above, breaks):
        if deviation[run].max() >= HIGH:
            yield run
