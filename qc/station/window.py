"""Hours that a run writes, and the wider span that it reads for them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from schemas.frames import parameters_in
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Collection

    from qc.limits.thresholds import Thresholds
    from schemas.network import Instrument

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that are written, ``[start, end)``, and the span that is read for them, ``[read_start, read_end)``; UTC."""

    start: datetime
    end: datetime
    read_start: datetime
    read_end: datetime

    def inside(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of a frame with an index ``start`` that are written."""
        return frame[(frame.index >= self.start) & (frame.index < self.end)]

    def flags_inside(self, flags: pd.DataFrame) -> pd.DataFrame:
        """Rows of a flags frame that are written."""
        if flags.empty:
            return flags
        return flags[(flags["start"] >= self.start) & (flags["start"] < self.end)]

    def values_inside(self, native: pd.DataFrame) -> int:
        """Native values in the hours that are written [1]."""
        rows = self.inside(native)
        return int(rows[parameters_in(rows)].notna().to_numpy().sum())


def make_window(
    thresholds: Thresholds,
    start: datetime,
    end: datetime,
    now: datetime,
    codes: Collection[str] | None = None,
) -> Window:
    """Window of a run over ``[start, end)``.

    One hour more is written at the front than asked for, since the last value before it could not be compared with its
    successor then; hours that are not over at ``now`` are left.

    Parameters
    ----------
    codes : collection of str or None
        Parameters of the run, whose longest window defines the span that is read; None: any.

    Raises
    ------
    ValueError
        No full hour is left.
    """
    last = floor_hour(now)
    write_end = min(last, ceil_hour(end))
    write_start = floor_hour(start) - HOUR
    if write_end <= write_start + HOUR:
        msg = f"no full hour between {start.isoformat()} and {min(end, now).isoformat()}"
        raise ValueError(msg)
    back = look_back(thresholds, codes)
    return Window(write_start, write_end, write_start - back - HOUR, min(write_end + HOUR, last))


def look_back(thresholds: Thresholds, codes: Collection[str] | None = None, history_h: int = 0) -> timedelta:
    """Longest time before a value on which its flags can depend, for any of the parameters.

    Parameters
    ----------
    history_h : int
        Hours of the past that the network's relations need (`qc.hourly.relation.network.history_h`) [h].
    """
    return max(
        timedelta(hours=history_h),
        timedelta(seconds=thresholds.longest_native_window_s(codes)),
        timedelta(hours=thresholds.longest_hourly_window_h(codes)),
    )


def ceil_hour(moment: datetime) -> datetime:
    """End of the UTC hour that holds ``moment``; a full hour is its own."""
    floor = floor_hour(moment)
    return floor if floor == moment else floor + HOUR


def reporting_hours(native: pd.DataFrame, instrument: Instrument, window: Window) -> pd.DatetimeIndex:
    """Hours in which the instrument should have reported: from its first reading (or ``since``) to the window's end.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native, with a row at least.
    """
    first = max(window.read_start, floor_hour(native.index[0].to_pydatetime()))
    if instrument.since is not None:
        first = max(first, floor_hour(instrument.since))
    last = window.read_end if instrument.until is None else min(window.read_end, ceil_hour(instrument.until))
    return pd.date_range(first, max(first, last), freq="h", inclusive="left", name="start", unit="us")
