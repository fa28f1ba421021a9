"""Hours in which quality control found an instrument at fault: the event of a fault that raises no value.

Tests that mark what the air may do as well (`rate_of_change`, `climatology`, relations between parameters or stations), or what
the transmission does (`gap`, `completeness`), make no such hours, nor do calibration and maintenance.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.flagged import with_ends
from schemas.interval import Interval, floor_hour
from schemas.reason import parse_reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

INSTRUMENT_TESTS = frozenset(
    {
        "status", "gross_range", "spike", "spike_burst", "flat_line", "attenuated_signal", "step", "variance_change",
        "resolution", "rollover", "calibration", "target_gas", "hourly_flat", "hourly_spike", "pm_inversion", "drift",
    }
)  # fmt: skip
"""Tests that mark what an instrument does and the air hardly ever; project choice."""
CONSTANT = frozenset({"flat_line", "hourly_flat", "attenuated_signal"})
"""Tests of values that do not change."""
SINGLE = frozenset({"gross_range", "spike", "spike_burst"})
"""Tests of single readings."""
MOST_SINGLE = 3
"""Records of a test up to which they are of single readings; project choice."""
SERVICE = frozenset("CM")
"""Letters of status of a calibration and of maintenance: no fault."""
BRIDGED_H = 3
"""Longest stretch without a record inside one event [h]; project choice."""
_HOUR_US = 3_600_000_000


class FlaggedTest(msgspec.Struct, frozen=True, kw_only=True):
    """What one test found in the hours of an event.

    Attributes
    ----------
    hours, records : int
        Hours with a record of the test, and records.
    first : datetime
        Of the first record, UTC.
    reason : str
        Stored text of the first record (`schemas.reason`).
    is_failed : bool
        Whether a record says FAIL, which quality control states on hard grounds only.
    """

    test: str
    hours: int
    records: int
    first: datetime
    reason: str
    is_failed: bool


class FaultHours(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive hours of one parameter with records of a fault; the test with the most hours first.

    Attributes
    ----------
    interval : Interval
        Whole hours, UTC.
    hours : int
        Hours with a record.
    """

    station_id: str
    parameter: str
    interval: Interval
    hours: int
    tests: tuple[FlaggedTest, ...]

    @property
    def is_failed(self) -> bool:
        """Whether any test failed values."""
        return any(item.is_failed for item in self.tests)

    @property
    def are_single_readings(self) -> bool:
        """Whether all records are of single readings that left the level and came back to it: their hours' means leave them out."""
        return (
            any(item.test == "spike" for item in self.tests)
            and all(item.test in SINGLE for item in self.tests)
            and all(item.records <= MOST_SINGLE for item in self.tests)
        )


def fault_hours(native: pd.DataFrame, hourly: pd.DataFrame, *, parameter: str | None = None) -> list[FaultHours]:
    """Find the hours in which quality control found an instrument at fault.

    Parameters
    ----------
    native, hourly : DataFrame
        `schemas.frames` flags of the two levels, of one station; may be empty.
    parameter : str or None
        None: all.

    Returns
    -------
    list of FaultHours
        By parameter and time; empty without records of a fault.

    Examples
    --------
    >>> starts = pd.to_datetime(["2026-05-01T08:10Z", "2026-05-01T09:20Z", "2026-05-01T20:00Z"])
    >>> records = pd.DataFrame(
    ...     {"start": starts, "station_id": "a", "instrument_id": "gas1", "parameter": "so2", "test": "flat_line",
    ...      "flag": 3, "reason": ""})
    >>> [(item.interval.start.hour, item.hours) for item in fault_hours(records, records[:0])]
    [(8, 2), (20, 1)]
    """
    records = pd.concat(
        [with_ends(part, hourly=is_hourly) for part, is_hourly in ((native, False), (hourly, True)) if len(part)]
        or [_NONE]
    )
    records = records[_is_fault(records)]
    if parameter is not None:
        records = records[records["parameter"] == parameter]
    return [item for _, part in records.groupby("parameter", sort=True) for item in _events(part)]


def with_constant(flagged: FaultHours, values: pd.Series) -> FaultHours:
    """Hours of a value that does not change, from the hour of its first reading on: tests flag it only once it has lasted.

    Parameters
    ----------
    flagged : FaultHours
    values : Series
        Readings of the instrument by their start, from before the hours to their end; NaN where missing.

    Examples
    --------
    >>> from datetime import timedelta
    >>> starts = pd.date_range("2026-05-01T04:00Z", periods=6, freq="h")
    >>> begin = starts[3].to_pydatetime()
    >>> found = FaultHours(
    ...     station_id="a", parameter="pm25", interval=Interval(begin, begin + timedelta(hours=3)), hours=3, tests=()
    ... )
    >>> with_constant(found, pd.Series([3.0, 7.0, 7.0, 7.0, 7.0, 7.0], index=starts)).interval.start.hour
    5
    """
    reported = values.dropna()
    at = int(np.searchsorted(_micros(reported.index.to_series()), _micros(pd.Series([flagged.interval.start]))[0]))
    if not 0 < at < len(reported):
        return flagged
    other = np.flatnonzero(reported.to_numpy()[:at] != reported.to_numpy()[at])
    first = reported.index[other[-1] + 1 if len(other) else 0].to_pydatetime()
    start = min(flagged.interval.start, floor_hour(first))
    return msgspec.structs.replace(flagged, interval=Interval(start, flagged.interval.end))


_NONE = pd.DataFrame({name: [] for name in ("start", "end", "station_id", "parameter", "test", "flag", "reason")})


def _is_fault(records: pd.DataFrame) -> NDArray[np.bool_]:
    is_bad = records["flag"].isin([int(Flag.FAIL), int(Flag.SUSPECT)]) & records["test"].isin(list(INSTRUMENT_TESTS))
    found: NDArray[np.bool_] = is_bad.to_numpy(dtype=bool, copy=True)
    for at in np.flatnonzero(found & (records["test"] == "status").to_numpy()):
        found[at] = not _is_service(str(records["reason"].iloc[at]))
    return found


def _is_service(stored: str) -> bool:
    reason = parse_reason(stored)
    return reason is not None and reason.figures.get("letter") in SERVICE


def _events(records: pd.DataFrame) -> list[FaultHours]:
    """Events of the records of one parameter: hours that at most `BRIDGED_H` hours separate."""
    first, last = _spans(records)
    count = last - first + 1
    rows = np.repeat(np.arange(len(records)), count)
    hours = np.repeat(first, count) + (np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count))
    known = np.unique(hours)
    parts = np.split(known, np.flatnonzero(np.diff(known) > BRIDGED_H + 1) + 1)
    return [_event(records, rows, hours, part) for part in parts]


def _spans(records: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last hour of each record, in hours since 1970."""
    start = _micros(records["start"])
    end = np.where(records["end"].isna().to_numpy(), start + 1, _micros(records["end"].fillna(records["start"])))
    return start // _HOUR_US, np.maximum(end - 1, start) // _HOUR_US


def _micros(moments: pd.Series) -> NDArray[np.int64]:
    return np.asarray(pd.DatetimeIndex(pd.to_datetime(moments, utc=True)).as_unit("us").asi8)


def _event(
    records: pd.DataFrame, rows: NDArray[np.intp], hours: NDArray[np.int64], part: NDArray[np.int64]
) -> FaultHours:
    inside = (hours >= part[0]) & (hours <= part[-1])
    chosen = records.iloc[np.unique(rows[inside])]
    names = records["test"].to_numpy()[rows[inside]]
    tests = [
        _test(str(name), len(np.unique(hours[inside][names == name])), found)
        for name, found in chosen.groupby("test", sort=True)
    ]
    return FaultHours(
        station_id=str(chosen["station_id"].iloc[0]),
        parameter=str(chosen["parameter"].iloc[0]),
        interval=Interval(_moment(part[0]), _moment(part[-1] + 1)),
        hours=len(part),
        tests=tuple(sorted(tests, key=lambda item: (-item.hours, item.test))),
    )


def _test(name: str, hours: int, records: pd.DataFrame) -> FlaggedTest:
    first = records.iloc[int(np.argmin(_micros(records["start"])))]
    return FlaggedTest(
        test=name,
        hours=hours,
        records=len(records),
        first=pd.Timestamp(first["start"]).to_pydatetime(),
        reason=str(first["reason"]),
        is_failed=bool((records["flag"] == int(Flag.FAIL)).any()),
    )


def _moment(hour: np.int64) -> datetime:
    return datetime.fromtimestamp(int(hour) * 3600, tz=UTC)
