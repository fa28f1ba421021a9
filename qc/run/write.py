"""Stores the results of a run: hours and flags, and before them what they replace.

History is written first: if the run ends between the two, running again records the change once more, and no stored value
is lost.

Errors: `store.error.StoreError` where the store does not take a result; run again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from qc.hourly.drift.flagging import TEST as DRIFT
from qc.hourly.space.table import SPACE_TESTS
from qc.limits.learnt_anomaly import TEST as LEARNT_ANOMALY
from qc.station.limit_snapshot import limit_figures
from qc.station.revision import END_BEFORE, FLAG_BEFORE, KEY, REASON_BEFORE, changes_of, keys_of, revised_hours
from schemas.frames import FLAG_COLUMNS, FLAG_END, TAKEN_BACK
from store.influx.store import require_accepted
from store.state import LimitSnapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from qc.station.evaluation import RunContext, StationResult
    from store.influx.store import Bucket, InfluxStore
    from store.state import StateStore

OWN_RUNS = frozenset({LEARNT_ANOMALY, DRIFT})
"""Tests with a run of their own over weeks: the hourly run neither sets nor withdraws their flags."""
_RULE_KEY = ["station_id", "parameter", "test", "month"]


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """Destination of the results of a run.

    Attributes
    ----------
    stations : collection of str or None
        Stations of the run; None: all of the network. Flags of others are never taken back.
    """

    store: InfluxStore
    state: StateStore
    context: RunContext
    run_id: str
    stations: Collection[str] | None = None

    @property
    def only_station(self) -> str | None:
        """The station of a run over a single one: one series is read instead of the network's."""
        return next(iter(self.stations)) if self.stations is not None and len(self.stations) == 1 else None


def save_hours(writer: ResultWriter, results: Sequence[StationResult]) -> int:
    """Write the hours that are new or differ from the stored ones; returns how many values were revised."""
    made = {item.station_id: item.hours for item in results if len(item.hours)}
    if not made:
        return 0
    network, window = writer.context.network, writer.context.window
    hours = pd.concat(made, names=["station_id", "start"])
    stored = writer.store.read_hourly_table(network, window.start, window.end, writer.only_station)
    revised = revised_hours(hours, stored)
    writer.state.flag_history.add_hours(_replaced_rows(writer, revised.replaced))
    require_accepted(writer.store.write_hourly_table(network, revised.hours), "hours")
    return len(revised.replaced)


def save_flags(
    writer: ResultWriter,
    bucket: Bucket,
    flags: pd.DataFrame,
    last_seen: Mapping[tuple[str, str], pd.Timestamp],
    *,
    only: Collection[str] | None = None,
) -> int:
    """Write new and changed flags, and PASS in place of earlier ones that no longer hold; returns the number of these.

    Parameters
    ----------
    last_seen : mapping of (station id, instrument id) to Timestamp
        Latest reading of each instrument that the run has read.
    only : collection of str or None
        Tests of the run; None: all but those with their own run. Flags of others are left alone.
    """
    window = writer.context.window
    earlier = writer.store.read_flags(bucket, writer.context.network, window.start, window.end, writer.only_station)
    if writer.stations is not None and len(earlier):
        earlier = earlier[earlier["station_id"].isin(writer.stations)]
    if only is not None and len(earlier):
        earlier = earlier[earlier["test"].isin(list(only))]
    gone = earlier[~keys_of(earlier).isin(keys_of(flags))] if len(earlier) else earlier
    if len(gone) and only is None:
        gone = gone[
            [
                _is_evaluated(row, last_seen, is_whole=writer.stations is None)
                for row in gone[list(KEY)].itertuples(index=False)
            ]
        ]
    changes = changes_of(flags, earlier, gone, TAKEN_BACK)
    _record(writer, bucket, changes)
    require_accepted(
        writer.store.write_flags(bucket, writer.context.network, changes[[*FLAG_COLUMNS, FLAG_END]]), "flags"
    )
    return len(gone)


def _replaced_rows(writer: ResultWriter, replaced: pd.DataFrame) -> list[dict[str, Any]]:
    whole = replaced.astype({"revision": int, "count": int, "flag": int})
    figures = {
        name: whole[name].astype(object).where(whole[name].notna(), None)
        for name in ("value", "std", "completeness", "uncertainty")
    }
    plain = whole.assign(
        **figures, hour=_datetimes(whole["hour"]), network=writer.context.network, run_id=writer.run_id
    )
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _record(writer: ResultWriter, bucket: Bucket, changes: pd.DataFrame) -> None:
    """Store changes, each with its limit."""
    if changes.empty:
        return
    months = pd.DatetimeIndex(changes["start"]).tz_convert(writer.context.zone).month
    place, owners = pd.MultiIndex.from_frame(changes[_RULE_KEY[:-1]].assign(month=np.asarray(months))).factorize()
    snapshots = [_snapshot(writer.context, *owner) for owner in owners]
    instruments = changes["instrument_id"].astype(object)
    plain = changes.assign(
        start=_datetimes(changes["start"]),
        end_before=_datetimes(changes[END_BEFORE]),
        flag=changes["flag"].astype(int),
        instrument_id=instruments.where(instruments.notna(), None),
        rule=np.array([one.digest for one in snapshots], dtype=object)[place],
        level=bucket.value,
        network=str(writer.context.network),
        run_id=writer.run_id,
    )
    names = ["level", "network", *FLAG_COLUMNS, FLAG_BEFORE, REASON_BEFORE, END_BEFORE, "rule", "run_id"]
    columns = [plain[name].tolist() for name in names]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    writer.state.flag_history.add_changes(snapshots, rows)


def _snapshot(context: RunContext, station_id: str, code: str, test: str, month: int) -> LimitSnapshot:
    figures = limit_figures(
        context.thresholds, test, code, network=context.network, station_id=station_id, month=int(month)
    )
    version = context.thresholds.version
    text = msgspec.json.encode([test, version, figures], order="deterministic")
    return LimitSnapshot(digest=hashlib.sha256(text).hexdigest()[:16], test=test, version=version, figures=figures)


def _datetimes(starts: pd.Series) -> pd.Series:
    """Python's own datetimes, which the SQL driver takes; None for NaT."""
    stamps = pd.DatetimeIndex(pd.to_datetime(starts, utc=True))
    values = stamps.to_pydatetime()
    values[stamps.isna()] = None
    return pd.Series(list(values), index=starts.index, dtype=object)


def _is_evaluated(
    row: Any,  # noqa: ANN401 - a row of a frame
    last_seen: Mapping[tuple[str, str], pd.Timestamp],
    *,
    is_whole: bool,
) -> bool:
    """Whether this run could have set the flag.

    The run cannot see a gap that is still open at its end; the learnt detector and drift have their own runs, and the
    tests in space need all stations.
    """
    if row.test in OWN_RUNS or (row.test in SPACE_TESTS and not is_whole):
        return False
    if row.test != "gap":
        return True
    seen = last_seen.get((row.station_id, row.instrument_id))
    return seen is not None and row.start < seen
