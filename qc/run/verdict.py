"""Verdicts on stored data: reads the data of a case and calls `qc.verdict`. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from qc.limits.load import ThresholdError
from qc.limits.thresholds import OVERRIDES_NAME
from qc.run.limits import load_thresholds
from qc.verdict.context import DAY_H, CaseContext
from qc.verdict.verdict import evaluate_case
from qc.verdict.weight import VerdictRule
from schemas.frames import concat_flags
from schemas.interval import Interval, floor_hour
from schemas.message import NetworkCode
from schemas.parameter import parameter as known
from store.influx.store import Bucket, InfluxStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from qc.verdict.verdict import Verdict
    from schemas.network import Instrument, Network, Station

BEFORE = timedelta(hours=84)
"""Three days before a case that define the usual level, and half a day for the daily course."""
HOUR = timedelta(hours=1)
MET = NetworkCode.MET.value
WEATHER = ("rain", "global_radiation")
"""Weather parameters that explain a rise."""


class CaseError(ValueError):
    """A case without a verdict: the message names what is not configured."""


def rule_of(network_file: Path) -> VerdictRule:
    """Weights in force with a network file; raises `qc.limits.load.ThresholdError`."""
    rule = load_thresholds(network_file.with_name(OVERRIDES_NAME)).rule(VerdictRule)
    if rule is None:
        msg = "the table [verdict] is missing"
        raise ThresholdError(msg)
    return rule


def verdict_of(  # noqa: PLR0913 - a keyword for each thing that names a case
    store: InfluxStore,
    network: Network,
    rule: VerdictRule,
    *,
    station_id: str,
    parameter: str,
    interval: Interval,
    network_code: str | None = None,
    instrument_id: str | None = None,
) -> Verdict:
    """Verdict on one station's parameter over an interval of stored data.

    A case is about one instrument; others of the same parameter are evidence.

    Parameters
    ----------
    store : InfluxStore
    network : Network
    rule : VerdictRule
        From `rule_of`.
    station_id, parameter : str
    interval : Interval
        The case; an instant means its hour.
    network_code : str or None
        Network of the parameter where the station measures it in several; None: the first.
    instrument_id : str or None
        None: of the instruments in service in the case the one with most readings, which is the one that the hours are of.

    Raises
    ------
    CaseError
        No such station, or no instrument of it measured that then.
    store.error.StoreError
    """
    first_hour = floor_hour(interval.start)
    case = interval if interval.end > interval.start else Interval(first_hour, first_hour + HOUR)
    station = network.stations.get(station_id)
    if station is None:
        msg = f"unknown station {station_id!r}"
        raise CaseError(msg)
    serving = _serving(station, parameter, case, network_code, instrument_id)
    return evaluate_case(_Reader(store, network, station, case).context(serving, parameter), rule)


def _serving(
    station: Station, parameter: str, case: Interval, network_code: str | None, instrument_id: str | None
) -> list[Instrument]:
    """Instruments of one network that measured a parameter in the case."""
    measuring = [item for item in station.instruments if parameter in item.parameters]
    chosen = [
        item
        for item in measuring
        if network_code in {None, item.network.value}
        and instrument_id in {None, item.id}
        and item.serves_within(case.start, case.end)
    ]
    if not chosen:
        which = f"instrument {instrument_id!r}" if instrument_id else "no instrument"
        where = f" in network {network_code}" if network_code else ""
        verb = "does not measure" if instrument_id else "measures"
        service = " at that time" if measuring else ""
        msg = f"{which} of station {station.id} {verb} {parameter!r}{where}{service}"
        raise CaseError(msg)
    return [item for item in chosen if item.network == chosen[0].network]


class _Reader:
    """Reads the data of a case: a fixed number of queries, each bounded in time."""

    def __init__(self, store: InfluxStore, network: Network, station: Station, case: Interval) -> None:
        self._store, self._network, self._station, self._case = store, network, station, case
        self._first = floor_hour(case.start) - BEFORE

    def context(self, serving: list[Instrument], parameter: str) -> CaseContext:
        """Data of the case for the serving instrument with most readings in it."""
        code = serving[0].network.value
        readings = self._readings(code, parameter)
        inside = {
            item.id: int((readings[item.id].index >= self._case.start).sum()) if item.id in readings else 0
            for item in serving
        }
        instrument = max(serving, key=lambda item: inside[item.id])
        own = readings.pop(instrument.id, None)
        return CaseContext(
            station=self._station,
            parameter=parameter,
            interval=self._case,
            hours=self._hours(code),
            stations=list(self._network.stations_of(code)),
            met=self._weather(parameter),
            met_stations=list(self._network.stations_of(MET)),
            flags=self._flags(code, instrument.id, parameter),
            native=own,
            cadence_s=instrument.cadence_s,
            instrument_id=instrument.id,
            twins=readings,
            other_networks=other_network_hours(self._store, self._station, code, (self._first, self._case.end)),
        )

    def _readings(self, code: str, parameter: str) -> dict[str, pd.DataFrame]:
        """Readings of the parameter by the station's instruments in one network, by instrument id."""
        found = self._store.read_native_many(code, [self._station.id], self._first, self._case.end, [parameter])
        known = {item.id for item in self._station.instruments_of(code) if parameter in item.parameters}
        return {name: frame for (_, name), frame in found.items() if name in known and parameter in frame}

    def _hours(self, code: str) -> dict[str, pd.DataFrame]:
        """Hours of the network at all its stations: the parameters that this station measures in it."""
        return self._store.read_hourly_all(code, self._first, self._case.end, _codes(self._station, code))

    def _weather(self, parameter: str) -> dict[str, pd.DataFrame]:
        codes = (*WEATHER, parameter) if MET in known(parameter).networks else WEATHER
        return self._store.read_hourly_all(MET, self._first, self._case.end, list(dict.fromkeys(codes)))

    def _flags(self, code: str, instrument_id: str, parameter: str) -> pd.DataFrame:
        start: datetime = floor_hour(self._case.start) - DAY_H * HOUR
        found = concat_flags(
            [
                self._store.read_flags(bucket, code, start, self._case.end, self._station.id)
                for bucket in (Bucket.NATIVE, Bucket.HOURLY)
            ]
        )
        if found.empty:
            return found
        # flags of another instrument's readings are not about this one
        of_it = found["instrument_id"].isna() | found["instrument_id"].eq(instrument_id)
        chosen = found[found["parameter"].eq(parameter) & of_it]
        return chosen.assign(start=pd.to_datetime(chosen["start"], utc=True))


def other_network_hours(
    store: InfluxStore, station: Station, code: str, span: tuple[datetime, datetime]
) -> Mapping[str, pd.DataFrame]:
    """Hours of a station in its networks other than one, by network code; those without any are absent. One query each."""
    found = {}
    for other in dict.fromkeys(item.network.value for item in station.instruments):
        codes = _codes(station, other)
        if other != code and codes:
            found[other] = store.read_hourly(other, station.id, *span, codes)
    return {name: frame for name, frame in found.items() if len(frame)}


def _codes(station: Station, code: str) -> list[str]:
    """Parameters of a station in one network."""
    return list(dict.fromkeys(name for item in station.instruments_of(code) for name in item.parameters))
