"""Quality control of stored data: loads, calls the pure parts, saves. Only the modules of this folder do so.

A run reads the native values of its stations, has each station judged (`qc.station`), and saves hours and verdicts
(`qc.run.write`) when all of them are at hand.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import msgspec

from qc.hourly.relation.network import history_h
from qc.run import calibration
from qc.run.context_reader import ContextReader
from qc.run.gate.job import GateSummary, gate
from qc.run.limits import thresholds_of
from qc.run.space import Made, judge_space
from qc.run.write import ResultWriter, save_flags, save_hours
from qc.station.judge import RunContext, StationResult, judge_station
from qc.station.window import HOUR, make_window
from schemas.flag import Flag
from schemas.frames import FLAG, STATUS, concat_flags
from schemas.interval import Interval
from schemas.message import NetworkCode
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from schemas.network import Network, Station
    from store.settings import SharedSettings
    from store.state import ReopenedHour

__all__ = ["GateSummary", "QcSummary", "gate", "run", "run_reopened", "stretches", "thresholds_of"]

#: Stations whose native values one query brings: enough that its cost does not count, few enough for memory.
STATIONS_A_QUERY = 20
JOINED = timedelta(hours=24)
"""Re-opened hours that are nearer than this are judged in one run."""


class QcSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one run did for one network.

    Attributes
    ----------
    start, end : datetime
        Full hours written, UTC, half-open: one hour more than asked for at the front, because the last values before
        it could not be compared with their successors then.
    version : str
        Of the thresholds.
    stations : tuple of str or None
        Ids of the stations that were judged; None: all of the network.
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
    revised : int
        Hourly values whose value, count or flag differ from what was stored; what they were is kept.
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
    stations: tuple[str, ...] | None
    streams: int
    silent: int
    value_count: int
    hours: int
    native_flags: dict[str, int]
    hourly_flags: dict[str, int]
    taken_back: int
    revised: int
    unevaluated: dict[str, int]
    seconds: float


def run(  # noqa: PLR0917 - the interval of a network at a moment
    settings: SharedSettings,
    network: str,
    start: datetime,
    end: datetime,
    now: datetime,
    stations: Collection[str] | None = None,
) -> QcSummary:
    """Judge the native values of a network, make its hours, and judge these.

    Running again over the same hours with the same thresholds and data changes nothing. A verdict of an earlier run that no
    longer holds is replaced by PASS; what was replaced, verdict or hour, is kept with the run that replaced it.

    Parameters
    ----------
    settings : SharedSettings
    network : str
        Code of `schemas.message.NetworkCode`.
    start, end : datetime
        Aware, half-open. Hours that are not over at ``now`` are left for the next run.
    now : datetime
        Aware.
    stations : collection of str or None
        Ids of those to judge; None: all of the network. Those of others are left alone.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
    ValueError
        If the network does not exist, or has no instrument at one of the stations.
    """
    began = time.perf_counter()
    code = NetworkCode(network)
    thresholds = thresholds_of(settings)
    chosen = stations_of(settings, code, stations)
    window = make_window(thresholds, start, end, now, codes_of(chosen, code))
    span, zone = (window.start, window.end), settings.stations.timezone
    with (
        closing(InfluxStore(settings)) as store,
        StateStore(settings.state_url) as state,
        state.runs.open("qc", code, *span, thresholds.version) as current,
    ):
        calibration.evaluate_new_checks(state, code, thresholds, zone, now)
        calibrations = calibration.load(state, code, thresholds, zone, window.read_start)
        context = RunContext(code, zone, thresholds, window, calibrations)
        writer = ResultWriter(store, state, context, current.id, None if stations is None else frozenset(stations))
        fields = _run(writer, chosen, settings.stations)
        state.revisions.close_hours(code, *span, now, stations)
        state.screened.add(code, [item.id for item in chosen], *span)
        summary = QcSummary(
            network=code,
            start=window.start,
            end=window.end,
            run_id=current.id,
            version=thresholds.version,
            stations=None if stations is None else tuple(sorted(set(stations))),
            seconds=round(time.perf_counter() - began, 3),
            **fields,
        )
        current.counts = msgspec.to_builtins(summary)
    return summary


def stations_of(settings: SharedSettings, network: NetworkCode, stations: Collection[str] | None) -> list[Station]:
    """Stations of a network, all or those named; raises ValueError for one that has no instrument of it."""
    found = {item.id: item for item in settings.stations.stations_of(network)}
    unknown = sorted(set(stations or ()) - set(found))
    if unknown:
        msg = f"no instrument of network {network} at {', '.join(unknown)}"
        raise ValueError(msg)
    return list(found.values()) if stations is None else [found[name] for name in sorted(set(stations))]


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
        calibration.evaluate_all_checks(settings, state, now)
        hours = [item for item in state.revisions.list_reopened() if item.hour + HOUR <= now]
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


def codes_of(stations: Sequence[Station], network: str) -> set[str]:
    """Parameters that the stations' instruments of a network report."""
    listed = [item for station in stations for item in station.instruments_of(network)]
    return {code for item in listed for code in item.parameters}


def _run(writer: ResultWriter, stations: Sequence[Station], network: Network) -> dict[str, Any]:
    """Judge the stations, then save: all hours of the run are at hand before the first is written."""
    context = writer.context
    reader = ContextReader(
        store=writer.store,
        network=context.network,
        start=context.window.start - timedelta(hours=history_h(context.thresholds, context.network)),
        end=context.window.read_end,
        stations=tuple(network.stations_of(context.network)),
        only=writer.only_station,
    )
    judged = _judge(writer.store, context, stations, reader)
    if writer.stations is None:
        _compare(writer, network, judged)
    revised = save_hours(writer, judged)
    return _counts(judged) | {"revised": revised} | _save_flags(writer, judged)


def _compare(writer: ResultWriter, network: Network, judged: Sequence[StationResult]) -> None:
    """Add the verdicts of the tests in space; they need all stations of the network, so runs of some leave them alone."""
    context, window = writer.context, writer.context.window
    records = concat_flags([flags for item in judged for flags in (item.native_flags, item.hourly_flags)])
    hours = {item.station_id: item.whole for item in judged if len(item.whole)}
    made = Made(hours, records, Interval(window.start, window.end))
    found = judge_space(writer.store, network, context.network, made=made, thresholds=context.thresholds)
    for item in judged:
        changed = found.hourly.get(item.station_id)
        if changed is not None and len(item.hours):
            flags = [name for name in map(str, item.hours) if name.endswith(FLAG)]
            item.hours[flags] = window.inside(changed)[flags]
        own = found.records[found.records["station_id"] == item.station_id] if len(found.records) else found.records
        item.hourly_flags = concat_flags([item.hourly_flags, own])
    if judged:
        judged[0].unevaluated.update(found.unevaluated)


def _save_flags(writer: ResultWriter, judged: Sequence[StationResult]) -> dict[str, Any]:
    last_seen = {(item.station_id, key): at for item in judged for key, at in item.last_seen.items()}
    native = concat_flags([item.native_flags for item in judged])
    hourly = concat_flags([item.hourly_flags for item in judged])
    back = sum(
        save_flags(writer, bucket, flags, last_seen)
        for bucket, flags in ((Bucket.NATIVE, native), (Bucket.HOURLY, hourly))
    )
    return {
        "native_flags": dict(Counter(native["test"])),
        "hourly_flags": dict(Counter(hourly[hourly["flag"].astype(int) != int(Flag.PASS)]["test"])),
        "taken_back": back,
    }


def _counts(judged: Sequence[StationResult]) -> dict[str, Any]:
    counts: Counter[str] = sum((item.counts for item in judged), Counter())
    unevaluated: Counter[str] = sum((item.unevaluated for item in judged), Counter())
    return {
        "streams": counts["streams"],
        "silent": counts["silent"],
        "value_count": counts["values"],
        "hours": counts["hours"],
        "unevaluated": dict(unevaluated),
    }


def _read(store: InfluxStore, context: RunContext, stations: Sequence[Station]) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames of some stations by (station id, instrument id)."""
    codes = sorted(codes_of(stations, context.network))
    window, ids = context.window, [station.id for station in stations]
    return store.read_native_many(context.network, ids, window.read_start, window.read_end, codes)


def _judge(
    store: InfluxStore, context: RunContext, stations: Sequence[Station], reader: ContextReader
) -> list[StationResult]:
    """Judge the stations; while those of one query are judged, the next is answered."""
    batches = [stations[first : first + STATIONS_A_QUERY] for first in range(0, len(stations), STATIONS_A_QUERY)]
    judged: list[StationResult] = []
    with ThreadPoolExecutor(1) as executor:
        reading = executor.submit(_read, store, context, batches[0]) if batches else None
        for batch, following in zip_longest(batches, batches[1:]):
            assert reading is not None
            natives = reading.result()
            reading = executor.submit(_read, store, context, following) if following else None
            judged += [
                judge_station(station, _of_station(natives, station, context.network), context, reader)
                for station in batch
            ]
    return judged


def _of_station(
    natives: Mapping[tuple[str, str], pd.DataFrame], station: Station, network: str
) -> dict[str, pd.DataFrame]:
    """Frames of a station's instruments, each with the parameters that the network file gives it."""
    found: dict[str, pd.DataFrame] = {}
    for item in station.instruments_of(network):
        frame = natives.get((station.id, item.id))
        if frame is not None:
            known = set(item.parameters)
            foreign = [name for name in frame if str(name).removesuffix(STATUS) not in known]
            found[item.id] = frame.drop(columns=foreign) if foreign else frame
    return found
