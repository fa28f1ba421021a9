"""Flag records joined to the values that they cover: one function for pages, API, exports and mails.

A record covers an interval (`schemas.frames`, flags). A value is PASS only if a recorded run has screened the time at which
it starts; before that it is UNKNOWN, which is QARTOD's "not evaluated".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import HOUR_ONLY_TESTS, HOUR_RECORD_TESTS, Flag, combine
from schemas.frames import FLAG, FLAG_END, STATUS, concat_flags, empty_flags, parameters_in
from schemas.words import name_of, sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from schemas.interval import Interval

_HOUR = np.timedelta64(3_600_000_000, "us")


@dataclass(frozen=True, slots=True)
class RecordedFlags:
    """What quality control recorded of one network at one station.

    Attributes
    ----------
    native, hourly : DataFrame
        `schemas.frames` flags of the two levels.
    screened : tuple of Interval
        Times whose values a finished run has screened, ascending, disjoint.
    """

    native: pd.DataFrame
    hourly: pd.DataFrame
    screened: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Flags of values, one each.

    Attributes
    ----------
    flags : array of int8
        The strongest flag of a value; UNKNOWN where no run has screened it, MISSING where there is none.
    notes : array of str
        Tests with their stored reasons, a line each (`notes_text`); empty where no record covers the value.
    """

    flags: NDArray[np.int8]
    notes: NDArray[np.object_]


def join_native(verdicts: RecordedFlags, instrument_id: str, parameter: str, values: pd.Series) -> Joined:
    """Flags of the native values of one channel.

    Records of the hours count for the native values in them, but those of `HOUR_ONLY_TESTS` and of missing hours.

    Parameters
    ----------
    values : Series
        Index ``start`` (UTC, ascending); NaN where no value.
    """
    there = values.notna().to_numpy()
    starts = _stamps(values.index)
    base = np.where(there, Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    base[there & is_screened(starts, verdicts.screened)] = Flag.PASS
    own = _of(verdicts.native, parameter)
    own = own[own["instrument_id"].isna() | (own["instrument_id"] == instrument_id)]
    hours = _of(verdicts.hourly, parameter)
    hours = hours[~hours["test"].isin(list(HOUR_ONLY_TESTS)) & (hours["flag"] != Flag.MISSING)]
    if own.empty and hours.empty:
        return Joined(base, np.full(len(starts), "", dtype=object))
    covered = concat_flags([with_ends(own, hourly=False), with_ends(hours, hourly=True)])
    return _join(starts, base, there, covered)


def join_hours(records: pd.DataFrame, parameter: str, flags: pd.Series) -> Joined:
    """Flags of the hours of one parameter: those stored with them, and the records of tests that run after them.

    Parameters
    ----------
    records : DataFrame
        `schemas.frames` flags of the hourly level, one station.
    flags : Series of int8
        As stored with the means; index ``start`` (UTC, ascending).
    """
    there = np.ones(len(flags), dtype=np.bool_)
    covering = with_ends(_of(records, parameter), hourly=True)
    return _join(_stamps(flags.index), flags.to_numpy(dtype=np.int8, copy=True), there, covering)


def native_with_flags(native: pd.DataFrame, instrument_id: str, verdicts: RecordedFlags) -> pd.DataFrame:
    """A native frame with ``<p>__flag`` (int8) for every parameter.

    A parameter without a value in a row is MISSING there, or FAIL where a record states why.
    """
    flags = {
        code + FLAG: join_native(verdicts, instrument_id, code, native[code]).flags for code in parameters_in(native)
    }
    names = [name for code in parameters_in(native) for name in (code, code + FLAG, code + STATUS)]
    joined = pd.concat([native, pd.DataFrame(flags, index=native.index)], axis=1)
    return joined[[name for name in names if name in joined]]


def hours_with_flags(hourly: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """An hourly frame whose ``<p>__flag`` hold the records too that were made after the hours, such as those of drift."""
    joined = hourly.copy()
    for code in parameters_in(hourly):
        if code + FLAG in hourly:
            joined[code + FLAG] = join_hours(records, code, hourly[code + FLAG].astype(np.int8)).flags
    return joined


def notes_text(notes: str, language: str, *, by_name: bool = False) -> str:
    """Notes of a value (`Joined`) in ``en`` or ``zh``, a line for each test: by its name in the language, or by its identifier."""
    lines = [line.partition(": ") for line in notes.split("\n") if line]
    return "\n".join(
        f"{name_of(test, language) if by_name else test}: {sentence(stored, language)}" for test, _, stored in lines
    )


def with_ends(records: pd.DataFrame, *, hourly: bool) -> pd.DataFrame:
    """Records with ``end`` filled in where it is implied; NaT only where a record covers the one value at its start."""
    if records.empty:
        return empty_flags().assign(end=pd.Series(dtype="datetime64[us, UTC]"))
    starts = pd.DatetimeIndex(pd.to_datetime(records["start"], utc=True)).as_unit("us")
    implied = starts.floor("h") + pd.Timedelta(_HOUR)
    whole = (
        np.ones(len(records), dtype=np.bool_) if hourly else records["test"].isin(list(HOUR_RECORD_TESTS)).to_numpy()
    )
    ends = pd.Series(np.where(whole, implied.asi8, np.iinfo(np.int64).min).view("datetime64[us]"), index=records.index)
    ends = ends.dt.tz_localize("UTC")
    if FLAG_END in records:
        stated = pd.to_datetime(records[FLAG_END], utc=True)
        ends = stated.where(stated.notna(), ends)
    return records.assign(end=ends)


def is_screened(starts: NDArray[np.datetime64], screened: Sequence[Interval]) -> NDArray[np.bool_]:
    """Whether each moment is in one of the intervals, which are ascending and disjoint."""
    found = np.zeros(starts.shape, dtype=np.bool_)
    if not screened:
        return found
    begins = _stamps(pd.DatetimeIndex([item.start for item in screened]))
    ends = _stamps(pd.DatetimeIndex([item.end for item in screened]))
    place = np.searchsorted(begins, starts, side="right") - 1
    found[place >= 0] = starts[place >= 0] < ends[place[place >= 0]]
    return found


def _join(
    starts: NDArray[np.datetime64], base: NDArray[np.int8], there: NDArray[np.bool_], records: pd.DataFrame
) -> Joined:
    notes = np.full(len(starts), "", dtype=object)
    if records.empty or not len(starts):
        return Joined(base, notes)
    begin, stated = _stamps(records["start"]), _stamps(records["end"])
    single = np.isnat(stated)
    end = np.where(single, begin + np.timedelta64(1, "us"), stated)
    first, last = np.searchsorted(starts, begin), np.searchsorted(starts, end)
    flags, words = base.copy(), zip(records["test"], records["reason"], strict=True)
    # a record over an interval is on the values in it; only a record of one moment may be on a value that is missing
    for low, high, flag, alone, (test, reason) in zip(first, last, records["flag"], single, words, strict=True):
        at = np.arange(low, high) if alone else low + np.flatnonzero(there[low:high])
        flags[at] = combine([flags[at], np.full(at.size, flag, dtype=np.int8)])
        line = f"{test}: {reason}"
        for position in at:
            notes[position] = f"{notes[position]}\n{line}" if notes[position] else line
    return Joined(flags, notes)


def _of(records: pd.DataFrame, parameter: str) -> pd.DataFrame:
    return records[records["parameter"] == parameter] if len(records) else records


def _stamps(moments: pd.Index | pd.Series) -> NDArray[np.datetime64]:
    """UTC moments without a zone [µs]."""
    stamps: NDArray[np.datetime64] = pd.DatetimeIndex(moments).as_unit("us").tz_convert(None).to_numpy()
    return stamps
