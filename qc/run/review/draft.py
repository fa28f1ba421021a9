"""Proposals over the hours of a query. Reads only."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from qc.review.basis import basis_of
from qc.review.selection import select_targets
from qc.run.review.query import ReviewQuery, checked, read_flags, read_hours
from schemas.bounds import LONGEST
from schemas.frames import concat_flags
from schemas.interval import floor_hour
from schemas.review import ReviewDraft, ReviewReason, ReviewVerdict
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from store.settings import SharedSettings


def draft_reviews(
    settings: SharedSettings,
    query: ReviewQuery,
    verdict: ReviewVerdict,
    reason: ReviewReason,
    *,
    now: datetime | None = None,
) -> list[ReviewDraft]:
    """Reviews that a proposal over the hours of a query would record; writes nothing.

    Parameters
    ----------
    settings : SharedSettings
    query : ReviewQuery
    verdict : ReviewVerdict
    reason : ReviewReason
    now : datetime or None
        Hours that are not over at that time are left out, since they cannot have been reviewed. None: the present.

    Raises
    ------
    ValueError
        Unknown network, station or parameter, no hour in the interval that is over, or an interval longer than `LONGEST`.
    """
    end = min(query.end, floor_hour(datetime.now(UTC) if now is None else now))
    if query.start < end and end - query.start > LONGEST:
        msg = f"{(end - query.start).days} days, expected at most {LONGEST.days} in one review"
        raise ValueError(msg)
    query = checked(settings, msgspec.structs.replace(query, end=end))
    with closing(InfluxStore(settings)) as store:
        hourly = read_hours(store, query)
        flags = read_flags(store, query) if query.selection.tests else concat_flags([])
    targets = select_targets(
        hourly,
        flags,
        query.selection,
        network=query.network,
        parameters=query.parameters,
        interval=(query.start, query.end),
    )
    draft = partial(ReviewDraft, verdict=verdict, reason=reason)
    return [
        draft(target=item, basis=basis_of(hourly[item.station_id], item.parameter, item.start, item.end))
        for item in targets
    ]
