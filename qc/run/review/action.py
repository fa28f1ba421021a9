"""Confirming, signing, returning and withdrawing reviews."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from qc.review.basis import describe_changes
from qc.run.review.settings import ReviewSettings, Separation
from schemas.review import ReviewAction
from store.error import ReviewConflictError
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from schemas.review import Review
    from store.settings import SharedSettings

_SHOWN = 3
"""Changes that the message of an error names."""


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
    """Refuse if hours have changed since they were proposed."""
    changes = describe_changes(reviews, _read_hours(settings, reviews), who)
    if changes:
        more = f"; and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
        msg = f"{'; '.join(changes[:_SHOWN])}{more}. Return or undo the review, look again and propose a new one"
        raise ReviewConflictError(msg)


def _read_hours(settings: SharedSettings, reviews: Sequence[Review]) -> dict[tuple[str, str], pd.DataFrame]:
    """Hours of the reviews by network and station; each station is read once, since an action may cover a province's month."""
    spans: dict[tuple[str, str], list[datetime]] = {}
    for review in reviews:
        target = review.target
        spans.setdefault((target.network, target.station_id), []).extend((target.start, target.end))
    with closing(InfluxStore(settings)) as store:
        return {key: store.read_hourly(*key, min(moments), max(moments)) for key, moments in spans.items()}
