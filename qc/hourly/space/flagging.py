"""Tests in space on the finished hours of a network: limits, stations, records and combined flags. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import rows_on_line
from qc.hourly.space.neighbours import StationCoordinates
from qc.hourly.space.table import KINDS, TESTS
from schemas.flag import Flag, combine
from schemas.frames import FLAG, FLAG_COLUMNS, concat_flags, empty_flags, valid_values
from schemas.parameter import parameter
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.hourly.space.neighbours import Compared, SpaceLimit, SpaceTest
    from qc.limits.thresholds import Thresholds
    from schemas.interval import Interval
    from schemas.network import Network, Station

    IsEvent = Callable[[str, str, datetime, datetime], bool]

_HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class FlaggedSpace:
    """Outcome of the tests in space.

    Attributes
    ----------
    hourly : dict of str to DataFrame
        Of the stations whose combined flags have changed: their hourly frames with the new ones.
    records : DataFrame
        `schemas.frames` flags, ``instrument_id`` None.
    unevaluated : Counter of str
        By test: station-hours with a value and a limit, but with too few neighbours.
    exempted : int
        SUSPECT station-hours that the verdict classifies as an event.
    """

    hourly: dict[str, pd.DataFrame]
    records: pd.DataFrame
    unevaluated: Counter[str]
    exempted: int


def flag_space(
    hours: Mapping[str, pd.DataFrame],
    network: Network,
    code: str,
    *,
    thresholds: Thresholds,
    is_event: IsEvent | None = None,
    span: Interval | None = None,
) -> FlaggedSpace:
    """Compare every station's hours with those of its neighbours.

    Parameters
    ----------
    hours : mapping of str to DataFrame
        `schemas.frames` hourly by station; stations without are left out.
    network : Network
        Gives the places, and the zone of the civil months by which limits may change.
    code : str
        Of `schemas.message.NetworkCode`: whose stations are compared.
    thresholds : Thresholds
        Without a limit a parameter is not evaluated. A limit of a station holds for the flags of that station.
    is_event : callable or None
        Called with station, parameter, start and end of each run of SUSPECT hours; True exempts them. None: no exemption.
    span : Interval or None
        Only hours that start in it are flagged; None: all.

    Returns
    -------
    FlaggedSpace
        Nothing is more than SUSPECT.
    """
    return flag_deviations(find_deviations(hours, network, code, thresholds=thresholds, span=span), is_event)


@dataclass(frozen=True, slots=True)
class _Found:
    """Outcome of one test under one limit for one parameter."""

    code: str
    test: SpaceTest
    limit: SpaceLimit
    run: Compared


@dataclass(frozen=True, slots=True)
class _Deviation:
    """Hours of one station that a test finds SUSPECT, as rows of the index."""

    station_id: str
    found: _Found
    column: int
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Deviations:
    """What the tests in space find before events are exempted.

    Attributes
    ----------
    hours : mapping of str to DataFrame
        As given to `find_deviations`.
    index : DatetimeIndex
        Hours that were compared.
    unevaluated : Counter of str
        See `FlaggedSpace`.
    """

    hours: Mapping[str, pd.DataFrame]
    index: pd.DatetimeIndex
    unevaluated: Counter[str]
    found: list[_Deviation]

    @property
    def station_ids(self) -> list[str]:
        """Stations with a SUSPECT hour."""
        return list(dict.fromkeys(item.station_id for item in self.found))


def find_deviations(
    hours: Mapping[str, pd.DataFrame],
    network: Network,
    code: str,
    *,
    thresholds: Thresholds,
    span: Interval | None = None,
) -> Deviations:
    """The first half of `flag_space`: which station-hours differ from those of their neighbours."""
    present = [item for item in network.stations_of(code) if item.id in hours and len(hours[item.id])]
    task = _Space(present, hours, thresholds, network=code, zone=network.timezone)
    task.keep(span)
    codes = dict.fromkeys(
        name
        for item in present
        for one in item.instruments_of(code)
        for name in one.parameters
        if name in hours[item.id]
    )
    for name in codes:
        task.compare(name)
    return Deviations(hours, task.index, task.unevaluated, task.found)


def flag_deviations(deviations: Deviations, is_event: IsEvent | None) -> FlaggedSpace:
    """The second half of `flag_space`: records and combined flags of the deviations that are no event."""
    flagged = FlaggedSpace({}, empty_flags(), deviations.unevaluated, 0)
    records, exempted = [], 0
    for item in deviations.found:
        at = item.rows if is_event is None else _without_events(item, deviations.index, is_event)
        exempted += item.rows.size - at.size
        if not at.size:
            continue
        own = deviations.hours[item.station_id]
        records.append(_records(item, deviations.index[at], own, at))
        name = item.found.code + FLAG
        frame = flagged.hourly.get(item.station_id, own)
        flags = frame[name].to_numpy(dtype=np.int8)
        suspect = np.where(frame.index.isin(deviations.index[at]), Flag.SUSPECT, Flag.UNKNOWN).astype(np.int8)
        flagged.hourly[item.station_id] = frame.assign(**{name: combine([flags, suspect])})
    return replace(flagged, records=concat_flags(records), exempted=exempted)


class _Space:
    """State of one comparison of a network's hours."""

    def __init__(
        self,
        stations: list[Station],
        hours: Mapping[str, pd.DataFrame],
        thresholds: Thresholds,
        *,
        network: str,
        zone: ZoneInfo,
    ) -> None:
        self.stations, self.hours, self.thresholds, self.network = stations, hours, thresholds, network
        self.index = pd.DatetimeIndex([], dtype="datetime64[us, UTC]")
        for item in stations:
            self.index = self.index.union(pd.DatetimeIndex(hours[item.id].index))
        self.months = self.index.tz_convert(zone).month.to_numpy()
        self.found: list[_Deviation] = []
        self.unevaluated: Counter[str] = Counter()

    def keep(self, span: Interval | None) -> None:
        """Leave out the hours outside of the span."""
        if span is not None:
            inside = (self.index >= pd.Timestamp(span.start)) & (self.index < pd.Timestamp(span.end))
            self.index, self.months = self.index[inside], self.months[inside]

    def compare(self, code: str) -> None:
        """Both tests of one parameter, among the stations that measure it."""
        own = [item for item in self.stations if code in self.hours[item.id]]
        if len(own) < 3 or not len(self.index):  # noqa: PLR2004 - nothing to compare with
            return
        limits = [(TESTS[name], *found) for name, kind in KINDS.items() for found in self._limits(kind, code, own)]
        if not limits:
            return
        values = np.column_stack([valid_values(self.hours[item.id], code).reindex(self.index) for item in own])
        values = rows_on_line(values, parameter(code).period)
        places = StationCoordinates.of(own)
        for test, limit, rows, columns in limits:
            run = test.evaluate(values, places, **limit.figures())
            flags = run.flags[np.ix_(rows, columns)]
            self.unevaluated[test.name] += int((flags == Flag.UNKNOWN).sum())
            for column in np.flatnonzero(columns):
                at = np.flatnonzero(rows & (run.flags[:, column] == Flag.SUSPECT))
                if at.size:
                    self.found.append(_Deviation(own[column].id, _Found(code, test, limit, run), int(column), at))

    def _limits(
        self, kind: type[SpaceLimit], code: str, own: Sequence[Station]
    ) -> list[tuple[SpaceLimit, NDArray[np.bool_], NDArray[np.bool_]]]:
        """Each different limit with the hours and the stations for which it holds."""
        found: dict[int, tuple[SpaceLimit, set[int], set[int]]] = {}
        for month in map(int, np.unique(self.months)):
            for column, item in enumerate(own):
                limit = self.thresholds.find(kind, code, network=self.network, station_id=item.id, month=month)
                if limit is not None:
                    entry = found.setdefault(id(limit), (limit, set(), set()))
                    entry[1].add(month)
                    entry[2].add(column)
        return [
            (limit, np.isin(self.months, list(months)), np.isin(np.arange(len(own)), list(columns)))
            for limit, months, columns in found.values()
        ]


def _without_events(item: _Deviation, index: pd.DatetimeIndex, is_event: IsEvent) -> NDArray[np.int64]:
    kept = []
    for run in np.split(item.rows, np.flatnonzero(np.diff(item.rows) > 1) + 1):
        first, last = index[run[0]].to_pydatetime(), (index[run[-1]] + _HOUR).to_pydatetime()
        if not is_event(item.station_id, item.found.code, first, last):
            kept.append(run)
    return np.concatenate(kept) if kept else item.rows[:0]


def _records(item: _Deviation, starts: pd.DatetimeIndex, hours: pd.DataFrame, at: NDArray[np.int64]) -> pd.DataFrame:
    run, limit, known = item.found.run, item.found.limit, parameter(item.found.code)
    values = valid_values(hours, item.found.code).reindex(starts).to_numpy()
    figures: dict[str, str | float] = {"unit": known.unit, "limit": limit.deviations}
    if "radius" in item.found.test.messages["apart"]:
        figures["radius"] = limit.radius_km
    reasons = [
        reason_text(
            item.found.test.name,
            "apart",
            value=float(value),
            deviations=round(float(run.deviations[row, item.column]), 1),
            level=round(_shown(float(run.level[row, item.column]), known.period), known.decimals),
            count=int(run.count[row, item.column]),
            **figures,
        )
        for value, row in zip(values, at, strict=True)
    ]
    frame = pd.DataFrame({"start": starts.as_unit("us"), "flag": np.int8(Flag.SUSPECT), "reason": reasons})
    frame = frame.assign(station_id=item.station_id, parameter=item.found.code, test=item.found.test.name)
    frame["instrument_id"] = None
    return frame[list(FLAG_COLUMNS)]


def _shown(level: float, period: float | None) -> float:
    """A level as it is written; that of a direction within its turn."""
    return level if period is None else level % period
