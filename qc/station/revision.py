"""What a run changes in the stored flags and hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    FLAG_COLUMNS,
    FLAG_END,
    HOURLY_FLOATS,
    NO_FIGURE,
    REVISION,
    parameters_in,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KEY = ("start", "station_id", "instrument_id", "parameter", "test")
FLAG_BEFORE, REASON_BEFORE, END_BEFORE = "flag_before", "reason_before", "end_before"
REPLACED_COLUMNS = (
    "station_id",
    "hour",
    "parameter",
    "revision",
    "value",
    "count",
    "flag",
    "std",
    "completeness",
    "uncertainty",
)
STORED_RTOL = 1e-5
"""Relative difference of companions below which they are the same [1]: they are stored with six significant digits."""


def keys_of(flags: pd.DataFrame) -> pd.MultiIndex:
    """Key of a flag: start, station, instrument, parameter, test."""
    if flags.empty:
        return pd.MultiIndex.from_tuples([], names=list(KEY))
    starts = pd.DatetimeIndex(pd.to_datetime(flags["start"], utc=True)).as_unit("us")
    columns = [flags[name].astype(object).where(flags[name].notna(), "") for name in KEY[1:]]
    return pd.MultiIndex.from_arrays([starts.asi8, *columns], names=list(KEY))


def changes_of(flags: pd.DataFrame, earlier: pd.DataFrame, gone: pd.DataFrame, taken_back: str) -> pd.DataFrame:
    """Flags that are new, have another value, reason or end, or are taken back.

    Parameters
    ----------
    flags, earlier : DataFrame
        `schemas.frames` flags: of this run, and those in force before it. Of two with one key the last counts.
    gone : DataFrame
        Those of ``earlier`` that this run takes back.
    taken_back : str
        Reason of the PASS in their place.

    Returns
    -------
    DataFrame
        `schemas.frames` flags with ``end``, ``flag_before``, ``reason_before`` and ``end_before``; PASS, an empty reason and NaT
        where nothing held.
    """
    flags, earlier, gone = (_with_stated_end(frame) for frame in (flags, earlier, gone))
    flags = flags[~keys_of(flags).duplicated(keep="last")] if len(flags) else flags
    place = keys_of(earlier).get_indexer(keys_of(flags)) if len(flags) and len(earlier) else np.full(len(flags), -1)
    held = place >= 0
    flag_before = np.where(held, _taken(earlier, "flag", place), int(Flag.PASS)).astype(np.int64)
    reason_before = np.where(held, _taken(earlier, "reason", place), "")
    # place -1 is in no index: NaT
    end_before = pd.DatetimeIndex(earlier[FLAG_END].reset_index(drop=True).reindex(place))
    changed = (flags["flag"].to_numpy() != flag_before) | (flags["reason"].to_numpy() != reason_before)
    changed |= pd.DatetimeIndex(flags[FLAG_END]).asi8 != end_before.asi8
    recorded = flags.assign(flag_before=flag_before, reason_before=reason_before, end_before=end_before)[changed]
    back = gone.assign(flag_before=gone["flag"], reason_before=gone["reason"], end_before=gone[FLAG_END])
    back = back.assign(flag=int(Flag.PASS), reason=taken_back)
    parts = [part for part in (recorded, back) if len(part)]
    columns = [*FLAG_COLUMNS, FLAG_END, FLAG_BEFORE, REASON_BEFORE, END_BEFORE]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _with_stated_end(flags: pd.DataFrame) -> pd.DataFrame:
    """Flags with ``end``, NaT where a record states none."""
    stated = flags[FLAG_END] if FLAG_END in flags else pd.Series(pd.NaT, index=flags.index)
    return flags.assign(**{FLAG_END: pd.to_datetime(stated, utc=True).dt.as_unit("us")})


def _taken(frame: pd.DataFrame, name: str, place: NDArray[np.int64]) -> NDArray[np.object_]:
    """Values of a column at places; anything where the place is -1."""
    column = frame[name].to_numpy(dtype=object)
    return column[place] if len(column) else np.full(len(place), None, dtype=object)


@dataclass(frozen=True, slots=True)
class RevisedHours:
    """Hours to write, and the hours that they replace.

    Attributes
    ----------
    hours : DataFrame
        `schemas.frames` hourly with ``<p>__revision``: only the rows that are to be written.
    replaced : DataFrame
        `REPLACED_COLUMNS`: changed hours as they were before; ``value`` NaN where none.
    """

    hours: pd.DataFrame
    replaced: pd.DataFrame


def revised_hours(hours: pd.DataFrame, stored: pd.DataFrame) -> RevisedHours:
    """Number the revisions of hours.

    An hour of a parameter is revised when its row was stored before and its value, count, flag or any companion differs.
    Companions of a row that was stored without any, by an earlier version, are added without a revision.

    Parameters
    ----------
    hours, stored : DataFrame
        `schemas.frames` hourly, but with the index (``station_id``, ``start``): newly made, and as stored. A parameter that
        a station does not have is missing.
    """
    index, codes = hours.index, parameters_in(hours)
    before = stored.reindex(index)
    known = np.asarray(index.isin(stored.index))[:, np.newaxis]
    new, old = (_Grids.of(frame, codes) for frame in (hours, before))
    with_figures = np.isfinite(old.figures[COMPLETENESS])
    changed = known & (new.differs(old) | (with_figures & new.figures_differ(old)))
    number = _grid(before, codes, REVISION, 0.0)
    numbers = pd.DataFrame(
        (number + changed).astype(np.int64), index=index, columns=[code + REVISION for code in codes]
    )
    lacking = np.isfinite(new.figures[COMPLETENESS]) & ~with_figures
    needed = np.flatnonzero((~known | changed | lacking).any(axis=1))
    row, column = np.nonzero(changed)
    starts = pd.DatetimeIndex(index.get_level_values("start"))
    figures = [index.get_level_values("station_id")[row], starts[row], np.asarray(codes, dtype=object)[column]]
    figures += [grid[row, column] for grid in (number, *old.all())]
    replaced = pd.DataFrame(dict(zip(REPLACED_COLUMNS, figures, strict=True)))
    written = _with_taken_back(hours, codes, new, old)
    return RevisedHours(pd.concat([written, numbers], axis=1).iloc[needed], replaced)


@dataclass(frozen=True, slots=True)
class _Grids:
    """Hours by parameters of each kind of column; ``figures`` are the companions by suffix."""

    value: NDArray[np.float64]
    count: NDArray[np.float64]
    flag: NDArray[np.float64]
    figures: dict[str, NDArray[np.float64]]

    @classmethod
    def of(cls, frame: pd.DataFrame, codes: Sequence[str]) -> _Grids:
        figures = {suffix: _grid(frame, codes, suffix, np.nan) for suffix in HOURLY_FLOATS}
        flag = _grid(frame, codes, FLAG, float(Flag.MISSING))
        return cls(_grid(frame, codes, "", np.nan), _grid(frame, codes, COUNT, 0.0), flag, figures)

    def differs(self, other: _Grids) -> NDArray[np.bool_]:
        """Where value, count or flag differ."""
        same = (self.value == other.value) | (np.isnan(self.value) & np.isnan(other.value))
        differs: NDArray[np.bool_] = ~(same & (self.count == other.count) & (self.flag == other.flag))
        return differs

    def figures_differ(self, other: _Grids) -> NDArray[np.bool_]:
        """Where any companion differs by more than the rounding of stored values."""
        differs = np.zeros(self.value.shape, dtype=np.bool_)
        for suffix in HOURLY_FLOATS:
            new, old = self.figures[suffix], other.figures[suffix]
            differs |= ~np.isclose(new, old, rtol=STORED_RTOL, atol=0.0, equal_nan=True)
        return differs

    def all(self) -> tuple[NDArray[np.float64], ...]:
        """Grids in the order of `REPLACED_COLUMNS`."""
        return self.value, self.count, self.flag, *(self.figures[suffix] for suffix in HOURLY_FLOATS)


def _grid(frame: pd.DataFrame, codes: Sequence[str], suffix: str, fill: float) -> NDArray[np.float64]:
    """Hours by parameters of one kind of column; ``fill`` where it is absent."""
    grid = np.full((len(frame), len(codes)), fill)
    for at, code in enumerate(codes):
        if code + suffix in frame:
            column = frame[code + suffix].to_numpy(dtype=np.float64)
            grid[:, at] = np.where(np.isnan(column), fill, column)
    return grid


def _with_taken_back(hours: pd.DataFrame, codes: Sequence[str], new: _Grids, old: _Grids) -> pd.DataFrame:
    """Hours with `NO_FIGURE` where a companion was stored and there is none now; an absent value would leave the old one."""
    gone = {
        code + suffix: np.where(lost[:, at], NO_FIGURE, new.figures[suffix][:, at])
        for suffix in HOURLY_FLOATS
        if (lost := np.isfinite(old.figures[suffix]) & np.isnan(new.figures[suffix])).any()
        for at, code in enumerate(codes)
        if lost[:, at].any()
    }
    return hours.assign(**gone) if gone else hours
