"""Reads the records of quality control of a station: flags of both levels and the times that were screened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from schemas.flagged import RecordedFlags
from schemas.interval import Interval, floor_hour
from store.history import AsOf
from store.influx.store import Bucket

if TYPE_CHECKING:
    from datetime import datetime

    from store.influx.store import InfluxStore
    from store.state import StateStore

_HOUR = timedelta(hours=1)


def read_recorded_flags(
    influx: InfluxStore,
    state: StateStore,
    network: str,
    station_id: str,
    span: Interval,
    *,
    as_of: datetime | None = None,
) -> RecordedFlags:
    """Records that cover any value of a station in ``span``, and what of ``span`` was screened; now or as of a moment.

    Raises
    ------
    store.error.StoreError
    """
    # a record of an hour starts at its first value, which may be before the span
    first = floor_hour(span.start)
    if as_of is None:
        native, hourly = (
            influx.read_flags(level, network, first, span.end, station_id) for level in (Bucket.NATIVE, Bucket.HOURLY)
        )
        return RecordedFlags(native, hourly, state.screened.list(network, station_id, span.start, span.end))
    past = AsOf(
        influx=influx,
        state=state,
        network=network,
        station_id=station_id,
        start=first,
        end=span.end,
        moment=as_of,
    )
    within = replace(past, start=span.start)
    return RecordedFlags(past.flags(Bucket.NATIVE), past.flags(Bucket.HOURLY), within.screened())
