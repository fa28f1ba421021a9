"""Reviews out of the records of the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schemas.review import (
    NEXT_STATE,
    Review,
    ReviewAction,
    ReviewReason,
    ReviewState,
    ReviewStep,
    ReviewTarget,
    ReviewVerdict,
)
from store.state.table import review_record

if TYPE_CHECKING:
    from collections.abc import Sequence


CHUNK = 500
_TARGET = tuple(ReviewTarget.__struct_fields__)


def folded(connection: sa.Connection, ids: Sequence[str] | sa.Select[Any]) -> list[Review]:
    """Reviews of some ids, in the order in which they were proposed."""
    table = review_record.c
    rows = sa.select(review_record).where(table.review_id.in_(ids)).order_by(table.position)
    return fold(list(connection.execute(rows).mappings()))


def newest(
    connection: sa.Connection, question: sa.Select[Any], wanted: frozenset[ReviewState], limit: int
) -> list[Review]:
    """Fold the newest proposals by parts: the state of a review is known only from all its records."""
    found: list[Review] = []
    ids = list(connection.execute(question).scalars())
    for at in range(0, len(ids), CHUNK):
        reviews = reversed(folded(connection, ids[at : at + CHUNK]))
        found += [item for item in reviews if not wanted or item.state in wanted]
        if len(found) >= limit:
            break
    return found[:limit]


def rows_of(connection: sa.Connection, ids: Sequence[str]) -> list[sa.RowMapping]:
    """Records of some reviews, in chunks of ids."""
    rows: list[sa.RowMapping] = []
    for at in range(0, len(ids), CHUNK):
        chosen = review_record.c.review_id.in_(ids[at : at + CHUNK])
        rows += connection.execute(sa.select(review_record).where(chosen).order_by(review_record.c.position)).mappings()
    return rows


def fold(rows: Sequence[sa.RowMapping]) -> list[Review]:
    """Reviews out of records in the order of the trail."""
    records: dict[str, list[sa.RowMapping]] = {}
    for row in rows:
        records.setdefault(row["review_id"], []).append(row)
    return [_review(key, found) for key, found in records.items()]


def _review(key: str, rows: Sequence[sa.RowMapping]) -> Review:
    first, last = rows[0], ReviewAction(rows[-1]["action"])
    steps = tuple(
        ReviewStep(
            position=row["position"],
            action=ReviewAction(row["action"]),
            who=row["who"],
            at=row["at"],
            note=row["note"],
        )
        for row in rows
    )
    return Review(
        id=key,
        bulk_id=first["bulk_id"],
        target=ReviewTarget(**{name: first[name] for name in _TARGET}),
        verdict=ReviewVerdict(first["verdict"]),
        reason=ReviewReason(first["reason"]),
        basis=first["basis"],
        state=ReviewState.PROPOSED if last is ReviewAction.PROPOSE else NEXT_STATE[last][1],
        steps=steps,
    )
