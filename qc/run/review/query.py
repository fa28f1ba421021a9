"""Hours, flags and reviews of a query. Reads only.

Errors: `store.error` (`ReviewError`, `ReviewConflictError`), `ValueError` for an invalid query.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.review.level2 import reviewed
from qc.review.selection import Selection
from schemas.frames import concat_flags
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.review import ACTIVE, Review, ReviewCode
from store.influx.store import Bucket, InfluxStore

if TYPE_CHECKING:
    from store.settings import SharedSettings
    from store.state import StateStore


class ReviewQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Hours to review.

    Attributes
    ----------
    stations, parameters : tuple of str
        Empty: all of the network.
    start, end : datetime
        Aware; widened to full hours.
    """

    network: str
    start: datetime
    end: datetime
    stations: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    selection: Selection = Selection()


def read_reviewed(
    store: InfluxStore,
    state: StateStore,
    query: ReviewQuery,
    *,
    least: ReviewCode = ReviewCode.CONFIRMED,
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Hours at level L1.5 and L2 by station; stations without an hour are left out."""
    hourly = read_hours(store, query)
    reviews = state.reviews.list(
        network=query.network,
        stations=query.stations,
        parameters=query.parameters,
        start=query.start,
        end=query.end,
        states=ACTIVE,
    )
    by_station: dict[str, list[Review]] = {}
    for item in reviews:
        by_station.setdefault(item.target.station_id, []).append(item)
    records = _hour_records(store, query)
    return {
        name: (
            frame,
            reviewed(frame, by_station.get(name, ()), records[records["station_id"] == name], least=least),
        )
        for name, frame in hourly.items()
        if len(frame)
    }


def checked(settings: SharedSettings, query: ReviewQuery) -> ReviewQuery:
    """The query with full hours, and every station and parameter named."""
    code = NetworkCode(query.network)
    stations = list(settings.stations.stations_of(code))
    known = {item.id for item in stations}
    unknown = [name for name in query.stations if name not in known]
    if unknown:
        msg = f"no such station in network {code}: {', '.join(unknown)}"
        raise ValueError(msg)
    there = dict.fromkeys(name for one in stations for item in one.instruments_of(code) for name in item.parameters)
    unknown = [name for name in query.parameters if name not in there]
    if unknown:
        msg = f"no instrument of network {code} measures {', '.join(unknown)}"
        raise ValueError(msg)
    start, end = floor_hour(query.start), floor_hour(query.end)
    if end < query.end:
        end = floor_hour(query.end + (pd.Timedelta(hours=1) - pd.Timedelta(microseconds=1)).to_pytimedelta())
    if end <= start:
        msg = f"no full hour between {query.start.isoformat()} and {query.end.isoformat()}"
        raise ValueError(msg)
    chosen = query.stations or tuple(item.id for item in stations)
    return msgspec.structs.replace(
        query,
        network=code.value,
        start=start,
        end=end,
        stations=chosen,
        parameters=query.parameters or tuple(there),
    )


def read_hours(store: InfluxStore, query: ReviewQuery) -> dict[str, pd.DataFrame]:
    """Hours of a query at level L1.5 by station; one series is read where one station is asked for."""
    if len(query.stations) == 1:
        (name,) = query.stations
        found = {name: store.read_hourly(query.network, name, query.start, query.end)}
    else:
        found = store.read_hourly_all(query.network, query.start, query.end)
    return {name: frame for name, frame in found.items() if not query.stations or name in query.stations}


def _hour_records(store: InfluxStore, query: ReviewQuery) -> pd.DataFrame:
    only = query.stations[0] if len(query.stations) == 1 else None
    return store.read_flags(Bucket.HOURLY, query.network, query.start, query.end, only)


def read_flags(store: InfluxStore, query: ReviewQuery) -> pd.DataFrame:
    """Flags of the hours of a query and of their native values."""
    span = (query.start, query.end)
    return concat_flags([store.read_flags(bucket, query.network, *span) for bucket in (Bucket.HOURLY, Bucket.NATIVE)])
