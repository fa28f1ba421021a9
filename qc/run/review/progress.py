"""Progress of review, and its deadlines. Reads only."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from qc.review.deadline import ReviewPeriod, deadlines
from qc.review.progress import completeness, deadline_status
from qc.run.review.deadline_file import load_rules
from qc.run.review.query import ReviewQuery, checked, read_reviewed
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from qc.review.progress import DeadlineStatus
    from store.settings import SharedSettings


def review_deadlines(settings: SharedSettings, query: ReviewQuery, now: datetime) -> list[DeadlineStatus]:
    """Status of each station at the deadlines of the periods that a query touches."""
    zone = settings.stations.timezone
    listed = deadlines(load_rules(), query.start, query.end, zone)
    if not listed:
        return []
    span = {"start": min(item.start for item in listed), "end": min(now, max(item.end for item in listed))}
    query = checked(settings, msgspec.structs.replace(query, **span))
    return deadline_status(_read(settings, query), query.network, listed, zone, now)


def read_completeness(
    settings: SharedSettings, query: ReviewQuery, period: ReviewPeriod = ReviewPeriod.MONTH
) -> pd.DataFrame:
    """Reviewed hours of each station and parameter by civil month or day: `qc.review.completeness.review_completeness`."""
    return completeness(_read(settings, checked(settings, query)), settings.stations.timezone, period)


def _read(settings: SharedSettings, query: ReviewQuery) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        return read_reviewed(store, state, query)
