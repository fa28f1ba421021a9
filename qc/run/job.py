"""Quality control of a network over stored data.

A run reads the native values of its stations (`qc.run.station_reader`) and the stored hours around them (`qc.run.context_reader`),
evaluates each station (`qc.station`), and writes hours and flags (`qc.run.write`).
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from qc.hourly.space.flagging import find_deviations
from qc.run import calibration
from qc.run.context_reader import read_context, read_space_context
from qc.run.gate.job import GateSummary, gate
from qc.run.limits import thresholds_of
from qc.run.station_reader import codes_of, read_stations, stations_of
from qc.run.write import ResultWriter, save_flags, save_hours
from qc.station.evaluation import RunContext, StationResult, evaluate_station
from qc.station.space import add_space, flag_in_space, flags_of
from qc.station.window import HOUR, make_window
from schemas.flag import Flag
from schemas.frames import concat_flags
from schemas.interval import Interval
from schemas.message import NetworkCode
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from schemas.network import Network, Station
    from store.settings import SharedSettings
    from store.state import ReopenedHour

__all__ = ["GateSummary", "QcSummary", "gate", "run", "run_reopened", "stretches", "thresholds_of"]

JOINED = timedelta(hours=24)
"""Re-opened hours that are nearer than this are evaluated in one run."""


class QcSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one run over one network.

    Attributes
    ----------
    start, end : datetime
        Full hours written, UTC, half-open: one hour more at the front than requested, since the last values before
        it could not be compared with their successors earlier.
    version : str
        Of the thresholds.
    stations : tuple of str or None
        Ids of the stations of the run; None: all of the network.
    streams, silent : int
        Instruments with and without any reading.
    value_count : int
        Native values in ``[start, end)``.
    hours : int
        Hourly values written, by parameter and station.
    native_flags, hourly_flags : dict of str to int
        Flags other than PASS by test.
    taken_back : int
        Earlier flags that no longer hold.
    revised : int
        Hourly values whose value, count or flag differ from the stored ones, which are kept as history.
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
    """Flag the native values of a network, make its hours, and flag these.

    Running again over the same hours with the same thresholds and data changes nothing. A flag of an earlier run that no
    longer holds is replaced by PASS; a replaced flag or hour is kept with the run that replaced it.

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
        Ids of those to evaluate; None: all of the network. Flags of others are not changed.

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
        figures = _write(writer, _evaluate(writer, settings.stations, chosen))
        state.revisions.close_hours(code, *span, now, stations)
        state.screened.add(code, [item.id for item in chosen], *span)
        summary = _summary(writer, figures, time.perf_counter() - began)
        current.counts = msgspec.to_builtins(summary)
    return summary


def _summary(writer: ResultWriter, figures: dict[str, Any], seconds: float) -> QcSummary:
    context = writer.context
    return QcSummary(
        network=context.network,
        start=context.window.start,
        end=context.window.end,
        run_id=writer.run_id,
        version=context.thresholds.version,
        stations=None if writer.stations is None else tuple(sorted(writer.stations)),
        seconds=round(seconds, 3),
        **figures,
    )


def run_reopened(settings: SharedSettings, now: datetime) -> list[QcSummary]:
    """Evaluate the hours that late and corrected readings have re-opened, and close them.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        Aware; an hour that is touched after it stays on the list.

    Returns
    -------
    list of QcSummary
        One a network and stretch of hours. Raises as `run` does; stretches that are done by then are kept.
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


def _evaluate(writer: ResultWriter, network: Network, chosen: Sequence[Station]) -> list[StationResult]:
    """Results of all stations; none is written before all exist, since the tests in space compare them."""
    context = writer.context
    around = read_context(writer.store, context, list(network.stations_of(context.network)), chosen)
    with closing(read_stations(writer.store, context, chosen)) as natives:
        results = [evaluate_station(station, frames, context, around) for station, frames in natives]
    if writer.stations is None:
        _evaluate_space(writer, network, results)
    return results


def _evaluate_space(writer: ResultWriter, network: Network, results: Sequence[StationResult]) -> None:
    """Add the flags of the tests in space; they need all stations of the network, so runs of some leave them alone."""
    context, window = writer.context, writer.context.window
    hours = {item.station_id: item.whole for item in results if len(item.whole)}
    span = Interval(window.start, window.end)
    deviations = find_deviations(hours, network, context.network, thresholds=context.thresholds, span=span)
    # Only now it is known which stations deviate, and need the hours of their other networks.
    around = read_space_context(writer.store, network, context.network, hours, deviations.station_ids)
    add_space(results, flag_in_space(deviations, network, context, around, flags_of(results)), context)


def _write(writer: ResultWriter, results: Sequence[StationResult]) -> dict[str, Any]:
    """Save hours, then flags; returns the figures of the summary."""
    last_seen = {(item.station_id, key): at for item in results for key, at in item.last_seen.items()}
    native = concat_flags([item.native_flags for item in results])
    hourly = concat_flags([item.hourly_flags for item in results])
    revised = save_hours(writer, results)
    back = sum(
        save_flags(writer, bucket, flags, last_seen)
        for bucket, flags in ((Bucket.NATIVE, native), (Bucket.HOURLY, hourly))
    )
    return {
        **_counts(results),
        "revised": revised,
        "native_flags": dict(Counter(native["test"])),
        "hourly_flags": dict(Counter(hourly[hourly["flag"].astype(int) != int(Flag.PASS)]["test"])),
        "taken_back": back,
    }


def _counts(results: Sequence[StationResult]) -> dict[str, Any]:
    counts: Counter[str] = sum((item.counts for item in results), Counter())
    unevaluated: Counter[str] = sum((item.unevaluated for item in results), Counter())
    return {
        "streams": counts["streams"],
        "silent": counts["silent"],
        "value_count": counts["values"],
        "hours": counts["hours"],
        "unevaluated": dict(unevaluated),
    }
