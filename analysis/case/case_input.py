"""Data of a case: what `analysis.case.assembly.case_file` is given.

Errors::

    CaseInputError    data that no case can be made of; the message names the place and what is needed
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.parameter import UnknownParameterError
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile
    from analysis.case.registry import Registry
    from schemas.interval import Interval
    from schemas.network import Station
    from schemas.reason import Reason

HISTORY = timedelta(days=32)
"""Longest time before the event that is compared with."""


class CaseInputError(ValueError):
    """Data that no case can be made of; the message names the place and what is needed.

    Attributes
    ----------
    reason : Reason or None
        The same for people, with moments in the zone of the case; None: an argument is wrong.
    """

    def __init__(self, message: str, *, reason: Reason | None = None) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInput:
    """Data of a case.

    Attributes
    ----------
    station : Station
        Where the alert is.
    parameter : str
        What it is about.
    stations : mapping of str to Station
        Those in reach by id, the station included.
    hourly : mapping of str to DataFrame
        By station id: `schemas.frames` hourly, all networks joined, up to 32 days before the event.
    minute : mapping of str to DataFrame
        By station id: plain columns of parameters, from some hours before the event. Hours that ``hourly`` lacks are made of
        it. May be empty.
    window : Interval
        Hours or minutes in which the parameter is high at the station.
    now : datetime
        Of the newest data, UTC.
    zone : ZoneInfo
        Of the hour of day and of the moments in sentences.
    registry : Registry or None
        Enterprises; None: none is named.
    past : sequence of CaseFile
        Earlier events, for the similar ones.
    letters : mapping of str to Series
        By parameter of the station: letter of the instrument's status by minute, where it is not normal.

    Raises
    ------
    CaseInputError
        The parameter is not in the registry, the station is not among the stations, the window is empty, a moment has no
        zone or occurs twice in a frame, or a value is infinite.
    """

    station: Station
    parameter: str
    stations: Mapping[str, Station]
    hourly: Mapping[str, pd.DataFrame]
    minute: Mapping[str, pd.DataFrame]
    window: Interval
    now: datetime
    zone: ZoneInfo
    registry: Registry | None = None
    past: Sequence[CaseFile] = ()
    letters: Mapping[str, pd.Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            known(self.parameter)
        except UnknownParameterError as error:
            msg = f"parameter: {error}"
            raise CaseInputError(msg) from error
        if self.station.id not in self.stations:
            msg = f"stations: {self.station.id!r} is missing; the station of the case must be one of the stations in reach"
            raise CaseInputError(msg)
        if any(moment.tzinfo is None for moment in (self.window.start, self.window.end, self.now)):
            msg = "window, now: moments need a time zone"
            raise CaseInputError(msg)
        if self.window.end <= self.window.start:
            msg = f"window: the end {self.window.end:%Y-%m-%d %H:%M} must be after the start {self.window.start:%Y-%m-%d %H:%M}"
            raise CaseInputError(msg)
        for field_name, frames in (("hourly", self.hourly), ("minute", self.minute)):
            for station_id, frame in frames.items():
                _check_frame(frame, f"{field_name}: {station_id}")


def _check_frame(frame: pd.DataFrame, place: str) -> None:
    """Raise `CaseInputError` where moments have no zone or occur twice, or a value is infinite."""
    index = pd.DatetimeIndex(frame.index)
    if index.tz is None:
        msg = f"{place}: expected moments with a time zone, found {index.dtype}"
        raise CaseInputError(msg)
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        msg = f"{place}: {twice:%Y-%m-%d %H:%M} {twice.tzname()} occurs twice, expected each moment once"
        raise CaseInputError(msg)
    values = frame.select_dtypes("number")
    is_infinite = np.isinf(values.to_numpy(dtype=float))
    if is_infinite.any():
        row, column = np.argwhere(is_infinite)[0]
        msg = f"{place}: {values.columns[column]} is infinite at {index[row]:%Y-%m-%d %H:%M} {index[row].tzname()}, expected a number or NaN"
        raise CaseInputError(msg)
