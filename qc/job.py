"""Quality control of stored data: loads, calls the pure parts, saves. The only module of the folder that does so.

Errors::

    QcError    the store did not take a result; run again
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from qc import gate as qc_gate
from qc import job_calibration, job_space, wording
from qc.batch import make_batch
from qc.checks_hourly import flag_hours
from qc.flagging import Stream, flag_native
from qc.hourly import HOUR_S, Hourly, aggregate, merge
from qc.thresholds import OVERRIDES_NAME, Thresholds, load_thresholds
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, concat_flags, parameters_in
from schemas.interval import Interval, floor_hour
from schemas.message import NetworkCode
from store.influx import Bucket, InfluxStore
from store.state import GateOutcome, GateResult, RunState, StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from schemas.network import Instrument, Network, Station
    from store.influx import WriteResult
    from store.settings import SharedSettings
    from store.state import ReopenedHour

HOUR = timedelta(hours=1)
JOINED = timedelta(hours=24)
"""Re-opened hours that are nearer than this are judged in one run."""
_KEY = ["start", "station_id", "instrument_id", "parameter", "test"]


class QcError(RuntimeError):
    """The store did not take a result; nothing is lost, run again."""


class QcSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did for one network.

    Attributes
    ----------
    start, end : datetime
        Full hours written, UTC, half-open: one hour more than asked for at the front, because the last values before
        it could not be compared with their successors then.
    version : str
        Of the thresholds.
    streams, silent : int
        Instruments with and without any reading.
    value_count : int
        Native values judged in ``[start, end)``.
    hours : int
        Hourly values written, by parameter and station.
    native_flags, hourly_flags : dict of str to int
        Verdicts other than PASS by test.
    taken_back : int
        Earlier verdicts that no longer hold.
    unevaluated : dict of str to int
        By test: parameters of streams and stations without a limit.
    seconds : float
        [s]
    """

    network: str
    start: datetime
    end: datetime
    run_id: str
    version: str
    streams: int
    silent: int
    value_count: int
    hours: int
    native_flags: dict[str, int]
    hourly_flags: dict[str, int]
    taken_back: int
    unevaluated: dict[str, int]
    seconds: float


class GateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's verdict on one batch of a network; see `qc.gate.Verdict`."""

    network: str
    start: datetime
    end: datetime
    run_id: str
    outcome: GateOutcome
    failures: tuple[qc_gate.Failure, ...]
    evaluated: int
    skipped: tuple[str, ...]
    page: str


@dataclass(frozen=True, slots=True)
class _Window:
    """Hours that are written, and the wider span that must be read for them."""

    start: datetime
    end: datetime
    read_start: datetime
    read_end: datetime


@dataclass(frozen=True, slots=True)
class _Task:
    """What the steps of one run share."""

    store: InfluxStore
    network: str
    zone: ZoneInfo
    thresholds: Thresholds
    window: _Window
    calibrations: job_calibration.Calibrations


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One station's part of a run."""

    native_flags: pd.DataFrame
    hourly_flags: pd.DataFrame
    last_seen: dict[str, pd.Timestamp]
    counts: Counter[str]
    unevaluated: Counter[str]
    hours: pd.DataFrame | None = None


def thresholds_of(settings: SharedSettings) -> Thresholds:
    """Packaged limits with those of ``thresholds.toml`` beside the network file; raises `qc.thresholds.ThresholdError`."""
    return load_thresholds(settings.network.with_name(OVERRIDES_NAME), settings.stations.stations)


def run(settings: SharedSettings, network: str, start: datetime, end: datetime, now: datetime) -> QcSummary:
    """Judge the native values of a network, make its hours, and judge these.

    Running again over the same hours with the same thresholds and data writes the same records. A verdict of an earlier run
    that no longer holds is replaced by PASS.

    Parameters
    ----------
    settings : SharedSettings
    network : str
        Code of `schemas.message.NetworkCode`.
    start, end : datetime
        Aware, half-open. Hours that are not over at ``now`` are left for the next run.
    now : datetime
        Aware.

    Raises
    ------
    QcError, qc.thresholds.ThresholdError, store.error.StoreError
    ValueError
        If the network does not exist.
    """
    began = time.perf_counter()
    code = NetworkCode(network)
    thresholds = thresholds_of(settings)
    store, state = InfluxStore(settings), StateStore(settings.state_url)
    window = _window(thresholds, start, end, now)
    run_id = state.start_run("qc", code, window.start, window.end, thresholds.version)
    try:
        zone = settings.stations.timezone
        job_calibration.settle(state, code, thresholds, zone, now)
        calibrations = job_calibration.load(state, code, thresholds, zone, window.read_start)
        task = _Task(store, code, zone, thresholds, window, calibrations)
        fields = _run(task, settings.stations)
    except BaseException as error:
        state.finish_run(run_id, RunState.FAILED, {"error": f"{type(error).__name__}: {error}"})
        raise
    finally:
        store.close()
    summary = QcSummary(
        network=code,
        start=window.start,
        end=window.end,
        run_id=run_id,
        version=thresholds.version,
        seconds=round(time.perf_counter() - began, 3),
        **fields,
    )
    state.finish_run(run_id, RunState.DONE, msgspec.to_builtins(summary))
    state.close_hours(code, window.start, window.end, now)
    return summary


def run_reopened(settings: SharedSettings, now: datetime) -> list[QcSummary]:
    """Judge anew the hours that late and corrected readings have re-opened, and take them off the list.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        Aware; an hour that is touched after it stays on the list.

    Returns
    -------
    list of QcSummary
        One a network and stretch of hours; empty where nothing waits. Raises as `run` does; what was done by then stays done.
    """
    with StateStore(settings.state_url) as state:
        job_calibration.settle_all(settings, state, now)
        hours = [item for item in state.list_reopened() if item.hour + HOUR <= now]
    return [run(settings, network, start, end, now) for network, start, end in stretches(hours)]


def stretches(hours: Sequence[ReopenedHour]) -> list[tuple[str, datetime, datetime]]:
    """Windows by network that hold all hours; hours less than a day apart share one, since each run reads beyond its window."""
    found: list[tuple[str, datetime, datetime]] = []
    for network, hour in sorted({(item.network, item.hour) for item in hours}):
        if found and found[-1][0] == network and hour - found[-1][2] < JOINED:
            found[-1] = (network, found[-1][1], hour + HOUR)
        else:
            found.append((network, hour, hour + HOUR))
    return found


def gate(settings: SharedSettings, network: str, start: datetime, end: datetime, now: datetime) -> GateSummary:
    """Judge a batch of stored hours of a network against its suite, and keep the verdict.

    Parameters
    ----------
    settings : SharedSettings
    network : str
    start, end : datetime
        Aware, half-open; full hours that are over at ``now``.
    now : datetime
        Aware.

    Raises
    ------
    qc.gate.GateError, store.error.StoreError
    ValueError
        If the network does not exist, or no hour is over.
    """
    code = NetworkCode(network)
    first, last = floor_hour(start), floor_hour(min(end, now))
    if first >= last:
        msg = f"no full hour between {start.isoformat()} and {min(end, now).isoformat()}"
        raise ValueError(msg)
    store, state = InfluxStore(settings), StateStore(settings.state_url)
    stations = list(settings.stations.stations_of(code))
    run_id = state.start_run("gate", code, first, last, thresholds_of(settings).version)
    try:
        batch = make_batch(store.read_hourly_all(code, first, last), stations, code, first, last)
        expected = list(
            dict.fromkeys(name for one in stations for item in one.instruments_of(code) for name in item.parameters)
        )
        verdict = qc_gate.judge(batch, code, expected, run_dir=settings.run_dir, now=now)
    except BaseException as error:
        state.finish_run(run_id, RunState.FAILED, {"error": f"{type(error).__name__}: {error}"})
        raise
    finally:
        store.close()
    detail = msgspec.to_builtins(verdict)
    result = GateResult(network=code, start=first, end=last, outcome=verdict.result, detail=detail, run_id=run_id)
    state.add_gate_result(result)
    state.finish_run(run_id, RunState.DONE, {"outcome": verdict.result.value, "failures": len(verdict.failures)})
    return GateSummary(
        network=code,
        start=first,
        end=last,
        run_id=run_id,
        outcome=verdict.result,
        failures=verdict.failures,
        evaluated=verdict.evaluated,
        skipped=verdict.skipped,
        page=verdict.page,
    )


def _window(thresholds: Thresholds, start: datetime, end: datetime, now: datetime) -> _Window:
    last = floor_hour(now)
    write_end = min(last, _ceil_hour(end))
    write_start = floor_hour(start) - HOUR
    if write_end <= write_start + HOUR:
        msg = f"no full hour between {start.isoformat()} and {min(end, now).isoformat()}"
        raise ValueError(msg)
    back_s = max(thresholds.longest_native_window_s(), thresholds.longest_hourly_window_h() * HOUR_S)
    return _Window(write_start, write_end, write_start - timedelta(seconds=back_s) - HOUR, min(write_end + HOUR, last))


def _ceil_hour(moment: datetime) -> datetime:
    floor = floor_hour(moment)
    return floor if floor == moment else floor + HOUR


def _run(task: _Task, network: Network) -> dict[str, Any]:
    stations = list(network.stations_of(task.network))
    outcomes = [_station(task, station) for station in stations]
    counts: Counter[str] = sum((item.counts for item in outcomes), Counter())
    unevaluated: Counter[str] = sum((item.unevaluated for item in outcomes), Counter())
    last_seen = {
        (station.id, key): at
        for station, item in zip(stations, outcomes, strict=True)
        for key, at in item.last_seen.items()
    }
    native = concat_flags([item.native_flags for item in outcomes])
    hourly = concat_flags([item.hourly_flags for item in outcomes])
    hours = {station.id: item.hours for station, item in zip(stations, outcomes, strict=True) if item.hours is not None}
    hourly = concat_flags([hourly, _space(task, network, hours, concat_flags([native, hourly]), unevaluated)])
    back = _save_flags(task, Bucket.NATIVE, native, last_seen) + _save_flags(task, Bucket.HOURLY, hourly, last_seen)
    return {
        "streams": counts["streams"],
        "silent": counts["silent"],
        "value_count": counts["values"],
        "hours": counts["hours"],
        "native_flags": dict(Counter(native["test"])),
        "hourly_flags": dict(Counter(hourly["test"])),
        "taken_back": back,
        "unevaluated": dict(unevaluated),
    }


def _space(
    task: _Task, network: Network, hours: dict[str, pd.DataFrame], flags: pd.DataFrame, unevaluated: Counter[str]
) -> pd.DataFrame:
    """Flags of the tests in space; hours whose combined flag they change are written again."""
    made = job_space.Made(hours, flags, Interval(task.window.start, task.window.end))
    found = job_space.judge_space(task.store, network, task.network, made=made, thresholds=task.thresholds)
    unevaluated.update(found.unevaluated)
    for station_id, frame in found.hourly.items():
        written = frame[(frame.index >= task.window.start) & (frame.index < task.window.end)]
        if len(written):
            _taken(task.store.write_hourly(task.network, station_id, written), "hours")
    return found.records


def _station(task: _Task, station: Station) -> _Outcome:
    """Judge one station's instruments, make and judge its hours, write the hours."""
    parts: list[Hourly] = []
    flags: list[pd.DataFrame] = []
    last_seen: dict[str, pd.Timestamp] = {}
    counts: Counter[str] = Counter()
    unevaluated: Counter[str] = Counter()
    for instrument, native in _streams(task, station):
        counts["silent" if native.empty else "streams"] += 1
        if native.empty:
            continue
        last_seen[instrument.id] = native.index[-1]
        stream = Stream(
            network=task.network,
            station_id=station.id,
            instrument_id=instrument.id,
            cadence_s=instrument.cadence_s,
            zone=task.zone,
        )
        flagged = task.calibrations.judge(flag_native(native, stream, task.thresholds), native, stream)
        flags.append(_inside(flagged.records, task.window))
        unevaluated.update(flagged.unevaluated)
        counts["values"] += _values_inside(native, task.window)
        values = task.calibrations.correct(native, stream)
        parts.append(
            aggregate(values, flagged.combined, _hours(native, instrument, task.window), cadence_s=instrument.cadence_s)
        )
    if not parts:
        return _Outcome(concat_flags(flags), concat_flags([]), last_seen, counts, unevaluated)
    hours = flag_hours(merge(parts), task.thresholds, network=task.network, station_id=station.id, zone=task.zone)
    unevaluated.update(hours.unevaluated)
    written = hours.hourly[(hours.hourly.index >= task.window.start) & (hours.hourly.index < task.window.end)]
    if len(written):
        _taken(task.store.write_hourly(task.network, station.id, written), "hours")
    counts["hours"] += len(written) * len(parameters_in(written))
    return _Outcome(
        concat_flags(flags), _inside(hours.records, task.window), last_seen, counts, unevaluated, hours.hourly
    )


def _streams(task: _Task, station: Station) -> Iterator[tuple[Instrument, pd.DataFrame]]:
    for instrument in station.instruments_of(task.network):
        native = task.store.read_native(
            task.network, station.id, instrument.id, task.window.read_start, task.window.read_end, instrument.parameters
        )
        never = [
            code for code in parameters_in(native) if native[code].isna().all() and f"{code}__status" not in native
        ]
        yield instrument, native.drop(columns=never)


def _hours(native: pd.DataFrame, instrument: Instrument, window: _Window) -> pd.DatetimeIndex:
    """Hours in which the instrument should have reported: from its first reading (or ``since``) to the window's end."""
    first = max(
        window.read_start, floor_hour(native.index[0].to_pydatetime()), _floor(instrument.since, window.read_start)
    )
    last = window.read_end if instrument.until is None else min(window.read_end, _ceil_hour(instrument.until))
    return pd.date_range(first, max(first, last), freq="h", inclusive="left", name="start", unit="us")


def _floor(moment: datetime | None, otherwise: datetime) -> datetime:
    return otherwise if moment is None else floor_hour(moment)


def _inside(flags: pd.DataFrame, window: _Window) -> pd.DataFrame:
    if flags.empty:
        return flags
    return flags[(flags["start"] >= window.start) & (flags["start"] < window.end)]


def _values_inside(native: pd.DataFrame, window: _Window) -> int:
    inside = native[(native.index >= window.start) & (native.index < window.end)]
    return int(inside[parameters_in(inside)].notna().to_numpy().sum())


def _save_flags(
    task: _Task, bucket: Bucket, flags: pd.DataFrame, last_seen: dict[tuple[str, str], pd.Timestamp]
) -> int:
    """Write the verdicts, and PASS in the place of earlier ones that no longer hold; returns the number of these."""
    earlier = task.store.read_flags(bucket, task.network, task.window.start, task.window.end)
    gone = earlier[~_keys(earlier).isin(_keys(flags))] if len(earlier) else earlier
    if len(gone):
        gone = gone[[_is_judged(row, last_seen) for row in gone[_KEY].itertuples(index=False)]]
    back = gone.assign(flag=int(Flag.PASS), reason=wording.taken_back()) if len(gone) else gone
    _taken(task.store.write_flags(bucket, task.network, concat_flags([flags, back])[list(FLAG_COLUMNS)]), "flags")
    return len(back)


def _is_judged(row: Any, last_seen: dict[tuple[str, str], pd.Timestamp]) -> bool:  # noqa: ANN401 - a row of a frame
    """Whether this run could have given the verdict: a gap that is still open at its end cannot be seen by it."""
    if row.test != "gap":
        return True
    seen = last_seen.get((row.station_id, row.instrument_id))
    return seen is not None and row.start < seen


def _keys(flags: pd.DataFrame) -> pd.MultiIndex:
    if flags.empty:
        return pd.MultiIndex.from_tuples([], names=_KEY)
    starts = pd.DatetimeIndex(pd.to_datetime(flags["start"], utc=True)).as_unit("us")
    columns = [flags[name].astype(object).where(flags[name].notna(), "") for name in _KEY[1:]]
    return pd.MultiIndex.from_arrays([starts.asi8, *columns], names=_KEY)


def _taken(result: WriteResult, what: str) -> None:
    if result.retry:
        msg = f"the store cannot take {what} now: {result.detail}"
        raise QcError(msg)
    if result.rejected:
        first = result.rejected[0]
        msg = f"the store refused {len(result.rejected)} lines of {what}: {first.reason}"
        raise QcError(msg)
