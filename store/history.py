"""Series and flags as of an earlier moment: the present state with every later change undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.flag import Flag
from schemas.flagged import is_screened
from schemas.frames import (
    COMPLETENESS,
    COUNT,
    FLAG,
    FLAG_COLUMNS,
    FLAG_END,
    REVISION,
    STATUS,
    STD,
    UNCERTAINTY,
    concat_flags,
    empty_flags,
)
from schemas.interval import Interval, united

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from store.influx.store import Bucket, InfluxStore
    from store.state import Before, FlagChange, HourRevision, Revision, StateStore


def undo_revisions(frame: pd.DataFrame, revisions: Iterable[Revision]) -> pd.DataFrame:
    """Undo revisions, the newest first: old values and letters come back, late readings go.

    Parameters
    ----------
    frame : DataFrame
        `schemas.frames` native; not changed.
    revisions : iterable of Revision
        In the order in which they were received; of other times than the frame's they are left out.
    """
    series = frame.copy()
    for revision in reversed(list(revisions)):
        if revision.before is None:
            index = pd.DatetimeIndex(series.index)
            series = series[(index < pd.Timestamp(revision.first)) | (index > pd.Timestamp(revision.last))]
        elif pd.Timestamp(revision.first) in series.index:
            _put_back(series, pd.Timestamp(revision.first), revision.before)
    return series


def _put_back(series: pd.DataFrame, at: pd.Timestamp, before: Before) -> None:
    """Write values and letters of one reading; columns that the frame does not have are not added."""
    for code, value in before.values.items():  # noqa: PD011 - of a reading
        if code in series:
            series.loc[at, code] = np.nan if value is None else value
    for code, letter in before.status.items():
        if letter is not None and code in series and code + STATUS not in series:
            series[code + STATUS] = None
        if code + STATUS in series:
            series.loc[at, code + STATUS] = letter


def undo_flag_changes(frame: pd.DataFrame, changes: Iterable[FlagChange]) -> pd.DataFrame:
    """Undo changes of flags of the frame's level and network, given in the order of record; as in `undo_revisions`."""
    first: dict[tuple[object, ...], FlagChange] = {}
    for item in changes:
        first.setdefault(_flag_key(item.start, item.station_id, item.instrument_id, item.parameter, item.test), item)
    keys = [_flag_key(*row) for row in zip(*(frame[name] for name in ("start", *FLAG_COLUMNS[1:5])), strict=True)]
    kept = frame[[key not in first for key in keys]] if len(frame) else frame
    back = [item for item in first.values() if item.flag_before != Flag.PASS]
    if not back:
        return kept.reset_index(drop=True)
    undone = pd.DataFrame([_flag_row(item) for item in back], columns=[*FLAG_COLUMNS, FLAG_END])
    undone["start"] = pd.DatetimeIndex(pd.to_datetime(undone["start"], utc=True)).as_unit("us")
    undone["flag"] = undone["flag"].astype(np.int8)
    undone[FLAG_END] = pd.to_datetime(undone[FLAG_END], utc=True).dt.as_unit("us")
    undone = undone if undone[FLAG_END].notna().any() else undone.drop(columns=FLAG_END)
    series = concat_flags([kept, undone])
    return series.sort_values("start", kind="stable", ignore_index=True) if len(series) else empty_flags()


def undo_hour_revisions(frame: pd.DataFrame, replaced: Iterable[HourRevision]) -> pd.DataFrame:
    """Restore the values of hours before their revisions, given in their order; as in `undo_revisions`."""
    series = frame.copy()
    for item in reversed(list(replaced)):
        at, code = pd.Timestamp(item.hour), item.parameter
        if at not in series.index or code not in series:
            continue
        series.loc[at, code] = np.nan if item.value is None else item.value
        for suffix, number in ((COUNT, item.count), (FLAG, item.flag), (REVISION, item.revision)):
            if code + suffix in series:
                series.loc[at, code + suffix] = number
        for suffix, figure in ((STD, item.std), (COMPLETENESS, item.completeness), (UNCERTAINTY, item.uncertainty)):
            if code + suffix in series:
                series.loc[at, code + suffix] = np.nan if figure is None else figure
    return series


def _flag_key(*parts: object) -> tuple[object, ...]:
    start, *rest = parts
    return (pd.Timestamp(start), *(None if item is None or item != item else item for item in rest))  # type: ignore[arg-type]  # noqa: PLR0124 - NaN


def _flag_row(item: FlagChange) -> tuple[object, ...]:
    place = (item.start, item.station_id, item.instrument_id, item.parameter, item.test)
    return (*place, item.flag_before, item.reason_before, item.end_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What was known at ``moment`` of one station's values in ``[start, end)``; all three are aware."""

    influx: InfluxStore
    state: StateStore
    network: str
    station_id: str
    start: datetime
    end: datetime
    moment: datetime

    def native(self, instrument_id: str, cadence: timedelta, parameters: Sequence[str] | None = None) -> pd.DataFrame:
        """Native frame of one instrument (`schemas.frames`).

        Parameters
        ----------
        cadence : timedelta
            A reading is known once its interval is over.
        parameters : sequence of str or None
            None: all.

        Notes
        -----
        A reading that came in time counts as known from its end on, though it took seconds more; a late one from the moment at
        which its message was received. Of data sets (no late window) only corrections are known.
        """
        frame = self.influx.read_native(self.network, self.station_id, instrument_id, self.start, self.end, parameters)
        revisions = self.state.revisions.list(
            start=self.start,
            end=self.end,
            station_id=self.station_id,
            instrument_id=instrument_id,
            received_after=self.moment,
        )
        known = pd.DatetimeIndex(frame.index) <= pd.Timestamp(self.moment - cadence)
        return undo_revisions(frame[known], revisions)

    def flags(self, level: Bucket) -> pd.DataFrame:
        """Flags of one level (`schemas.frames`); one from before the history was recorded counts as old as its value."""
        frame = self.influx.read_flags(level, self.network, self.start, self.end, self.station_id)
        changes = self.state.flag_history.list_changes(
            start=self.start, end=self.end, station_id=self.station_id, recorded_after=self.moment
        )
        own = [item for item in changes if (item.level, item.network) == (level.value, self.network)]
        return undo_flag_changes(frame, own)

    def hourly(self) -> pd.DataFrame:
        """Hourly frame with its companions (`schemas.frames`); hours that no run had made by then are absent.

        Spread, completeness and uncertainty are NaN where a revision from before they were kept was undone.
        """
        frame = self.influx.read_hourly(self.network, self.station_id, self.start, self.end)
        known = is_screened(pd.DatetimeIndex(frame.index).tz_convert(None).to_numpy(), self.screened())
        replaced = self.state.flag_history.list_hours(
            start=self.start,
            end=self.end,
            station_id=self.station_id,
            network=self.network,
            recorded_after=self.moment,
        )
        return undo_hour_revisions(frame[known], replaced)

    def screened(self) -> tuple[Interval, ...]:
        """Parts of the time that finished runs of quality control had screened, ascending, disjoint."""
        runs = self.state.runs.list_over("qc", self.network, self.start, self.end, finished_by=self.moment)
        found = [
            Interval(item.start, item.end)
            for item in runs
            if item.start is not None
            and item.end is not None
            and ((named := item.counts.get("stations")) is None or self.station_id in named)
        ]
        return tuple(united(found))
