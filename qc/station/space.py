"""The tests in space on the hours of a run: a deviation that the verdict calls an event is exempted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from qc.hourly.space.flagging import Deviations, FlaggedSpace, flag_deviations
from qc.verdict.context import DAY_H, CaseContext
from qc.verdict.verdict import evaluate_case
from qc.verdict.weight import VerdictRule
from schemas.frames import FLAG, concat_flags
from schemas.interval import Interval
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qc.station.evaluation import RunContext, StationResult
    from schemas.network import Network


@dataclass(frozen=True, slots=True)
class SpaceContext:
    """What the verdict needs besides the hours of the run.

    Attributes
    ----------
    met : mapping of str to DataFrame
        Hours of the weather by station.
    other_networks : mapping of str to mapping
        Hours of a deviating station in its other networks, by station and network.
    """

    met: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    other_networks: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)


def flag_in_space(
    deviations: Deviations, network: Network, context: RunContext, around: SpaceContext, records: pd.DataFrame
) -> FlaggedSpace:
    """Flag the deviations that are no event; without ``[verdict]`` in the limits all of them.

    Parameters
    ----------
    deviations : Deviations
    network : Network
    context : RunContext
    around : SpaceContext
    records : DataFrame
        `schemas.frames` flags of the run, native and hourly.
    """
    rule = context.thresholds.rule(VerdictRule)
    if rule is None:
        return flag_deviations(deviations, None)
    stations = list(network.stations_of(context.network))
    met_stations = list(network.stations_of(NetworkCode.MET))

    def is_event(station_id: str, parameter: str, start: datetime, end: datetime) -> bool:
        """Whether a deviation is likelier an event than a fault; undecided counts, since a flag needs a reason."""
        case = CaseContext(
            station=network.stations[station_id],
            parameter=parameter,
            interval=Interval(start, end),
            hours=deviations.hours,
            stations=stations,
            met=around.met,
            met_stations=met_stations,
            flags=_flags_of(records, station_id, parameter, start, end),
            other_networks=around.other_networks.get(station_id, {}),
        )
        return evaluate_case(case, rule).log_odds > 0

    return flag_deviations(deviations, is_event)


def _flags_of(records: pd.DataFrame, station_id: str, parameter: str, start: datetime, end: datetime) -> pd.DataFrame:
    if records.empty:
        return records
    own = (records["station_id"] == station_id) & (records["parameter"] == parameter)
    first = pd.Timestamp(start) - pd.Timedelta(hours=DAY_H)
    return records[own & (records["start"] >= first) & (records["start"] < end)]


def flags_of(results: Sequence[StationResult]) -> pd.DataFrame:
    """Flags of all stations, native and hourly."""
    return concat_flags([flags for item in results for flags in (item.native_flags, item.hourly_flags)])


def add_space(results: Sequence[StationResult], found: FlaggedSpace, context: RunContext) -> None:
    """Add the flags of the tests in space to the results of the stations."""
    for item in results:
        changed = found.hourly.get(item.station_id)
        if changed is not None and len(item.hours):
            flags = [name for name in map(str, item.hours) if name.endswith(FLAG)]
            item.hours[flags] = context.window.inside(changed)[flags]
        own = found.records[found.records["station_id"] == item.station_id] if len(found.records) else found.records
        item.hourly_flags = concat_flags([item.hourly_flags, own])
    if results:
        results[0].unevaluated.update(found.unevaluated)
