"""Values of one parameter at one station with everything a reader needs to trust them or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - TypedDict is read at run time
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import pandas as pd

from schemas.completeness import hour_completeness
from schemas.flag import Flag
from schemas.flagged import join_hours, join_native
from schemas.frames import COUNT, FLAG, STATUS

if TYPE_CHECKING:
    from schemas.flagged import Verdicts

#: Columns of `Series.points`.
POINT_COLUMNS = ("value", "n", "completeness", "flag", "status", "notes")
_GAP_FACTOR = 1.6


class FlagRow(TypedDict):
    """One verdict as a plain row."""

    start: datetime
    station: str
    instrument: str | None
    parameter: str
    test: str
    flag: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a plot.

    Attributes
    ----------
    network : str
        Empty where it does not matter.
    instrument_id : str or None
        None for hourly values, which are the station's.
    points : DataFrame
        Index ``start`` (UTC); ``value`` canonical unit, NaN where none; ``n`` count and ``completeness`` ratio (NaN for native
        values); ``flag`` int8, strongest of all tests; ``status`` letter, empty for normal; ``notes`` tests with reasons, a line each.
    """

    station_id: str
    network: str
    instrument_id: str | None
    parameter: str
    points: pd.DataFrame


def hourly_series(
    station_id: str,
    parameter: str,
    hourly: pd.DataFrame,
    flags: pd.DataFrame,
    *,
    expected: float | None,
    network: str = "",
) -> Series:
    """Series of one parameter out of an hourly frame.

    Parameters
    ----------
    flags : DataFrame
        Flags frame of the hours; other stations and parameters in it are ignored.
    expected : float or None
        Values a full hour holds, for hours that were stored without their completeness; None: unknown for these.
    """
    points = _points(hourly, parameter)
    if parameter + COUNT in hourly:
        points["n"] = hourly[parameter + COUNT].astype(float)
    points["completeness"] = hour_completeness(hourly, parameter, expected)
    if parameter + FLAG in hourly:
        points["flag"] = hourly[parameter + FLAG].fillna(Flag.MISSING).astype(np.int8)
    own = flags[flags["station_id"] == station_id] if len(flags) else flags
    joined = join_hours(own, parameter, points["flag"])
    points = points.assign(flag=joined.flags, notes=joined.notes)
    return Series(station_id=station_id, network=network, instrument_id=None, parameter=parameter, points=points)


def native_series(
    station_id: str,
    instrument_id: str,
    parameter: str,
    native: pd.DataFrame,
    verdicts: Verdicts,
    *,
    network: str = "",
) -> Series:
    """Series of one parameter out of a native frame; a value that no run has screened is UNKNOWN, not evaluated.

    Parameters
    ----------
    verdicts : Verdicts
        Of the station in this network.
    """
    points = _points(native, parameter)
    if parameter + STATUS in native:
        points["status"] = native[parameter + STATUS].fillna("").astype(str)
    points = points[points["value"].notna() | (points["status"] != "")]
    joined = join_native(verdicts, instrument_id, parameter, points["value"])
    points = points.assign(flag=joined.flags, notes=joined.notes)
    return Series(
        station_id=station_id, network=network, instrument_id=instrument_id, parameter=parameter, points=points
    )


def _points(frame: pd.DataFrame, parameter: str) -> pd.DataFrame:
    values = frame[parameter].astype(float) if parameter in frame else pd.Series(np.nan, index=frame.index)
    points = pd.DataFrame({"value": values, "n": np.nan, "completeness": np.nan}, index=frame.index)
    points["flag"] = np.where(points["value"].isna(), np.int8(Flag.MISSING), np.int8(Flag.UNKNOWN)).astype(np.int8)
    return points.assign(status="", notes="")


def thin(points: pd.DataFrame, limit: int) -> pd.DataFrame:
    """At most about ``limit`` points for drawing: lowest and highest of each stretch, and every point that is flagged.

    Peaks and flagged values survive; a frame that is short enough is returned as it is.
    """
    if len(points) <= limit:
        return points
    stretch = np.arange(len(points)) * (limit // 2) // len(points)
    values = points["value"].reset_index(drop=True)
    grouped = values.groupby(stretch)
    keep = {0, len(points) - 1, *grouped.idxmin().dropna().astype(int), *grouped.idxmax().dropna().astype(int)}
    flagged = np.flatnonzero(points["flag"].isin([Flag.SUSPECT, Flag.FAIL]).to_numpy())
    keep.update(int(position) for position in flagged[:: max(1, len(flagged) // limit)])
    return points.iloc[sorted(keep)]


def gap_after(points: pd.DataFrame) -> pd.Series:
    """Whether a hole follows each point: the next one is further away than one and a half usual steps.

    The usual step is the lower quartile of all, so that holes do not count; of one or two points none has a hole after it.
    """
    times = points.index.to_series()
    steps = times.shift(-1) - times
    if steps.count() <= 1:
        return pd.Series(data=False, index=points.index)
    return (steps > steps.quantile(0.25, interpolation="lower") * _GAP_FACTOR).fillna(value=False)


class Point(NamedTuple):
    """One row of `Series.points`: what is not known is None, ``notes`` are lines."""

    start: datetime
    value: float | None
    n: int | None
    completeness: float | None
    flag: int
    status: str
    notes: str


def points_of(points: pd.DataFrame) -> list[Point]:
    """Rows of `Series.points` in plain types."""
    numbers = [
        [None if math.isnan(value) else value for value in points[name].tolist()]
        for name in ("value", "n", "completeness")
    ]
    words = [points[name].tolist() for name in ("flag", "status", "notes")]
    starts = [stamp.to_pydatetime() for stamp in points.index]
    return [
        Point(start, value, None if n is None else int(n), ratio, int(flag), str(status), str(notes))
        for start, value, n, ratio, flag, status, notes in zip(starts, *numbers, *words, strict=True)
    ]


def flag_rows(flags: pd.DataFrame) -> list[FlagRow]:
    """Rows of a flags frame, plain values."""
    columns = [
        flags[name].tolist() for name in ("start", "station_id", "instrument_id", "parameter", "test", "flag", "reason")
    ]
    return [
        FlagRow(
            start=start.to_pydatetime(),
            station=str(station),
            instrument=instrument if isinstance(instrument, str) else None,
            parameter=str(parameter),
            test=str(test),
            flag=int(flag),
            reason=str(reason),
        )
        for start, station, instrument, parameter, test, flag, reason in zip(*columns, strict=True)
    ]
