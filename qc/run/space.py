"""The tests in space in a run: the verdict is asked before a deviating station is flagged.

Reads the weather, and of a station that is asked about the hours of its other networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from qc.hourly.space.flagging import FlaggedSpace, flag_space
from qc.run.verdict import MET, WEATHER, other_network_hours
from qc.verdict.context import DAY_H, CaseContext
from qc.verdict.verdict import judge_case
from qc.verdict.weight import VerdictRule
from schemas.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qc.limits.thresholds import Thresholds
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore


@dataclass(frozen=True, slots=True)
class Made:
    """What a run has made so far.

    Attributes
    ----------
    hours : dict of str to DataFrame
        Hourly frames by station, with as much before the run's window as was read.
    records : DataFrame
        Flags, native and hourly.
    window : Interval
        The hours that the run writes: only these are judged.
    """

    hours: dict[str, pd.DataFrame]
    records: pd.DataFrame
    window: Interval


def judge_space(store: InfluxStore, network: Network, code: str, *, made: Made, thresholds: Thresholds) -> FlaggedSpace:
    """Run the tests in space on the hours of one run.

    Parameters
    ----------
    store : InfluxStore
        Where the weather and a station's other networks are read, if they are asked for.
    network : Network
    code : str
        Network that is judged.
    made : Made
    thresholds : Thresholds
        Without ``[verdict]`` nothing is exempt.
    """
    asked = _Asked(store, network, code, made, thresholds)
    return flag_space(
        made.hours,
        network,
        code,
        thresholds=thresholds,
        is_event=None if thresholds.rule(VerdictRule) is None else asked.is_event,
        span=made.window,
    )


class _Asked:
    """Questions to the verdict; the weather is read at the first of them, a station's other networks at the first about it."""

    def __init__(self, store: InfluxStore, network: Network, code: str, made: Made, thresholds: Thresholds) -> None:
        self._store, self._network, self._code = store, network, code
        self._hours, self._records, self._rule = made.hours, made.records, thresholds.rule(VerdictRule)
        self._stations = list(network.stations_of(code))
        self._other_networks_of: dict[str, Mapping[str, pd.DataFrame]] = {}

    def is_event(self, station_id: str, parameter: str, start: datetime, end: datetime) -> bool:
        """Whether a deviation is likelier an event than a fault; undecided counts, since a flag needs a reason."""
        if self._rule is None:
            return False
        context = CaseContext(
            station=self._network.stations[station_id],
            parameter=parameter,
            interval=Interval(start, end),
            hours=self._hours,
            stations=self._stations,
            met=self._met,
            met_stations=self._met_stations,
            flags=self._flags(station_id, parameter, start, end),
            other_networks=self._other_networks(self._network.stations[station_id]),
        )
        return judge_case(context, self._rule).log_odds > 0

    @cached_property
    def _met_stations(self) -> Sequence[Station]:
        return list(self._network.stations_of(MET))

    @cached_property
    def _span(self) -> tuple[datetime, datetime]:
        first = min(frame.index[0] for frame in self._hours.values() if len(frame))
        last = max(frame.index[-1] for frame in self._hours.values() if len(frame))
        return first.to_pydatetime(), (last + pd.Timedelta(hours=1)).to_pydatetime()

    @cached_property
    def _met(self) -> Mapping[str, pd.DataFrame]:
        return self._hours if self._code == MET else self._store.read_hourly_all(MET, *self._span, WEATHER)

    def _other_networks(self, station: Station) -> Mapping[str, pd.DataFrame]:
        if station.id not in self._other_networks_of:
            self._other_networks_of[station.id] = other_network_hours(self._store, station, self._code, self._span)
        return self._other_networks_of[station.id]

    def _flags(self, station_id: str, parameter: str, start: datetime, end: datetime) -> pd.DataFrame:
        found = self._records
        if found.empty:
            return found
        own = (found["station_id"] == station_id) & (found["parameter"] == parameter)
        first = pd.Timestamp(start) - pd.Timedelta(hours=DAY_H)
        return found[own & (found["start"] >= first) & (found["start"] < end)]
