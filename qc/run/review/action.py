"""Confirming, signing, returning and withdrawing reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qc.review.basis import changed_hours
from qc.run.review.settings import ReviewSettings, Separation
from schemas.frames import FLAG
from schemas.review import Review, ReviewAction
from store.error import ReviewConflictError
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from store.settings import SharedSettings


_SHOWN = 3


def act(
    settings: SharedSettings, ids: Sequence[str], action: ReviewAction, *, who: str, note: str, now: datetime
) -> list[Review]:
    """Confirm, sign, return or withdraw reviews.

    Raises
    ------
    ReviewConflictError
        On confirming or signing hours that have changed since they were proposed; names reviewer, time and present value.
    ReviewError
    """
    own = settings if isinstance(settings, ReviewSettings) else ReviewSettings(**settings.model_dump())
    with StateStore(settings.state_url) as state:
        if action in {ReviewAction.CONFIRM, ReviewAction.SIGN}:
            _check_unchanged(settings, state.reviews.list(ids=ids), who)
        separate = own.review_separation is Separation.STRICT
        return state.reviews.act(ids, action, who=who, note=note, at=now, separate=separate)


def _check_unchanged(settings: SharedSettings, reviews: Sequence[Review], who: str) -> None:
    """Refuse if hours have changed since; each station is read once, for an act on many may mean a province's month."""
    by_station: dict[tuple[str, str], list[Review]] = {}
    for review in reviews:
        by_station.setdefault((review.target.network, review.target.station_id), []).append(review)
    changes_found = []
    store = InfluxStore(settings)
    try:
        for (network, station_id), found in by_station.items():
            first, last = min(item.target.start for item in found), max(item.target.end for item in found)
            hours = store.read_hourly(network, station_id, first, last)
            changes = [(item, changed_hours(hours, item)) for item in found]
            changes_found += [_changed_text(item, hours, changed, who) for item, changed in changes if len(changed)]
    finally:
        store.close()
    if changes_found:
        more = f"; and {len(changes_found) - _SHOWN} more" if len(changes_found) > _SHOWN else ""
        msg = f"{'; '.join(changes_found[:_SHOWN])}{more}. Return or undo the review, look again and propose a new one"
        raise ReviewConflictError(msg)


def _changed_text(review: Review, hours: pd.DataFrame, changed: pd.DatetimeIndex, who: str) -> str:
    target, first = review.target, changed[0]
    now = "no hour"
    if first in hours.index and target.parameter in hours:
        row = hours.loc[first]
        now = f"{row[target.parameter]:.6g} with flag {row.get(target.parameter + FLAG)}"
    return (
        f"review {review.id}: {review.proposed.who} saw {target.station_id} {target.parameter} at "
        f"{review.proposed.at:%Y-%m-%dT%H:%MZ}, {len(changed)} of its hours have changed before {who} looked, the first is "
        f"{first:%Y-%m-%dT%H:%MZ}, now {now}"
    )
