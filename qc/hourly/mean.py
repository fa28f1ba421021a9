"""Native values and their flags to hourly values.

An hour's value is the mean of its valid values (`schemas.flag.is_valid`), their sum for rain and the direction of their
mean vector for wind direction. A value belongs to the hour in which its interval starts. An hour with one valid native value has
a value; whether it may enter statistics is the flag of the test `completeness`.

Expected and present values of an hour: `schemas.completeness`. A gas chromatograph is complete with one value an hour, also with
a cadence of about 50 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import mean_directions
from qc.native.wind import WIND_SPEED
from schemas.completeness import HOUR_S, covered_share, expected_count
from schemas.flag import Flag, is_valid
from schemas.frames import COMPLETENESS, COUNT, STD, columns_of, frame_of, parameters_in
from schemas.parameter import AveragingMethod, parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: Coefficient ``2 / sqrt(3) - 1`` of Yamartino's standard deviation of angles [1].
YAMARTINO = 2 / 3**0.5 - 1


@dataclass(frozen=True, slots=True)
class Hourly:
    """Hourly values of one or more instruments of a station, before the hourly tests.

    Attributes
    ----------
    frame : DataFrame
        Index ``start``; ``<p>``, ``<p>__n`` and ``<p>__std`` (but for sums) of `schemas.frames` hourly.
    completeness : DataFrame
        Same index, by parameter: part of the hour covered by valid values, 0 to 1 [1].
    certain : DataFrame
        The same, of values that are valid and not SUSPECT.
    expected : Mapping of str to int
        Values an hour by parameter.
    """

    frame: pd.DataFrame
    completeness: pd.DataFrame
    certain: pd.DataFrame
    expected: Mapping[str, int]


def aggregate(
    native: pd.DataFrame, flags: Mapping[str, NDArray[np.int8]], hours: pd.DatetimeIndex, *, cadence_s: int
) -> Hourly:
    """Hourly values of one instrument.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native; rows outside ``hours`` are left out.
    flags : mapping of str to array of int8
        Combined flags by parameter, one a row.
    hours : DatetimeIndex
        Starts of UTC hours, consecutive, ascending. For a cadence above an hour, only those with a reading are returned.
    cadence_s : int
        Seconds between two readings [s], > 0.

    Returns
    -------
    Hourly
        NaN and a count of 0 where an hour has no valid value, or no direction (calm).
    """
    frame = _Rows.of(native, hours, cadence_s)
    columns = columns_of(native, parameters_in(native))
    values: dict[str, NDArray[np.generic]] = {}
    shares: dict[str, NDArray[np.float64]] = {}
    certain: dict[str, NDArray[np.float64]] = {}
    for code, numbers in columns.items():
        valid = is_valid(flags[code]) & np.isfinite(numbers) & frame.inside
        mean = _statistic(code, columns, flags, frame, valid)
        count = np.where(np.isnan(mean), 0, frame.count(valid))
        values[code], values[code + COUNT] = mean, count
        if parameter(code).averaging is not AveragingMethod.SUM:
            values[code + STD] = _spread(code, numbers[valid], frame.row[valid], mean)
        shares[code] = np.where(count > 0, frame.share(valid), 0.0)
        suspect = valid & (flags[code] == Flag.SUSPECT)
        certain[code] = np.where(count > 0, frame.share(valid & ~suspect), 0.0) if suspect.any() else shares[code]
    expected = dict.fromkeys(columns, expected_count(cadence_s))
    whole = Hourly(
        pd.DataFrame(values, index=hours),
        frame_of(shares, hours),
        frame_of(certain, hours),
        expected,
    )
    return whole if cadence_s <= HOUR_S else _select(whole, frame.count(frame.inside) > 0)


def merge(parts: Sequence[Hourly]) -> Hourly:
    """Join the instruments of a station.

    Of two with the same parameter, the hour is that of the more complete one; of equals, of the first.
    """
    if len(parts) == 1:
        return parts[0]
    hours = pd.DatetimeIndex(parts[0].frame.index)
    for part in parts[1:]:
        hours = hours.union(pd.DatetimeIndex(part.frame.index))
    values: dict[str, pd.Series] = {}
    shares: dict[str, pd.Series] = {}
    certain: dict[str, pd.Series] = {}
    expected: dict[str, int] = {}
    for part in parts:
        for code in parameters_in(part.frame):
            share = part.completeness[code].reindex(hours, fill_value=0.0)
            better = share > shares[code] if code in shares else pd.Series(data=True, index=hours)
            expected.setdefault(code, part.expected[code])
            _take(shares, code, share, better)
            _take(certain, code, part.certain[code].reindex(hours, fill_value=0.0), better)
            _take(values, code, part.frame[code].reindex(hours), better)
            _take(values, code + COUNT, part.frame[code + COUNT].reindex(hours, fill_value=0), better)
            if code + STD in part.frame:
                _take(values, code + STD, part.frame[code + STD].reindex(hours), better)
    return Hourly(
        pd.DataFrame(values, index=hours),
        pd.DataFrame(shares, index=hours),
        pd.DataFrame(certain, index=hours),
        expected,
    )


def with_completeness(hours: pd.DataFrame, made: Hourly) -> pd.DataFrame:
    """Finished hours with ``<p>__completeness`` next to each mean, rounded to four digits [1]."""
    shares = made.completeness.reindex(hours.index)[parameters_in(hours)].round(4)
    return pd.concat([hours, shares.add_suffix(COMPLETENESS)], axis=1)


def _take(target: dict[str, pd.Series], name: str, source: pd.Series, better: pd.Series) -> None:
    target[name] = source.where(better, target[name]) if name in target else source


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where each native row falls."""

    row: NDArray[np.int64]
    inside: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    hours: int
    cadence_s: int

    @classmethod
    def of(cls, native: pd.DataFrame, hours: pd.DatetimeIndex, cadence_s: int) -> _Rows:
        microseconds = pd.DatetimeIndex(native.index).as_unit("us").asi8
        first = hours.as_unit("us").asi8[0] if len(hours) else 0
        row = (microseconds - first) // (HOUR_S * 1_000_000)
        return cls(row, (row >= 0) & (row < len(hours)), (microseconds - first) / 1e6, len(hours), cadence_s)

    def count(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(self.row[chosen], minlength=self.hours)

    def share(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Completeness of each hour by the chosen values."""
        return covered_share(self.seconds[chosen], self.row[chosen], self.hours, cadence_s=self.cadence_s)


def _statistic(
    code: str,
    native: Mapping[str, NDArray[np.float64]],
    flags: Mapping[str, NDArray[np.int8]],
    frame: _Rows,
    valid: NDArray[np.bool_],
) -> NDArray[np.float64]:
    numbers, rows = native[code][valid], frame.row[valid]
    method = parameter(code).averaging
    if method is AveragingMethod.VECTOR:
        return mean_directions(numbers, _weights(native, flags, frame, valid), rows, frame.hours)
    count = np.bincount(rows, minlength=frame.hours).astype(np.float64)
    # The distance from the hour's first value is averaged: exact for a constant, and no digits are lost on large numbers.
    first = np.full(frame.hours, np.nan)
    first[rows[::-1]] = numbers[::-1]
    distance = np.bincount(rows, weights=numbers - first[rows], minlength=frame.hours)
    summed = method is AveragingMethod.SUM
    value: NDArray[np.float64] = first * count + distance if summed else first + distance / np.maximum(count, 1.0)
    return value


def _spread(
    code: str, numbers: NDArray[np.float64], rows: NDArray[np.int64], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standard deviation of the valid values of each hour, NaN below two; of wind directions that of angles [deg].

    References
    ----------
    Yamartino, J. Climate Appl. Meteor. 23 (1984) 1362: standard deviation of wind direction in one pass, equation for
    sigma_theta from the mean sine and cosine.
    """
    count = np.bincount(rows, minlength=mean.size).astype(np.float64)
    if parameter(code).averaging is AveragingMethod.VECTOR:
        angle, many = np.radians(numbers), np.maximum(count, 1.0)
        sine = np.bincount(rows, weights=np.sin(angle), minlength=mean.size) / many
        cosine = np.bincount(rows, weights=np.cos(angle), minlength=mean.size) / many
        apart = np.sqrt(np.clip(1.0 - (sine**2 + cosine**2), 0.0, 1.0))
        spread = np.degrees(np.arcsin(apart) * (1.0 + YAMARTINO * apart**3))
    else:
        squares = np.bincount(rows, weights=(numbers - mean[rows]) ** 2, minlength=mean.size)
        spread = np.sqrt(squares / np.maximum(count - 1.0, 1.0))
    return np.where((count > 1) & np.isfinite(mean), spread, np.nan)


def _weights(
    native: Mapping[str, NDArray[np.float64]],
    flags: Mapping[str, NDArray[np.int8]],
    frame: _Rows,
    valid: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Valid wind speeds of the directions; an hour without any such pair weighs all its directions the same."""
    rows = frame.row[valid]
    if WIND_SPEED not in native:
        return np.ones(rows.size)
    speed = native[WIND_SPEED]
    speed = np.where(is_valid(flags[WIND_SPEED]) & np.isfinite(speed), speed, np.nan)[valid]
    paired = np.bincount(rows[np.isfinite(speed)], minlength=frame.hours) > 0
    return np.where(paired[rows], np.nan_to_num(np.maximum(speed, 0.0), nan=0.0), 1.0)


def _select(whole: Hourly, rows: NDArray[np.bool_]) -> Hourly:
    return Hourly(whole.frame[rows], whole.completeness[rows], whole.certain[rows], whole.expected)
