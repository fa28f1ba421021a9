"""Values of one parameter at one station with everything a reader needs to trust them or not."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - `console.api.model` reads the hints
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np
import pandas as pd

from schemas.completeness import hour_completeness
from schemas.flag import Flag
from schemas.flagged import join_hours, join_native
from schemas.frames import COUNT, FLAG, FLAG_END, STATUS
from schemas.interval import floor_hour
from schemas.parameter import AveragingMethod
from schemas.parameter import parameter as known_parameter
from schemas.reason import Figure, reason_data
from schemas.words import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.flagged import RecordedFlags
    from schemas.interval import Interval
    from schemas.network import Instrument, Station

HOUR = timedelta(hours=1)
#: Columns of `PlotSeries.points`.
POINT_COLUMNS = ("value", "n", "completeness", "flag", "status", "notes")


class FlagRow(TypedDict):
    """One verdict as a plain row.

    ``reason`` is the English sentence; ``key`` and ``figures`` are the stored reason, None and empty for the note of a person.
    """

    start: datetime
    station: str
    network: str
    instrument: str | None
    parameter: str
    test: str
    flag: int
    reason: str
    end: datetime | None
    key: str | None
    figures: Mapping[str, Figure | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotSeries:
    """One line of a plot.

    Attributes
    ----------
    network : str
        Empty where it does not matter.
    instrument_id : str or None
        None for hourly values, which are the station's.
    instruments : tuple of str
        Ids of the instruments whose values these are. Of several, each hour is of the one that is more complete (`qc.hourly.mean.merge`).
    cadence : timedelta
        Time between two values.
    since, until : datetime or None
        Outside of which none of the instruments is in service; None: open to that side.
    points : DataFrame
        Index ``start`` (UTC); ``value`` canonical unit, NaN where none; ``n`` count and ``completeness`` ratio (NaN for native
        values); ``flag`` int8, strongest of all tests; ``status`` letter, empty for normal; ``notes`` tests with reasons, a line each.
    """

    station_id: str
    network: str
    instrument_id: str | None
    parameter: str
    points: pd.DataFrame
    instruments: tuple[str, ...] = ()
    cadence: timedelta = HOUR
    since: datetime | None = None
    until: datetime | None = None

    @property
    def instrument(self) -> str:
        """Where the values come from in one word: the instrument id, of several joined by ``+``; empty where not known."""
        return "+".join((self.instrument_id,) if self.instrument_id else self.instruments)

    def expected(self, start: datetime, end: datetime, now: datetime) -> int:
        """Values that the cadence promises in ``[start, end)`` up to ``now``: of the time in service, of hours only finished ones."""
        first, last = max(start, self.since or start), min(end, now, self.until or end)
        if self.instrument_id is None:
            # an hour belongs to the interval in which it starts
            first, last = _ceil_hour(first), min(_ceil_hour(last), floor_hour(now))
        return max(0, (last - first) // self.cadence)

    @property
    def is_direction(self) -> bool:
        """Whether the values are angles, for which an arithmetic mean, minimum or maximum is meaningless."""
        return known_parameter(self.parameter).averaging is AveragingMethod.VECTOR


def hourly_series(  # noqa: PLR0913 - what a series is of, its two frames, and who made them
    station_id: str,
    parameter: str,
    hourly: pd.DataFrame,
    flags: pd.DataFrame,
    *,
    expected: float | None,
    network: str = "",
    instruments: Sequence[Instrument] = (),
) -> PlotSeries:
    """Series of one parameter out of an hourly frame.

    Parameters
    ----------
    flags : DataFrame
        Flags frame of the hours; other stations and parameters in it are ignored.
    expected : float or None
        Values a full hour holds, for hours that were stored without their completeness; None: unknown for these.
    instruments : sequence of Instrument
        Those whose values the hours are made of.
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
    fastest = min((timedelta(seconds=item.cadence_s) for item in instruments), default=HOUR)
    return PlotSeries(
        station_id=station_id,
        network=network,
        instrument_id=None,
        parameter=parameter,
        points=points,
        instruments=tuple(item.id for item in instruments),
        cadence=max(HOUR, fastest),
        since=_first([item.since for item in instruments]),
        until=_last([item.until for item in instruments]),
    )


def _first(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def _last(moments: Sequence[datetime | None]) -> datetime | None:
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def native_series(  # noqa: PLR0913 - what a series is of, its two frames, and how it was made
    station_id: str,
    instrument_id: str,
    parameter: str,
    native: pd.DataFrame,
    verdicts: RecordedFlags,
    *,
    network: str = "",
    cadence: timedelta | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> PlotSeries:
    """Series of one parameter out of a native frame; a value that no run has screened is UNKNOWN, not evaluated.

    Parameters
    ----------
    verdicts : RecordedFlags
        Of the station in this network.
    cadence : timedelta or None
        Time between two readings; None: the usual step of the frame.
    since, until : datetime or None
        Of the instrument.
    """
    points = _points(native, parameter)
    if parameter + STATUS in native:
        points["status"] = native[parameter + STATUS].fillna("").astype(str)
    points = points[points["value"].notna() | (points["status"] != "")]
    joined = join_native(verdicts, instrument_id, parameter, points["value"])
    points = points.assign(flag=joined.flags, notes=joined.notes)
    return PlotSeries(
        station_id=station_id,
        network=network,
        instrument_id=instrument_id,
        parameter=parameter,
        points=points,
        cadence=cadence or _usual_step(native.index),
        since=since,
        until=until,
    )


def _ceil_hour(moment: datetime) -> datetime:
    floor = floor_hour(moment)
    return floor if floor == moment else floor + HOUR


def contributors(station: Station, network: str, code: str, span: Interval) -> list[Instrument]:
    """Instruments whose values an hour of a parameter may be made of: in service at any time of ``span``."""
    return [
        item
        for item in station.instruments_of(network)
        if code in item.parameters and item.serves_within(span.start, span.end)
    ]


def _usual_step(starts: pd.Index) -> timedelta:
    """Lower quartile of the steps, so that holes do not count; an hour where there is none."""
    steps = np.sort(np.diff(pd.DatetimeIndex(starts).as_unit("us").asi8))
    return timedelta(microseconds=int(steps[len(steps) // 4])) if steps.size else HOUR


def _points(frame: pd.DataFrame, parameter: str) -> pd.DataFrame:
    values = frame[parameter].astype(float) if parameter in frame else pd.Series(np.nan, index=frame.index)
    points = pd.DataFrame({"value": values, "n": np.nan, "completeness": np.nan}, index=frame.index)
    points["flag"] = np.where(points["value"].isna(), np.int8(Flag.MISSING), np.int8(Flag.UNKNOWN)).astype(np.int8)
    return points.assign(status="", notes="")


class SeriesRow(NamedTuple):
    """One row of `PlotSeries.points`: what is not known is None, ``notes`` are lines."""

    start: datetime
    value: float | None
    n: int | None
    completeness: float | None
    flag: int
    status: str
    notes: str


def points_of(points: pd.DataFrame) -> list[SeriesRow]:
    """Rows of `PlotSeries.points` in plain types."""
    numbers = [
        [None if math.isnan(value) else value for value in points[name].tolist()]
        for name in ("value", "n", "completeness")
    ]
    words = [points[name].tolist() for name in ("flag", "status", "notes")]
    starts = [stamp.to_pydatetime() for stamp in points.index]
    return [
        SeriesRow(start, value, None if n is None else int(n), ratio, int(flag), str(status), str(notes))
        for start, value, n, ratio, flag, status, notes in zip(starts, *numbers, *words, strict=True)
    ]


def flag_rows(flags: pd.DataFrame) -> list[FlagRow]:
    """Rows of a flags frame with the column ``network`` and those of `schemas.frames`, plain values."""
    names = ("start", "station_id", "network", "instrument_id", "parameter", "test", "flag", "reason", FLAG_END)
    columns = [flags[name].tolist() if name in flags else [None] * len(flags) for name in names]
    return [
        FlagRow(
            start=start.to_pydatetime(),
            station=str(station),
            network=str(network),
            instrument=instrument if isinstance(instrument, str) else None,
            parameter=str(parameter),
            test=str(test),
            flag=int(flag),
            reason=sentence(str(reason), "en"),
            end=None if pd.isna(end) else end.to_pydatetime(),
            key=data.key,
            figures=data.figures,
        )
        for start, station, network, instrument, parameter, test, flag, reason, end in zip(*columns, strict=True)
        for data in [reason_data(str(reason))]
    ]
