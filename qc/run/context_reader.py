"""Reads the hours that a run needs besides its native values: for the hourly tests, and for the tests in space."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qc.hourly.relation.network import history_h
from qc.run.verdict import MET, WEATHER, other_network_hours
from qc.station.context_hours import REMEMBERS, ContextHours, codes_of_others, neighbours_of
from qc.station.space import SpaceContext

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

    from qc.station.evaluation import RunContext
    from schemas.network import Network, Station
    from store.influx.store import InfluxStore


def read_context(
    store: InfluxStore, context: RunContext, stations: Sequence[Station], chosen: Sequence[Station]
) -> ContextHours:
    """Hours around those of a run: one query a network.

    Parameters
    ----------
    store : InfluxStore
    context : RunContext
    stations : sequence of Station
        All of the network.
    chosen : sequence of Station
        Those of the run; of a single one the hours of that station alone are read.

    Raises
    ------
    store.error.StoreError
    """
    network, only = context.network, chosen[0].id if len(chosen) == 1 else None
    start = context.window.start - timedelta(hours=history_h(context.thresholds, network))
    span = (start, context.window.read_end)
    others = dict.fromkeys(name for station in chosen for name in codes_of_others(station, network))
    past = _hours(store, network, span, only) if network in REMEMBERS else {}
    near: Mapping[str, pd.DataFrame] = {}
    if any(neighbours_of(station, network, stations) for station in chosen):
        near = past if only is None else _hours(store, network, span, None)
    return ContextHours(
        network=network,
        start=start,
        stations=tuple(stations),
        past=past,
        others={name: _hours(store, name, span, only) for name in others},
        near=near,
    )


def _hours(
    store: InfluxStore, network: str, span: tuple[datetime, datetime], station_id: str | None
) -> dict[str, pd.DataFrame]:
    """Stored hours by station."""
    table = store.read_hourly_table(network, *span, station_id)
    by_station = table.groupby(level=0) if len(table) else ()
    return {str(name): frame.droplevel(0).dropna(axis=1, how="all") for name, frame in by_station}


def read_space_context(
    store: InfluxStore, network: Network, code: str, hours: Mapping[str, pd.DataFrame], deviating: Collection[str]
) -> SpaceContext:
    """The weather, and the other networks of the stations that deviate, over the span of a run's hours.

    Parameters
    ----------
    hours : mapping of str to DataFrame
        Of the run, by station.
    deviating : collection of str
        Station ids; without any nothing is read.

    Raises
    ------
    store.error.StoreError
    """
    if not deviating:
        return SpaceContext()
    first = min(frame.index[0] for frame in hours.values() if len(frame)).to_pydatetime()
    last = max(frame.index[-1] for frame in hours.values() if len(frame)).to_pydatetime()
    span = (first, last + timedelta(hours=1))
    return SpaceContext(
        hours if code == MET else store.read_hourly_all(MET, *span, WEATHER),
        {name: other_network_hours(store, network.stations[name], code, span) for name in deviating},
    )
