"""Level L2 as stored points."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from qc.run.review.progress import FIGURES, completeness
from qc.run.review.query import ReviewQuery, checked, read_reviewed
from schemas.frames import FLAG, parameters_in
from store.influx.store import InfluxStore, require_accepted
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    import pandas as pd

    from store.settings import SharedSettings


L2_PREFIX = "reviewed_"
"""Measurement of the stored L2 hours of a network, in the bucket ``product``."""


class L2Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What `apply` stored.

    Attributes
    ----------
    hours : int
        Of all stations and parameters, with a value.
    changed : int
        Hours whose flag differs from the automatic one.
    stale : int
        Hours whose review does not count any more, because value or flag changed since.
    completeness : float or None
        Confirmed or signed / hours [1]; None without an hour.
    """

    network: str
    start: datetime
    end: datetime
    stations: int
    hours: int
    confirmed: int
    signed: int
    changed: int
    stale: int
    completeness: float | None


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
        applied = _summary(query, found, settings.stations.timezone)
        current.counts = {**msgspec.to_builtins(applied), "at": now.isoformat()}
    return applied


def _summary(query: ReviewQuery, found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], zone: ZoneInfo) -> L2Summary:
    table = completeness(found, zone)
    counts = {name: int(table[name].sum()) for name in FIGURES}
    changed = sum(
        int((level2[code + FLAG].to_numpy() != hourly[code + FLAG].to_numpy()).sum())
        for hourly, level2 in found.values()
        for code in parameters_in(hourly)
        if code + FLAG in hourly
    )
    return L2Summary(
        network=query.network,
        start=query.start,
        end=query.end,
        stations=len(found),
        hours=counts["hours"],
        confirmed=counts["confirmed"],
        signed=counts["signed"],
        changed=changed,
        stale=counts["stale"],
        completeness=counts["confirmed"] / counts["hours"] if counts["hours"] else None,
    )
