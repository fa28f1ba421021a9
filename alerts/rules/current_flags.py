"""Values with their present flags, as in pages, API and exports.

Hours have the verdicts of tests that ran after they were made, and of people who reviewed them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qc.review.level2 import reviewed
from schemas.flagged import join_native
from schemas.interval import Interval
from schemas.review import ACTIVE
from store.influx.store import Bucket
from store.recorded_flags import read_recorded_flags

if TYPE_CHECKING:
    import pandas as pd

    from store.influx.store import InfluxStore
    from store.state import StateStore

_HOUR, _MOMENT = timedelta(hours=1), timedelta(microseconds=1)


def with_current_flags(
    influx: InfluxStore, state: StateStore, *, network: str, station_id: str, frame: pd.DataFrame
) -> pd.DataFrame:
    """The hours of one station at level L2; raises `store.error.StoreError`."""
    if frame.empty:
        return frame
    start, end = frame.index[0].to_pydatetime(), frame.index[-1].to_pydatetime() + _HOUR
    records = influx.read_flags(Bucket.HOURLY, network, start, end, station_id=station_id)
    reviews = state.reviews.list(network=network, stations=(station_id,), start=start, end=end, states=ACTIVE)
    return reviewed(frame, reviews, records)


def reading_flags(
    influx: InfluxStore, state: StateStore, *, network: str, station_id: str, instrument_id: str, values: pd.Series
) -> list[int]:
    """Flags of the readings of one channel (named after its parameter); UNKNOWN where no run has screened them."""
    if values.empty:
        return []
    span = Interval(values.index[0].to_pydatetime(), values.index[-1].to_pydatetime() + _MOMENT)
    verdicts = read_recorded_flags(influx, state, network, station_id, span)
    flags: list[int] = join_native(verdicts, instrument_id, str(values.name), values).flags.tolist()
    return flags
