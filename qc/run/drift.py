"""Drift of stations against other stations over stored hours: of one station, which writes nothing, or of all, whose flags are stored."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from qc.hourly.drift.drift import DriftLimit
from qc.hourly.drift.flagging import TEST
from qc.hourly.drift.report import evaluate_network, references_of, report_drift
from qc.run.limits import thresholds_of
from qc.run.write import ResultWriter, save_flags
from qc.station.evaluation import RunContext
from qc.station.window import Window
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from qc.hourly.drift.report import DriftReport, DriftRun
    from store.settings import SharedSettings

_DAY = timedelta(days=1)


def read_drift(
    settings: SharedSettings,
    network: str,
    station_id: str,
    parameter: str,
    *,
    span: tuple[datetime, datetime],
    references: Sequence[str] = (),
) -> DriftReport:
    """Compare a station's stored hours with the median of its references.

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
        As `qc.hourly.drift.report.references_of`, and if there is no limit of drift for the parameter.
    store.error.StoreError
    """
    chosen = references_of(settings.stations, network, station_id, parameter, references)
    month = span[1].astimezone(settings.stations.timezone).month
    limit = thresholds_of(settings).find(DriftLimit, parameter, network=network, station_id=station_id, month=month)
    if limit is None:
        msg = f"thresholds.toml has no limit of the test drift for {parameter!r}"
        raise ValueError(msg)
    with closing(InfluxStore(settings)) as store:
        hours = {name: store.read_hourly(network, name, *span, (parameter,)) for name in (station_id, *chosen)}
    return report_drift(hours, network, parameter, limit, span)


def run_drift(settings: SharedSettings, network: str, now: datetime, *, dry_run: bool = False) -> DriftRun:
    """Evaluate all stations of a network over the days that the limits ask for, and store the flags.

    Running again over the same hours changes nothing; a flag that no longer holds is taken back, and its history kept.

    Parameters
    ----------
    now : datetime
        Aware; the last full hour ends the record.
    dry_run : bool
        Write nothing.

    Raises
    ------
    qc.limits.load.ThresholdError, store.error.StoreError
    ValueError
        If the network does not exist.
    """
    code, thresholds, zone = NetworkCode(network), thresholds_of(settings), settings.stations.timezone
    end = floor_hour(now)
    span = (end - max((limit.days for limit in thresholds.of_kind(DriftLimit)), default=30) * _DAY, end)
    month = end.astimezone(zone).month
    with closing(InfluxStore(settings)) as store:
        if dry_run:
            return evaluate_network(_read(store, code, span), thresholds, code, span, month)[0]
        with StateStore(settings.state_url) as state, state.runs.open(TEST, code, *span, thresholds.version) as current:
            summary, flags = evaluate_network(_read(store, code, span), thresholds, code, span, month)
            context = RunContext(code, zone, thresholds, Window(*span, *span))
            back = save_flags(ResultWriter(store, state, context, current.id), Bucket.HOURLY, flags, {}, only=(TEST,))
            summary = msgspec.structs.replace(summary, taken_back=back)
            current.counts = msgspec.to_builtins(summary)
    return summary


def _read(store: InfluxStore, network: str, span: tuple[datetime, datetime]) -> dict[str, pd.DataFrame]:
    table = store.read_hourly_table(network, *span)
    return {str(name): frame.droplevel(0) for name, frame in table.groupby(level=0)} if len(table) else {}
