"""Verdicts from stored data: loads what is known around a case and asks `qc.verdict`. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from qc.thresholds import OVERRIDES_NAME, ThresholdError, load_thresholds
from qc.verdict import judge_case
from qc.verdict_evidence import Scene
from schemas.frames import concat_flags
from schemas.interval import Interval, floor_hour
from store.influx import Bucket, InfluxStore

if TYPE_CHECKING:
    from pathlib import Path

    from qc.limit_space import VerdictRule
    from qc.verdict import Verdict
    from schemas.network import Instrument, Network, Station

BEFORE = timedelta(hours=84)
"""Hours before a case that say what was usual, and half a day for the course."""
HOUR = timedelta(hours=1)


class CaseError(ValueError):
    """A case that cannot be judged: the message names what is not configured."""


def rule_of(network_file: Path) -> VerdictRule:
    """Weights in force beside a network file; raises `qc.thresholds.ThresholdError`."""
    rule = load_thresholds(network_file.with_name(OVERRIDES_NAME)).verdict
    if rule is None:
        msg = "the table [verdict] is missing"
        raise ThresholdError(msg)
    return rule


def verdict_of(
    store: InfluxStore, network: Network, rule: VerdictRule, *, station_id: str, parameter: str, interval: Interval
) -> Verdict:
    """Judge one station's parameter over an interval from what is stored.

    Parameters
    ----------
    store : InfluxStore
    network : Network
    rule : VerdictRule
        From `rule_of`.
    station_id, parameter : str
    interval : Interval
        The case; an instant stands for its hour.

    Raises
    ------
    CaseError
        No such station, or no instrument of it measures that.
    store.error.StoreError
    """
    station, instrument = _owner(network, station_id, parameter)
    code = instrument.network.value
    case = (
        interval
        if interval.end > interval.start
        else Interval(floor_hour(interval.start), floor_hour(interval.start) + HOUR)
    )
    first, last = floor_hour(case.start) - BEFORE, case.end
    native = store.read_native(code, station_id, instrument.id, case.start, case.end, [parameter])
    return judge_case(
        Scene(
            station=station,
            parameter=parameter,
            interval=case,
            hours=store.read_hourly_all(code, first, last),
            stations=list(network.stations_of(code)),
            met=store.read_hourly_all("met", first, last),
            met_stations=list(network.stations_of("met")),
            flags=_flags(store, code, station_id, parameter, case),
            native=native,
            cadence_s=instrument.cadence_s,
        ),
        rule,
    )


def _owner(network: Network, station_id: str, code: str) -> tuple[Station, Instrument]:
    station = network.stations.get(station_id)
    if station is None:
        msg = f"unknown station {station_id!r}"
        raise CaseError(msg)
    for instrument in station.instruments:
        if code in instrument.parameters:
            return station, instrument
    msg = f"no instrument of station {station_id} measures {code!r}"
    raise CaseError(msg)


def _flags(store: InfluxStore, code: str, station_id: str, parameter: str, case: Interval) -> pd.DataFrame:
    start: datetime = floor_hour(case.start)
    found = concat_flags(
        [store.read_flags(bucket, code, start, case.end, station_id) for bucket in (Bucket.NATIVE, Bucket.HOURLY)]
    )
    if found.empty:
        return found
    chosen = found[found["parameter"] == parameter]
    return chosen.assign(start=pd.to_datetime(chosen["start"], utc=True))
