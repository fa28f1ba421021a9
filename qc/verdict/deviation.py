"""Deviation of an episode from the preceding three days, for many series at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from qc.angle import unwrapped
from qc.robust import MAD_TO_SIGMA
from schemas.flag import Flag, is_valid
from schemas.frames import FLAG
from schemas.interval import hours_between
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from schemas.interval import Interval

    Field = NDArray[np.float64]

BEFORE_H = 72
"""Hours before a case that define the usual level [h]; project default."""
RECENT_H = 6
"""Hours right before a case, the reference of a sudden change [h]; project default."""
_LEAST_H = 12
"""Least hours with a value before a case for a usual level [h]; project default."""
_SAME_HOUR_LEAST = 3
"""Values at the same hour of the days before from which a daily course is taken [1]; project default."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Mean distance of one series from its usual level, in chosen hours of the case.

    Attributes
    ----------
    level, mean : float
        Mean value, and its distance from the usual level, canonical unit.
    z_score : float
        The distance in robust standard deviations of the days before [1].
    """

    level: float
    mean: float
    z_score: float

    @property
    def usual(self) -> float:
        """Usual level in these hours, canonical unit."""
        return self.level - self.mean


@dataclass(frozen=True, slots=True)
class ChosenHours:
    """Hours of the largest deviation of one series, from its usual level or, if sudden, from the hours right before."""

    rows: NDArray[np.bool_]
    is_sudden: bool


class HourlySeries(NamedTuple):
    """One hourly series on the axis of a case.

    Attributes
    ----------
    hours : array, shape (hour,)
        NaN where not known.
    digit : float
        Least standard deviation: the last digit, unit of the values.
    relative : float
        Least standard deviation as a part of the usual level [1].
    """

    hours: Field
    digit: float
    relative: float


@dataclass(frozen=True, slots=True)
class ResidualSeries:
    """Hourly series over the days before a case and the case, with the usual level of each.

    Attributes
    ----------
    index : DatetimeIndex
        Every hour, `BEFORE_H` of them before the case.
    names : tuple of str
        Of the series.
    values, residual : array, shape (hour, series)
        NaN where not known; the residual is the distance from the usual level of that time of day.
    recent : array, shape (series,)
        Median residual of the hours right before the case.
    spread, change : array, shape (series,)
        Robust standard deviation of the residual, and of its change against the hours right before.
    """

    index: pd.DatetimeIndex
    names: tuple[str, ...]
    values: Field
    residual: Field
    recent: Field
    spread: Field
    change: Field

    @classmethod
    def of(cls, index: pd.DatetimeIndex, series: Mapping[str, HourlySeries]) -> ResidualSeries:
        """Take the usual levels from the hours before the case.

        Parameters
        ----------
        index : DatetimeIndex
            See `axis`.
        series : mapping of str to HourlySeries
        """
        values = np.column_stack([item.hours for item in series.values()]) if series else np.empty((len(index), 0))
        before = values[:BEFORE_H]
        residual = values - _usual(before, index.hour.to_numpy())
        relative = np.array([item.relative for item in series.values()])
        floor = np.fmax(relative * median(np.abs(before)), [item.digit for item in series.values()])
        known = np.isfinite(before).sum(axis=0) >= _LEAST_H
        change = _changes(residual[:BEFORE_H])
        return cls(
            index,
            tuple(series),
            values,
            residual,
            median(residual[BEFORE_H - RECENT_H : BEFORE_H], least=RECENT_H // 2),
            np.where(known, np.fmax(MAD_TO_SIGMA * median(np.abs(residual[:BEFORE_H])), floor), np.nan),
            np.where(known, np.fmax(MAD_TO_SIGMA * median(np.abs(change)), floor), np.nan),
        )

    def column(self, name: str) -> int:
        """Position of a series."""
        return self.names.index(name)

    def choose(self, name: str) -> ChosenHours | None:
        """The third of the case's hours with the largest deviation, so that a long case does not dilute a short deviation.

        Relative to the usual level or to the hours right before, whichever differs by more of its own standard deviations:
        after days of haze the level is uninformative, and on the second day of haze the hours before are.
        None without a valid hour in the case or enough of them before.
        """
        at, best = self.column(name), None
        away = self.residual[BEFORE_H:, at]
        count = int(np.isfinite(away).sum())
        for mode, origin, spread in ((False, 0.0, self.spread[at]), (True, self.recent[at], self.change[at])):
            if not count or not np.isfinite(origin + spread):
                continue
            order = np.argsort(-np.nan_to_num(np.abs(away - origin), nan=-1.0), kind="stable")[: max(1, count // 3)]
            rows = np.zeros(len(self.index), dtype=bool)
            rows[BEFORE_H + order] = True
            strength = abs(float((away[order] - origin).mean())) / float(spread)
            if best is None or strength > best[0]:
                best = (strength, ChosenHours(rows, mode))
        return None if best is None else best[1]

    def deviations(self, chosen: ChosenHours) -> dict[str, Deviation]:
        """Deviation of each series in chosen hours; those that have no value there, or too few before, are absent."""
        inside = self.residual[chosen.rows]
        there = np.isfinite(inside)
        count = there.sum(axis=0)
        total = np.where(there, inside, 0.0).sum(axis=0)
        level = np.where(there, self.values[chosen.rows], 0.0).sum(axis=0)
        origin = self.recent if chosen.is_sudden else np.zeros(len(self.names))
        spread = self.change if chosen.is_sudden else self.spread
        known = (count > 0) & np.isfinite(origin + spread)
        return {
            name: Deviation(
                float(level[at] / count[at]),
                float(total[at] / count[at] - origin[at]),
                float((total[at] / count[at] - origin[at]) / spread[at]),
            )
            for at, name in enumerate(self.names)
            if known[at]
        }


def axis(interval: Interval) -> pd.DatetimeIndex:
    """Every hour from `BEFORE_H` before a case to its end."""
    hours = hours_in(interval)
    return pd.date_range(hours[0] - pd.Timedelta(hours=BEFORE_H), hours[-1], freq="h", unit="us")


def table(frame: pd.DataFrame, codes: Sequence[str], index: pd.DatetimeIndex) -> Field:
    """Valid values of an hourly frame on an axis, shape (hour, code); NaN where absent, not valid or not measured.

    A direction is put on a line, without its jumps across north.
    """
    found = np.full((len(index), len(codes)), np.nan)
    columns = {str(name): at for at, name in enumerate(frame.columns)}
    there = [at for at, code in enumerate(codes) if code in columns]
    rows = index.get_indexer(pd.DatetimeIndex(frame.index))
    inside = rows >= 0
    if not there or not inside.any():
        return found
    values = frame.iloc[inside, [columns[codes[at]] for at in there]].to_numpy(dtype=np.float64, copy=True)
    flagged = [
        (at, columns[codes[column] + FLAG]) for at, column in enumerate(there) if codes[column] + FLAG in columns
    ]
    if flagged:
        positions, sources = zip(*flagged, strict=True)
        flags = frame.iloc[inside, list(sources)].to_numpy(dtype=np.float64)
        valid = is_valid(np.nan_to_num(flags, nan=Flag.MISSING).astype(np.int8))
        values[:, positions] = np.where(valid, values[:, positions], np.nan)
    for at, column in enumerate(there):
        values[:, at] = unwrapped(values[:, at], parameter(codes[column]).period)
    found[np.ix_(rows[inside], np.array(there))] = values
    return found


def hours_in(interval: Interval) -> pd.DatetimeIndex:
    """Starts of the hours that an interval touches, at least the one it begins in."""
    hours = hours_between(interval.start, max(interval.end, interval.start + pd.Timedelta(seconds=1)))
    return pd.DatetimeIndex(hours).as_unit("us")


def _usual(before: Field, hour: NDArray[np.int64]) -> Field:
    """Median of the same time of day (an hour more or less) of the days before, or of all their hours where there are too few."""
    at_all = median(before)
    by_hour = np.empty((24, before.shape[1]))
    for at in range(24):
        distance = (hour[: len(before)] - at + 12) % 24 - 12
        by_hour[at] = median(before[np.abs(distance) <= 1], least=_SAME_HOUR_LEAST)
    return np.where(np.isnan(by_hour), at_all, by_hour)[hour]


def _changes(residual: Field) -> Field:
    """Each hour's residual less the median of the `RECENT_H` hours before it."""
    windows = np.lib.stride_tricks.sliding_window_view(residual, RECENT_H, axis=0)[:-1]
    recent = median(np.moveaxis(windows, -1, 0), least=RECENT_H // 2)
    found: Field = residual[RECENT_H:] - recent
    return found


def median(values: Field, least: int = 1) -> Field:
    """Median of the finite values along the first axis; NaN where they are fewer than ``least``."""
    ordered = np.sort(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0)[None], axis=0)[0] for at in ((count - 1) // 2, count // 2)
    )
    high = np.where(np.isnan(high), low, high)
    found: Field = np.where(count >= max(1, least), (low + high) / 2, np.nan)
    return found
