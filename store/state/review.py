"""The audit trail of reviews: records that are only added, each with the digest of the one before.

A database user who may write can still forge a whole new trail; what was noted of it elsewhere (`AuditReport.head`, printed by
``skyground review audit``) shows that. Triggers refuse UPDATE and DELETE (migration ``review``).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.review import (
    ACTIVE,
    NEXT_STATE,
    REASONS_OF,
    Review,
    ReviewAction,
    ReviewDraft,
    ReviewReason,
    ReviewState,
    ReviewStep,
    ReviewTarget,
    ReviewVerdict,
)
from store.error import ReviewConflictError, ReviewError
from store.state.table import review_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.state.database import StateDatabase

FIRST_PREVIOUS = "0" * 64
#: Key of the advisory lock by which one process at a time adds to the chain (any constant of our own).
_CHAIN_LOCK = 0x736B7261
_CHUNK = 500
_TARGET = tuple(ReviewTarget.__struct_fields__)
_SIGNED_BY = (ReviewAction.PROPOSE, ReviewAction.CONFIRM, ReviewAction.SIGN)
_SHOWN = 3


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a look through the whole trail found.

    Attributes
    ----------
    records : int
    head : str
        Digest of the last record; note it elsewhere to be able to prove that nothing was cut off.
    broken_at : int or None
        First position that is missing or does not fit; None: the chain is whole.
    detail : str
        What does not fit, in words.
    known_at : int or None
        Position of the digest that was asked for; None: it is not in the trail, or none was asked for.
    """

    records: int
    head: str
    broken_at: int | None = None
    detail: str = ""
    known_at: int | None = None


@dataclass(frozen=True, slots=True)
class ReviewStore:
    """Functions on reviews."""

    database: StateDatabase

    def add(
        self, drafts: Sequence[ReviewDraft], *, who: str, note: str, at: datetime, supersede: bool = False
    ) -> list[str]:
        """Record proposals, all or none.

        Parameters
        ----------
        drafts : sequence of ReviewDraft
        who, note : str
        at : datetime
            Aware.
        supersede : bool
            Allow hours that another review speaks of; the later proposal wins there once it counts.

        Returns
        -------
        list of str
            Ids in the order of ``drafts``.

        Raises
        ------
        ReviewConflictError
            Another active review speaks of some of the hours; both are named.
        ReviewError
            A reason that does not go with the verdict, an interval without an hour, a missing name or note.
        """
        for draft in drafts:
            _check_draft(draft, note)
        who = _named(who)
        if not supersede:
            _check_apart(drafts)
        ids = [uuid.uuid4().hex[:12] for _ in drafts]
        bulk_id = uuid.uuid4().hex[:12]
        with self.database.writing() as connection:
            _lock(connection)
            if not supersede:
                _check_free(connection, drafts, who)
            rows = [
                {
                    "review_id": key,
                    "bulk_id": bulk_id,
                    "action": ReviewAction.PROPOSE.value,
                    "who": who,
                    "at": at,
                    "note": note,
                    **msgspec.structs.asdict(draft.target),
                    "verdict": draft.verdict.value,
                    "reason": draft.reason.value,
                    "basis": draft.basis,
                }
                for key, draft in zip(ids, drafts, strict=True)
            ]
            _append(connection, rows)
        return ids

    def act(
        self,
        ids: Sequence[str],
        action: ReviewAction,
        *,
        who: str,
        note: str,
        at: datetime,
        separate: bool = True,
    ) -> list[Review]:
        """Confirm, sign, return or withdraw reviews, all or none; nothing is changed, a record is added.

        Parameters
        ----------
        separate : bool
            Separation of duties: who proposes, confirms and signs are three persons.

        Raises
        ------
        ReviewError
            No such review, a step that its state does not allow, the same person twice, a missing note.
        """
        who, ids = _named(who), list(dict.fromkeys(ids))
        if action in {ReviewAction.RETURN, ReviewAction.WITHDRAW} and not note.strip():
            msg = f"to {action} a review needs a note"
            raise ReviewError(msg)
        bulk_id = uuid.uuid4().hex[:12]
        with self.database.writing() as connection:
            _lock(connection)
            found = {item.id: item for item in _fold(_rows_of(connection, ids))}
            for key in ids:
                _check_step(found.get(key), key, action, who if separate else None)
            step = {"bulk_id": bulk_id, "action": action.value, "who": who, "at": at, "note": note}
            _append(connection, [{"review_id": key, **step} for key in ids])
        state = NEXT_STATE[action][1]
        return [msgspec.structs.replace(found[key], state=state) for key in ids]

    def audit(self, known: str | None = None) -> AuditReport:
        """Go through the whole trail and recompute its digests.

        Parameters
        ----------
        known : str or None
            A head that was noted earlier: it must still be in the trail.
        """
        previous, count, known_at = FIRST_PREVIOUS, 0, None
        question = sa.select(review_record).order_by(review_record.c.position)
        with (
            self.database.reading() as connection,
            connection.execution_options(yield_per=_CHUNK).execute(question) as result,
        ):
            for row in result.mappings():
                count += 1
                fault = _fault(row, count, previous)
                if fault:
                    return AuditReport(records=count, head=previous, broken_at=count, detail=fault)
                previous = row["digest"]
                known_at = count if previous == known else known_at
        if known is not None and known_at is None:
            detail = f"the noted digest {known} is not in the trail: records were cut off or replaced"
            return AuditReport(records=count, head=previous, broken_at=count + 1, detail=detail)
        return AuditReport(records=count, head=previous, known_at=known_at)

    def list(  # noqa: PLR0913 - one filter a column
        self,
        *,
        network: str | None = None,
        stations: Sequence[str] = (),
        parameters: Sequence[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        states: Iterable[ReviewState] = (),
        ids: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[Review]:
        """Reviews whose hours overlap ``[start, end)``, in the order in which they were proposed; an empty filter takes all.

        With ``limit`` the newest so many, newest first.
        """
        table, wanted = review_record.c, frozenset(states)
        question = sa.select(table.review_id).where(table.action == ReviewAction.PROPOSE.value)
        for column, values in ((table.station_id, stations), (table.parameter, parameters), (table.review_id, ids)):
            if values:
                question = question.where(column.in_(values))
        if network is not None:
            question = question.where(table.network == network)
        if start is not None:
            question = question.where(table.end > start)
        if end is not None:
            question = question.where(table["start"] < end)
        with self.database.reading() as connection:
            if limit is not None:
                return _newest(connection, question.order_by(table.position.desc()), wanted, limit)
            found = _folded(connection, question)
        return [item for item in found if not wanted or item.state in wanted]


def _folded(connection: sa.Connection, ids: Sequence[str] | sa.Select[Any]) -> list[Review]:
    table = review_record.c
    rows = sa.select(review_record).where(table.review_id.in_(ids)).order_by(table.position)
    return _fold(list(connection.execute(rows).mappings()))


def _newest(
    connection: sa.Connection, question: sa.Select[Any], wanted: frozenset[ReviewState], limit: int
) -> list[Review]:
    """Fold the newest proposals by parts: the state of a review is known only from all its records."""
    found: list[Review] = []
    ids = list(connection.execute(question).scalars())
    for at in range(0, len(ids), _CHUNK):
        folded = reversed(_folded(connection, ids[at : at + _CHUNK]))
        found += [item for item in folded if not wanted or item.state in wanted]
        if len(found) >= limit:
            break
    return found[:limit]


def _lock(connection: sa.Connection) -> None:
    # `StateDatabase.writing` holds the only write lock of SQLite already
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAIN_LOCK)))


def _append(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    newest = sa.select(review_record.c.position, review_record.c.digest).order_by(review_record.c.position.desc())
    last = connection.execute(newest.limit(1)).first()
    position, previous = (0, FIRST_PREVIOUS) if last is None else (int(last[0]), str(last[1]))
    chained = []
    empty = dict.fromkeys(column.name for column in review_record.columns)
    for row in rows:
        position += 1
        full = {**empty, **row, "position": position, "previous": previous}
        previous = digest_of(full)
        chained.append({**full, "digest": previous})
    if chained:
        connection.execute(sa.insert(review_record), chained)


def digest_of(row: sa.RowMapping | dict[str, Any]) -> str:
    """SHA-256 of everything a record says, with the digest of the one before."""
    said = {
        column.name: _plain(row[column.name])
        for column in review_record.columns
        if column.name != "digest" and row[column.name] is not None
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _fault(row: sa.RowMapping, position: int, previous: str) -> str:
    if row["position"] != position:
        return f"record {position} is missing, {row['position']} follows"
    if row["previous"] != previous:
        return f"record {position} does not follow the one before"
    if row["digest"] != digest_of(row):
        return f"record {position} does not say what it said when it was written"
    return ""


def _named(who: str) -> str:
    if not who.strip():
        msg = "a review needs the name of who makes it"
        raise ReviewError(msg)
    return " ".join(who.split())


def _check_apart(drafts: Sequence[ReviewDraft]) -> None:
    """Proposals of one act may not speak of the same hour twice."""
    ordered = sorted(drafts, key=lambda item: (_series(item.target), item.target.start))
    for first, second in pairwise(ordered):
        if _series(first.target) == _series(second.target) and second.target.start < first.target.end:
            msg = f"{first.target.station_id} {first.target.parameter}: {second.target.start.isoformat()} is proposed twice"
            raise ReviewConflictError(msg)


def _check_draft(draft: ReviewDraft, note: str) -> None:
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


def _check_free(connection: sa.Connection, drafts: Sequence[ReviewDraft], who: str) -> None:
    """No active review may speak of the same hours, whether it was there before or made this instant by another."""
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
    for item in _fold(list(rows)):
        if item.state in ACTIVE:
            by_series.setdefault(_series(item.target), []).append(item)
    pairs = [
        (draft, other)
        for draft in drafts
        for other in by_series.get(_series(draft.target), ())
        if other.target.start < draft.target.end and draft.target.start < other.target.end
    ]
    if pairs:
        told = "; ".join(_both(draft, other, who) for draft, other in pairs[:_SHOWN])
        more = f"; and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
        msg = f"{told}{more}. Withdraw the other (skyground review undo), or propose with --supersede"
        raise ReviewConflictError(msg)


def _series(target: ReviewTarget) -> tuple[str, str, str]:
    return target.network, target.station_id, target.parameter


def _both(draft: ReviewDraft, other: Review, who: str) -> str:
    mine, theirs = draft.target, other.target
    return (
        f"{mine.station_id} {mine.parameter} {mine.start:%Y-%m-%dT%H:%MZ}..{mine.end:%Y-%m-%dT%H:%MZ}: {who} says "
        f"{draft.verdict} ({draft.reason}), but review {other.id} of {other.proposed.who} of {other.proposed.at:%Y-%m-%dT%H:%MZ} "
        f"says {other.verdict} ({other.reason}) of {theirs.start:%Y-%m-%dT%H:%MZ}..{theirs.end:%Y-%m-%dT%H:%MZ}, {other.state}"
    )


def _check_step(review: Review | None, key: str, action: ReviewAction, who: str | None) -> None:
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


def _rows_of(connection: sa.Connection, ids: Sequence[str]) -> list[sa.RowMapping]:
    rows: list[sa.RowMapping] = []
    for at in range(0, len(ids), _CHUNK):
        chosen = review_record.c.review_id.in_(ids[at : at + _CHUNK])
        rows += connection.execute(sa.select(review_record).where(chosen).order_by(review_record.c.position)).mappings()
    return rows


def _fold(rows: Sequence[sa.RowMapping]) -> list[Review]:
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
