"""What a run changes of what stood there before: verdicts by key, hours by value, count and flag; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.frames import COMPLETENESS, COUNT, FLAG, FLAG_COLUMNS, REVISION, parameters_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KEY = ("start", "station_id", "instrument_id", "parameter", "test")
FLAG_BEFORE, REASON_BEFORE = "flag_before", "reason_before"
REPLACED_COLUMNS = ("station_id", "hour", "parameter", "revision", "value", "count", "flag")


def keys_of(flags: pd.DataFrame) -> pd.MultiIndex:
    """What tells verdicts apart: start, station, instrument, parameter, test."""
    if flags.empty:
        return pd.MultiIndex.from_tuples([], names=list(KEY))
    starts = pd.DatetimeIndex(pd.to_datetime(flags["start"], utc=True)).as_unit("us")
    columns = [flags[name].astype(object).where(flags[name].notna(), "") for name in KEY[1:]]
    return pd.MultiIndex.from_arrays([starts.asi8, *columns], names=list(KEY))


def changes_of(flags: pd.DataFrame, earlier: pd.DataFrame, gone: pd.DataFrame, taken_back: str) -> pd.DataFrame:
    """Verdicts that are new, have another flag or reason, or are taken back.

    Parameters
    ----------
    flags, earlier : DataFrame
        `schemas.frames` flags: of this run, and those that held before it. Of two of one key the last counts.
    gone : DataFrame
        Those of ``earlier`` that this run takes back.
    taken_back : str
        Reason of the PASS in their place.

    Returns
    -------
    DataFrame
        `schemas.frames` flags with ``flag_before`` and ``reason_before``; PASS and an empty reason where nothing held.
    """
    flags = flags[~keys_of(flags).duplicated(keep="last")] if len(flags) else flags
    place = keys_of(earlier).get_indexer(keys_of(flags)) if len(flags) and len(earlier) else np.full(len(flags), -1)
    held = place >= 0
    flag_before = np.where(held, _taken(earlier, "flag", place), int(Flag.PASS)).astype(np.int64)
    reason_before = np.where(held, _taken(earlier, "reason", place), "")
    changed = (flags["flag"].to_numpy() != flag_before) | (flags["reason"].to_numpy() != reason_before)
    told = flags.assign(flag_before=flag_before, reason_before=reason_before)[changed]
    back = gone.assign(flag_before=gone["flag"], reason_before=gone["reason"], flag=int(Flag.PASS), reason=taken_back)
    parts = [part for part in (told, back) if len(part)]
    columns = [*FLAG_COLUMNS, FLAG_BEFORE, REASON_BEFORE]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _taken(frame: pd.DataFrame, name: str, place: NDArray[np.int64]) -> NDArray[np.object_]:
    """Values of a column at places; anything where the place is -1."""
    column = frame[name].to_numpy(dtype=object)
    return column[place] if len(column) else np.full(len(place), None, dtype=object)


@dataclass(frozen=True, slots=True)
class Revised:
    """Hours beside what stood there.

    Attributes
    ----------
    hours : DataFrame
        `schemas.frames` hourly with ``<p>__revision``: only the rows that are to be written.
    replaced : DataFrame
        `REPLACED_COLUMNS`: what changed hours held before; ``value`` NaN where none.
    """

    hours: pd.DataFrame
    replaced: pd.DataFrame


def revise_hours(hours: pd.DataFrame, stored: pd.DataFrame) -> Revised:
    """Number the revisions of hours.

    An hour of a parameter is revised when its row was stored before and value, count or flag differ from it.

    Parameters
    ----------
    hours, stored : DataFrame
        `schemas.frames` hourly, but with the index (``station_id``, ``start``): newly made, and as stored. A parameter that
        a station does not have is missing.
    """
    index, codes = hours.index, parameters_in(hours)
    before = stored.reindex(index)
    known = np.asarray(index.isin(stored.index))
    value, count, flag = (_grid(hours, codes, suffix, fill) for suffix, fill in _FILLS)
    old_value, old_count, old_flag = (_grid(before, codes, suffix, fill) for suffix, fill in _FILLS)
    same = (value == old_value) | (np.isnan(value) & np.isnan(old_value))
    changed = known[:, np.newaxis] & ~(same & (count == old_count) & (flag == old_flag))
    number = _grid(before, codes, REVISION, 0.0)
    numbers = pd.DataFrame(
        (number + changed).astype(np.int64), index=index, columns=[code + REVISION for code in codes]
    )
    needed = ~known | changed.any(axis=1) | ~_companions_stored(hours, before, codes)
    row, column = np.nonzero(changed)
    starts = pd.DatetimeIndex(index.get_level_values("start"))
    figures = [index.get_level_values("station_id")[row], starts[row], np.asarray(codes, dtype=object)[column]]
    figures += [grid[row, column] for grid in (number, old_value, old_count, old_flag)]
    replaced = pd.DataFrame(dict(zip(REPLACED_COLUMNS, figures, strict=True)))
    return Revised(pd.concat([hours, numbers], axis=1)[needed], replaced)


_FILLS = (("", np.nan), (COUNT, 0.0), (FLAG, float(Flag.MISSING)))


def _grid(frame: pd.DataFrame, codes: Sequence[str], suffix: str, fill: float) -> NDArray[np.float64]:
    """Hours by parameters of one kind of column; ``fill`` where it is absent."""
    grid = np.full((len(frame), len(codes)), fill)
    for at, code in enumerate(codes):
        if code + suffix in frame:
            column = frame[code + suffix].to_numpy(dtype=np.float64)
            grid[:, at] = np.where(np.isnan(column), fill, column)
    return grid


def _companions_stored(hours: pd.DataFrame, before: pd.DataFrame, codes: Sequence[str]) -> NDArray[np.bool_]:
    """Rows that were written with their companions; those of earlier versions were not."""
    made, stored = (_grid(frame, codes, COMPLETENESS, np.nan) for frame in (hours, before))
    return np.asarray((np.isfinite(stored) | np.isnan(made)).all(axis=1))
