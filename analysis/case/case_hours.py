"""Hours of all stations of a case on one axis of time: values by parameter, and their deviation from the usual level.

The usual level of a station and parameter is the median of its earlier hours of the same hour of day, one hour before and
after included. Deviations are differences of logarithms, so that stations of different levels compare; of a parameter that
may be negative they are plain differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.case.case_input import HISTORY
from analysis.case.minute_hour import hours_of_minutes
from qc.robust import MAD_TO_SIGMA
from schemas.flag import is_valid
from schemas.frames import FLAG
from schemas.geodesy import km_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.case.case_input import CaseInput

    Field = NDArray[np.float64]
    Mask = NDArray[np.bool_]

HOUR = pd.Timedelta(hours=1)
GUARD = timedelta(hours=2)
"""Hours right before the window that are not part of its history: an event rarely begins with the alert."""
DAY_H = 24
_HOUR_S = 3600
LEAST_HISTORY_H = 48
"""Fewer valid hours of history give no usual level [h]."""
FULL_HISTORY_H = 20 * DAY_H
"""Fewer valid hours before the event are listed as missing [h]."""
_OFFSET = 0.1
"""Part of the median of the history that is added before the logarithm [1]: values near zero do not weigh more than others."""
_FEW = 8
"""Columns that are taken from a frame one by one."""
_STEADY = 1e-3
"""Smallest spread of deviations [1]: a steadier series is not taken as steadier."""


@dataclass(frozen=True, slots=True)
class StationSeries:
    """Values of one parameter at the stations of a case_hours, and their deviations from the usual level.

    Attributes
    ----------
    value, deviation : array, (station, hour)
        Canonical unit, and logarithm of the ratio to the usual level [1]; NaN where missing.
    usual : array, (station, hour)
        Canonical unit.
    offset : array, (station,)
        Added before the logarithm, canonical unit.
    spread : array, (station,)
        Robust standard deviation of the hourly deviations of the history [1].
    block : array, (station,)
        The same of means over as many hours as the window has [1].
    history : array, (station,)
        Valid hours of the history.
    """

    value: Field
    deviation: Field
    usual: Field
    offset: Field
    spread: Field
    block: Field
    history: NDArray[np.int64]


class CaseHours:
    """Stations of a case, the own one first and then by distance, on the hours from the history to the end of the window."""

    def __init__(self, given: CaseInput) -> None:
        self.given = given
        self.station_ids = _by_distance(given)
        first = pd.Timestamp(given.window.start).floor("h")
        last = pd.Timestamp(given.window.end - timedelta(microseconds=1)).floor("h")
        self.hours = pd.date_range(first - HISTORY, last, freq="h", name="start").as_unit("us")
        self.inside: Mask = np.asarray(self.hours >= first)
        self.before: Mask = np.asarray(self.hours < first - GUARD)
        self._series: dict[str, StationSeries] = {}
        self._tables: dict[str, Field] = {}
        self._at: dict[tuple[int, str], NDArray[np.intp]] = {}

    @cached_property
    def hour_of_day(self) -> NDArray[np.int64]:
        """Civil hour of each hour, shape (hour,)."""
        return np.asarray(self.hours.tz_convert(self.given.zone).hour, dtype=np.int64)

    @cached_property
    def partial(self) -> dict[str, pd.DataFrame]:
        """Means of the minutes, by station id, of hours and parameters that the hourly frame has neither a value nor a flag of."""
        found = {}
        first, last = (int(moment.timestamp()) // _HOUR_S for moment in self.hours[[0, -1]])
        for name, frame in self.given.minute.items():
            hours = pd.DatetimeIndex(frame.index).as_unit("s").asi8 // _HOUR_S
            begin, end = np.searchsorted(hours, [first, last + 1])
            made = _without_known(hours_of_minutes(frame.iloc[begin:end]), self.given.hourly.get(name))
            if len(made):
                found[name] = made
        return found

    def measured(self, station_id: str) -> tuple[str, ...]:
        """Parameters of a station."""
        names: dict[str, None] = {}
        for frames in (self.given.hourly, self.given.minute):
            if station_id in frames:
                names |= dict.fromkeys(str(item) for item in frames[station_id].columns if "__" not in str(item))
        return tuple(names)

    def table(self, parameter: str) -> Field:
        """Valid values, shape (station, hour); NaN where missing; computed once."""
        if parameter not in self._tables:
            self._tables[parameter] = np.array([self.row(name, parameter) for name in self.station_ids])
        return self._tables[parameter]

    def series(self, parameter: str) -> StationSeries:
        """Values and deviations of a parameter at all stations, computed once."""
        if parameter not in self._series:
            self._series[parameter] = self.deviating(self.table(parameter))
        return self._series[parameter]

    def row(self, station_id: str, parameter: str) -> Field:
        """Valid values of one station, shape (hour,); NaN where missing."""
        return np.asarray(self.rows(station_id, (parameter,))[0])

    def rows(self, station_id: str, parameters: Sequence[str]) -> Field:
        """Valid values of one station, shape (parameter, hour); NaN where missing."""
        found = np.full((len(parameters), len(self.hours)), np.nan)
        for which, frames in enumerate((self.partial, self.given.hourly)):
            frame = frames.get(station_id)
            if frame is None:
                continue
            order = np.array([index for index, name in enumerate(parameters) if name in frame], dtype=np.intp)
            if not len(order):
                continue
            at = self._positions(which, station_id, frame)
            values = _valid_columns(frame, [parameters[index] for index in order])[at >= 0].T
            cells = np.ix_(order, at[at >= 0])
            found[cells] = np.where(np.isfinite(values), values, found[cells])
        return found

    def _positions(self, which: int, station_id: str, frame: pd.DataFrame) -> NDArray[np.intp]:
        """Where the hours of a frame lie on the axis; -1 outside; computed once."""
        key = which, station_id
        if key not in self._at:
            self._at[key] = self.hours.get_indexer(pd.DatetimeIndex(frame.index))
        return self._at[key]

    def deviating(self, values: Field) -> StationSeries:
        """Deviations of series on the hours of the case, shape (series, hour)."""
        known = np.where(self.before[None, :], values, np.nan)
        history = np.isfinite(known).sum(axis=1)
        enough = history >= LEAST_HISTORY_H
        if not enough.any():
            gone = np.full_like(values, np.nan)
            none = np.full(len(values), np.nan)
            return StationSeries(values, gone, gone, none, none, none, history)
        level = median_of(known)
        offset = _OFFSET * np.abs(level)
        logs = np.log(np.maximum(values, 0.0) + np.maximum(offset, 1e-9)[:, None])
        usual_log = self._usual(np.where(self.before[None, :], logs, np.nan))
        deviation = np.where(enough[:, None], logs - usual_log, np.nan)
        past = np.where(self.before[None, :], deviation, np.nan)
        return StationSeries(
            value=values,
            deviation=deviation,
            usual=np.exp(usual_log) - offset[:, None],
            offset=offset,
            spread=np.maximum(spread_of(past), _STEADY),
            block=np.maximum(spread_of(moving_mean(past, int(self.inside.sum()))), _STEADY),
            history=history,
        )

    def _usual(self, past: Field) -> Field:
        """Median of the same hour of day, one hour before and after included; of all hours where those are too few."""
        everything = median_of(past)
        found = np.empty_like(past)
        for hour in range(DAY_H):
            near = np.isin(self.hour_of_day, [(hour - 1) % DAY_H, hour, (hour + 1) % DAY_H])
            of_hour = median_of(past[:, near & self.before])
            found[:, self.hour_of_day == hour] = np.where(np.isfinite(of_hour), of_hour, everything)[:, None]
        return found


def _without_known(made: pd.DataFrame, hourly: pd.DataFrame | None) -> pd.DataFrame:
    """Hours of minutes without what the hourly frame has; networks of a station become known one after another."""
    if hourly is None:
        return made
    near = hourly[np.asarray(hourly.index >= made.index[0])].reindex(made.index) if len(made) else hourly.iloc[:0]
    values = made.to_numpy(dtype=float, copy=True)
    for at, name in enumerate(map(str, made.columns)):
        for column in (name, name + FLAG):
            if column in near:
                values[near[column].notna().to_numpy(), at] = np.nan
    kept = np.isfinite(values).any(axis=1)
    return pd.DataFrame(values[kept], index=made.index[kept], columns=made.columns)


def _valid_columns(frame: pd.DataFrame, names: list[str]) -> Field:
    """Columns of a frame with those values set to NaN that may not enter statistics, shape (hour, parameter)."""
    values = _columns(frame, names)
    at = [index for index, name in enumerate(names) if name + FLAG in frame]
    if at:
        flags = _columns(frame, [names[index] + FLAG for index in at])
        is_kept = is_valid(np.nan_to_num(flags, nan=9).astype(np.int8))
        values[:, at] = np.where(is_kept, values[:, at], np.nan)
    return values


def _columns(frame: pd.DataFrame, names: list[str]) -> Field:
    """A copy of columns, shape (hour, column); of few ones each by itself, which costs a part of a selection."""
    if len(names) > _FEW:
        return frame[names].to_numpy(dtype=float, copy=True)
    return np.column_stack([frame[name].to_numpy(dtype=float) for name in names])


def moving_mean(values: Field, length: int) -> Field:
    """Means of ``length`` consecutive hours of which at least half are known, NaN elsewhere; shape (station, hour).

    Examples
    --------
    >>> moving_mean(np.array([[1.0, 3.0, np.nan, np.nan]]), 2).tolist()
    [[2.0, 3.0, nan]]
    """
    length = min(length, values.shape[1])
    known = np.isfinite(values)
    total = np.cumsum(np.pad(np.where(known, values, 0.0), ((0, 0), (1, 0))), axis=1)
    count = np.cumsum(np.pad(known, ((0, 0), (1, 0))), axis=1)
    n = count[:, length:] - count[:, :-length]
    mean = (total[:, length:] - total[:, :-length]) / np.maximum(n, 1)
    return np.where(2 * n >= length, mean, np.nan)


def mean_of(values: Field) -> Field:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def median_of(values: Field) -> Field:
    """Median over the last axis of what is known; NaN where nothing is.

    Examples
    --------
    >>> median_of(np.array([[3.0, np.nan, 1.0], [np.nan, np.nan, np.nan]])).tolist()
    [2.0, nan]
    """
    count = np.isfinite(values).sum(axis=-1)
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)  # NaN last
    low, high = np.maximum((count - 1) // 2, 0), np.maximum(count // 2, 0)
    pair = np.take_along_axis(ordered, np.stack([low, np.minimum(high, values.shape[-1] - 1)], axis=-1), axis=-1)
    return np.where(count > 0, pair.mean(axis=-1), np.nan)


def spread_of(values: Field) -> Field:
    """Robust standard deviation over the last axis; NaN where nothing is known."""
    return MAD_TO_SIGMA * median_of(np.abs(values - median_of(values)[:, None]))


def _by_distance(given: CaseInput) -> tuple[str, ...]:
    """Ids of the stations with data, the own one first, then by distance; those without a place last."""
    own = given.station
    names = [name for name in given.stations if name != own.id and (name in given.hourly or name in given.minute)]
    return (own.id, *sorted(names, key=lambda name: (distance_km(given, name), name)))


def distance_km(given: CaseInput, station_id: str) -> float:
    """From the station of the case [km]; infinite where a place is not known."""
    return km_between(given.station, given.stations[station_id])
