"""Drift of stations against other stations over stored hours: one asked for, which writes nothing, or all, whose flags are kept."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.angle import rows_on_line
from qc.hourly.drift.drift import DriftLimit, drift_of
from qc.hourly.drift.flagging import TEST, flag_drift
from qc.run.limits import thresholds_of
from qc.run.write import ResultWriter, save_flags
from qc.station.judge import RunContext
from qc.station.window import Window
from schemas.flag import Flag
from schemas.frames import valid_values
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.parameter import parameter as known
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.settings import SharedSettings

_DAY = timedelta(days=1)


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a station moves against its references, as the logarithm of the ratio: 0.1 is about 10 %.

    Attributes
    ----------
    references : tuple of str
        Stations whose median is the reference.
    days : int
        Days with enough pairs of hours.
    level, slope_per_day, slope_low, slope_high : float or None
        See `qc.hourly.drift.drift.Drift` [1]; None: too few days.
    limit : float
        Distance from the first days above which a day is SUSPECT [1].
    suspect_hours : int
    since : datetime or None
        First suspect hour, UTC.
    """

    network: str
    station_id: str
    parameter: str
    references: tuple[str, ...]
    days: int
    level: float | None
    slope_per_day: float | None
    slope_low: float | None
    slope_high: float | None
    limit: float
    suspect_hours: int
    since: datetime | None


def read_drift(
    settings: SharedSettings,
    network: str,
    station_id: str,
    parameter: str,
    *,
    span: tuple[datetime, datetime],
    references: Sequence[str] = (),
) -> DriftReport:
    """Compare a station's hours with the median of its references.

    Parameters
    ----------
    settings : SharedSettings
    network, station_id, parameter : str
    span : (datetime, datetime)
        Aware, half-open; the first days are the baseline.
    references : sequence of str
        Station ids; empty: every other station that measures the parameter in this network.

    Raises
    ------
    ValueError
        If the station or a reference does not measure the parameter, there is no reference, the station is its own, or there is
        no limit of drift for the parameter.
    store.error.StoreError
    """
    chosen = _references(settings, network, station_id, parameter, references)
    month = span[1].astimezone(settings.stations.timezone).month
    limit = thresholds_of(settings).find(DriftLimit, parameter, network=network, station_id=station_id, month=month)
    if limit is None:
        msg = f"thresholds.toml has no limit of the test drift for {parameter!r}"
        raise ValueError(msg)
    own, reference = _hours(settings, network, (station_id, *chosen), parameter, span)
    flags, drift = drift_of(own, reference, limit)
    suspect = np.flatnonzero(flags == Flag.SUSPECT)
    return DriftReport(
        network=network,
        station_id=station_id,
        parameter=parameter,
        references=chosen,
        days=drift.blocks,
        level=_finite_or_none(drift.level),
        slope_per_day=_finite_or_none(drift.slope_per_day),
        slope_low=_finite_or_none(drift.slope_low),
        slope_high=_finite_or_none(drift.slope_high),
        limit=limit.suspect,
        suspect_hours=suspect.size,
        since=own.index[suspect[0]].to_pydatetime() if suspect.size else None,
    )


class DriftRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run over one network found.

    Attributes
    ----------
    stations : int
        With stored hours.
    drifting : tuple of str
        ``station/parameter`` with suspect hours.
    hours : int
        Suspect hours.
    taken_back : int
        Earlier verdicts that no longer hold.
    unevaluated : int
        Channels with a limit that had too few neighbours.
    """

    network: str
    start: datetime
    end: datetime
    stations: int
    drifting: tuple[str, ...]
    hours: int
    taken_back: int
    unevaluated: int


def run_drift(settings: SharedSettings, network: str, now: datetime, *, dry_run: bool = False) -> DriftRun:
    """Judge all stations of a network over the days that the limits ask for, and keep the flags.

    Running again over the same hours changes nothing; what no longer holds is taken back, and its history kept.

    Parameters
    ----------
    now : datetime
        Aware; the last full hour ends the record.
    dry_run : bool
        Judge, write nothing.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
    ValueError
        If the network does not exist.
    """
    code, thresholds, zone = NetworkCode(network), thresholds_of(settings), settings.stations.timezone
    end = floor_hour(now)
    start = end - max((limit.days for limit in thresholds.of_kind(DriftLimit)), default=30) * _DAY
    context = RunContext(code, zone, thresholds, Window(start, end, start, end))
    with closing(InfluxStore(settings)) as store:
        if dry_run:
            return _drifting(store, context)[0]
        with (
            StateStore(settings.state_url) as state,
            state.runs.open(TEST, code, start, end, thresholds.version) as current,
        ):
            summary, flags = _drifting(store, context)
            back = save_flags(ResultWriter(store, state, context, current.id), Bucket.HOURLY, flags, {}, only=(TEST,))
            summary = msgspec.structs.replace(summary, taken_back=back)
            current.counts = msgspec.to_builtins(summary)
    return summary


def _drifting(store: InfluxStore, context: RunContext) -> tuple[DriftRun, pd.DataFrame]:
    """What the hours of the window show, and the flags."""
    start, end = context.window.start, context.window.end
    table = store.read_hourly_table(context.network, start, end)
    hours = {str(name): frame.droplevel(0) for name, frame in table.groupby(level=0)} if len(table) else {}
    grid = pd.date_range(start, end, freq="h", inclusive="left", name="start", unit="us")
    whole = {name: frame.reindex(grid) for name, frame in hours.items()}
    month = end.astimezone(context.zone).month
    flags, unevaluated = flag_drift(whole, context.thresholds, network=context.network, month=month)
    summary = DriftRun(
        network=context.network,
        start=start,
        end=end,
        stations=len(hours),
        drifting=tuple(sorted({f"{row.station_id}/{row.parameter}" for row in flags.itertuples()})),
        hours=len(flags),
        taken_back=0,
        unevaluated=len(unevaluated),
    )
    return summary, flags


def _references(
    settings: SharedSettings, network: str, station_id: str, parameter: str, asked: Sequence[str]
) -> tuple[str, ...]:
    """Stations that one is compared with, each once: those asked for, else all others that measure the parameter."""
    measuring = [
        station.id
        for station in settings.stations.stations.values()
        if any(parameter in item.parameters for item in station.instruments_of(network))
    ]
    absent = [name for name in (station_id, *asked) if name not in measuring]
    if absent:
        msg = f"no instrument of {network} at {', '.join(dict.fromkeys(absent))} measures {parameter!r}"
        raise ValueError(msg)
    if station_id in asked:
        msg = f"station {station_id} cannot be its own reference"
        raise ValueError(msg)
    chosen = tuple(dict.fromkeys(asked)) or tuple(name for name in measuring if name != station_id)
    if not chosen:
        msg = f"no other station of {network} measures {parameter!r}"
        raise ValueError(msg)
    return chosen


def _hours(
    settings: SharedSettings, network: str, stations: Sequence[str], parameter: str, span: tuple[datetime, datetime]
) -> tuple[pd.Series, pd.Series]:
    """Valid hours of the first station, and the median of the others at the same hours; NaN where there is none."""
    store = InfluxStore(settings)
    try:
        frames = [store.read_hourly(network, station, *span, (parameter,)) for station in stations]
    finally:
        store.close()
    first, last = (moment.astimezone(UTC) for moment in span)
    hours = pd.date_range(first, last, freq="h", inclusive="left", unit="us")
    aligned = [
        valid_values(frame, parameter).reindex(hours) if len(frame) else pd.Series(np.nan, index=hours)
        for frame in frames
    ]
    table = pd.concat(aligned, axis=1)
    table[:] = rows_on_line(table.to_numpy(dtype=np.float64), known(parameter).period)
    reference: pd.Series = table.iloc[:, 1:].median(axis=1)
    return table.iloc[:, 0], reference


def _finite_or_none(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 5)
