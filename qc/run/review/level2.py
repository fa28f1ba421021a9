"""Level L2 as stored points."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from qc.review.progress import level2_summary
from qc.run.review.query import ReviewQuery, checked, read_reviewed
from store.influx.store import InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from datetime import datetime

    from qc.review.progress import L2Summary
    from store.settings import SharedSettings


L2_PREFIX = "reviewed_"
"""Measurement of the stored L2 hours of a network, in the bucket ``product``."""


def apply(settings: SharedSettings, query: ReviewQuery, now: datetime) -> L2Summary:
    """Store the L2 hours of a network as measurement ``reviewed_<network>`` of the bucket ``product``.

    Running again writes the same points. Exports and the API compute L2 from hours and reviews each time; the stored
    points are for programs that read the database themselves.
    """
    query = checked(settings, query)
    with (
        closing(InfluxStore(settings)) as store,
        StateStore(settings.state_url) as state,
        state.runs.open("review", query.network, query.start, query.end, "") as current,
    ):
        found = read_reviewed(store, state, query)
        for station_id, (_, level2) in found.items():
            written = store.write_product(L2_PREFIX + query.network, station_id, level2)
            require_accepted(written, f"L2 hours of {station_id}")
        applied = level2_summary(found, query.network, (query.start, query.end), settings.stations.timezone)
        current.counts = {**msgspec.to_builtins(applied), "at": now.isoformat()}
    return applied
