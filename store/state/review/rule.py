"""Rules of reviewing: which proposals are valid, and which steps a state allows, by which person."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa

from schemas.review import (
    ACTIVE,
    NEXT_STATE,
    REASONS_OF,
    Review,
    ReviewAction,
    ReviewDraft,
    ReviewReason,
    ReviewTarget,
)
from store.error import ReviewConflictError, ReviewError
from store.state.review.fold import fold
from store.state.table import review_record

if TYPE_CHECKING:
    from collections.abc import Sequence


_SIGNED_BY = (ReviewAction.PROPOSE, ReviewAction.CONFIRM, ReviewAction.SIGN)
_SHOWN = 3


def checked_name(who: str) -> str:
    """A name without surplus spaces; raises `ReviewError` where it is empty."""
    if not who.strip():
        msg = "a review needs the name of who makes it"
        raise ReviewError(msg)
    return " ".join(who.split())


def check_apart(drafts: Sequence[ReviewDraft]) -> None:
    """Raise `ReviewConflictError` where two proposals of one act cover the same hour."""
    ordered = sorted(drafts, key=lambda item: (_series(item.target), item.target.start))
    for first, second in pairwise(ordered):
        if _series(first.target) == _series(second.target) and second.target.start < first.target.end:
            msg = f"{first.target.station_id} {first.target.parameter}: {second.target.start.isoformat()} is proposed twice"
            raise ReviewConflictError(msg)


def check_draft(draft: ReviewDraft, note: str) -> None:
    """Raise `ReviewError` where a proposal breaks a rule by itself."""
    allowed = REASONS_OF[draft.verdict]
    if draft.reason not in allowed:
        msg = f"reason {draft.reason} does not go with verdict {draft.verdict}; expected one of {', '.join(sorted(allowed))}"
        raise ReviewError(msg)
    if draft.reason is ReviewReason.OTHER and not note.strip():
        msg = "reason other needs a note"
        raise ReviewError(msg)
    if draft.target.end <= draft.target.start:
        msg = f"no hour between {draft.target.start.isoformat()} and {draft.target.end.isoformat()}"
        raise ReviewError(msg)


def check_free(connection: sa.Connection, drafts: Sequence[ReviewDraft], who: str) -> None:
    """Raise `ReviewConflictError` where an active review covers the same hours."""
    if not drafts:
        return
    table = review_record.c
    first, last = min(item.target.start for item in drafts), max(item.target.end for item in drafts)
    ids = sa.select(table.review_id).where(
        table.action == ReviewAction.PROPOSE.value,
        table.end > first,
        table["start"] < last,
        table.network.in_({item.target.network for item in drafts}),
    )
    rows = connection.execute(
        sa.select(review_record).where(table.review_id.in_(ids)).order_by(table.position)
    ).mappings()
    by_series: dict[tuple[str, str, str], list[Review]] = {}
    for item in fold(list(rows)):
        if item.state in ACTIVE:
            by_series.setdefault(_series(item.target), []).append(item)
    pairs = [
        (draft, other)
        for draft in drafts
        for other in by_series.get(_series(draft.target), ())
        if other.target.start < draft.target.end and draft.target.start < other.target.end
    ]
    if pairs:
        named = "; ".join(_both(draft, other, who) for draft, other in pairs[:_SHOWN])
        more = f"; and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
        msg = f"{named}{more}. Withdraw the other (skyground review undo), or propose with --supersede"
        raise ReviewConflictError(msg)


def _series(target: ReviewTarget) -> tuple[str, str, str]:
    return target.network, target.station_id, target.parameter


def _both(draft: ReviewDraft, other: Review, who: str) -> str:
    mine, theirs = draft.target, other.target
    return (
        f"{mine.station_id} {mine.parameter} {mine.start:%Y-%m-%dT%H:%MZ}..{mine.end:%Y-%m-%dT%H:%MZ}: {who} proposes "
        f"{draft.verdict} ({draft.reason}), but review {other.id} of {other.proposed.who} of {other.proposed.at:%Y-%m-%dT%H:%MZ} "
        f"states {other.verdict} ({other.reason}) for {theirs.start:%Y-%m-%dT%H:%MZ}..{theirs.end:%Y-%m-%dT%H:%MZ}, {other.state}"
    )


def check_step(review: Review | None, key: str, action: ReviewAction, who: str | None) -> None:
    """Raise `ReviewError` where a step is not allowed."""
    if review is None:
        msg = f"there is no review {key!r}"
        raise ReviewError(msg)
    allowed, _ = NEXT_STATE[action]
    if review.state not in allowed:
        msg = f"review {key} is {review.state}: to {action} it must be {' or '.join(sorted(allowed))}"
        raise ReviewError(msg)
    if who is None or action not in _SIGNED_BY:
        return
    mine = (step for step in review.steps if step.action in _SIGNED_BY and step.who.casefold() == who.casefold())
    earlier = next(mine, None)
    if earlier is not None:
        msg = f"review {key}: {who} cannot {action} what {who} did {earlier.action}: another person must (separation of duties)"
        raise ReviewError(msg)
