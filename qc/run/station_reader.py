"""Native values of the stations of a run. Reads only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import TYPE_CHECKING

from schemas.frames import STATUS

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

    import pandas as pd

    from qc.station.evaluation import RunContext
    from schemas.message import NetworkCode
    from schemas.network import Station
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

STATIONS_A_QUERY = 20
"""Stations whose native values one query reads, a compromise of queries and memory [1]."""


def stations_of(settings: SharedSettings, network: NetworkCode, stations: Collection[str] | None) -> list[Station]:
    """Stations of a network, all or those named; raises ValueError for one that has no instrument of it."""
    found = {item.id: item for item in settings.stations.stations_of(network)}
    unknown = sorted(set(stations or ()) - set(found))
    if unknown:
        msg = f"no instrument of network {network} at {', '.join(unknown)}"
        raise ValueError(msg)
    return list(found.values()) if stations is None else [found[name] for name in sorted(set(stations))]


def codes_of(stations: Sequence[Station], network: str) -> set[str]:
    """Parameters that the stations' instruments of a network report."""
    listed = [item for station in stations for item in station.instruments_of(network)]
    return {code for item in listed for code in item.parameters}


def read_stations(
    store: InfluxStore, context: RunContext, stations: Sequence[Station]
) -> Generator[tuple[Station, dict[str, pd.DataFrame]]]:
    """Native frames by instrument id, a station at a time; the next query runs while the stations of one are evaluated."""
    batches = [stations[first : first + STATIONS_A_QUERY] for first in range(0, len(stations), STATIONS_A_QUERY)]
    with ThreadPoolExecutor(1) as executor:
        reading = executor.submit(_read, store, context, batches[0]) if batches else None
        for batch, following in zip_longest(batches, batches[1:]):
            assert reading is not None
            natives = reading.result()
            reading = executor.submit(_read, store, context, following) if following else None
            yield from ((station, _of_station(natives, station, context.network)) for station in batch)


def _read(store: InfluxStore, context: RunContext, stations: Sequence[Station]) -> dict[tuple[str, str], pd.DataFrame]:
    """Native frames of some stations by (station id, instrument id)."""
    codes = sorted(codes_of(stations, context.network))
    window, ids = context.window, [station.id for station in stations]
    return store.read_native_many(context.network, ids, window.read_start, window.read_end, codes)


def _of_station(
    natives: Mapping[tuple[str, str], pd.DataFrame], station: Station, network: str
) -> dict[str, pd.DataFrame]:
    """Frames of a station's instruments, each with the parameters that the network file gives it."""
    found: dict[str, pd.DataFrame] = {}
    for item in station.instruments_of(network):
        frame = natives.get((station.id, item.id))
        if frame is not None:
            known = set(item.parameters)
            unlisted = [name for name in frame if str(name).removesuffix(STATUS) not in known]
            found[item.id] = frame.drop(columns=unlisted) if unlisted else frame
    return found
