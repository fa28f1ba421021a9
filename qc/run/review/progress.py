"""How far the hours of stations are reviewed, and by when they are due. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.review.completeness import review_completeness
from qc.review.deadline import LABELS, Deadline, ReviewPeriod, deadlines
from qc.run.review.deadline_file import load_rules
from qc.run.review.query import ReviewQuery, checked, read_reviewed
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings


FIGURES = ["hours", "flagged", "confirmed", "signed", "flagged_confirmed", "stale"]


class DeadlineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far a station's period is reviewed against its deadline.

    Attributes
    ----------
    open : int
        Hours that the tests flagged and that are not confirmed yet, and stale ones.
    state : str
        ``done``, ``open`` or ``overdue``.
    """

    network: str
    station_id: str
    deadline: Deadline
    hours: int
    flagged: int
    confirmed: int
    open: int
    state: str


def review_deadlines(settings: SharedSettings, query: ReviewQuery, now: datetime) -> list[DeadlineStatus]:
    """Deadlines of the periods that a query touches, with how far each station is."""
    zone = settings.stations.timezone
    listed = deadlines(load_rules(), query.start, query.end, zone)
    if not listed:
        return []
    span = {"start": min(item.start for item in listed), "end": min(now, max(item.end for item in listed))}
    query = checked(settings, msgspec.structs.replace(query, **span))
    store = InfluxStore(settings)
    try:
        with StateStore(settings.state_url) as state:
            found = read_reviewed(store, state, query)
    finally:
        store.close()
    tables = {period: _by_period(found, period, zone) for period in ReviewPeriod}
    return [
        due
        for item in listed
        for station_id in found
        if (due := _due(query.network, station_id, item, tables[item.rule.period], now)) is not None
    ]


def read_completeness(
    settings: SharedSettings, query: ReviewQuery, period: ReviewPeriod = ReviewPeriod.MONTH
) -> pd.DataFrame:
    """How far each station and parameter is reviewed by civil month or day: `qc.review.completeness.review_completeness`."""
    query = checked(settings, query)
    store = InfluxStore(settings)
    try:
        with StateStore(settings.state_url) as state:
            found = read_reviewed(store, state, query)
    finally:
        store.close()
    return completeness(found, settings.stations.timezone, period)


def completeness(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], zone: ZoneInfo, period: ReviewPeriod = ReviewPeriod.MONTH
) -> pd.DataFrame:
    """`qc.review.completeness.review_completeness` of all stations, with ``station_id``; see there."""
    parts = [
        review_completeness(level2, hourly, zone, label=LABELS[period]).assign(station_id=name)
        for name, (hourly, level2) in found.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["station_id", "period", *FIGURES])


def _by_period(
    found: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], period: ReviewPeriod, zone: ZoneInfo
) -> dict[tuple[str, str], dict[str, int]]:
    table = completeness(found, zone, period).groupby(["station_id", "period"])[FIGURES].sum()
    return {
        (str(row[0]), str(row[1])): dict(zip(FIGURES, map(int, row[2:]), strict=True))
        for row in table.reset_index().itertuples(index=False)
    }


def _due(
    network: str, station_id: str, deadline: Deadline, table: Mapping[tuple[str, str], Mapping[str, int]], now: datetime
) -> DeadlineStatus | None:
    counts = table.get((station_id, deadline.label))
    if counts is None or not counts["hours"]:
        return None
    left = counts["flagged"] - counts["flagged_confirmed"] + counts["stale"]
    state = "done" if not left else "overdue" if now >= deadline.due else "open"
    return DeadlineStatus(
        network=network,
        station_id=station_id,
        deadline=deadline,
        hours=counts["hours"],
        flagged=counts["flagged"],
        confirmed=counts["confirmed"],
        open=left,
        state=state,
    )
