"""The audit trail of reviews: records that are only added, each with the digest of the one before.

A database user who may write can still forge a whole new trail; what was noted of it elsewhere (`AuditReport.head`, printed by
``skyground review audit``) shows that. Triggers refuse UPDATE and DELETE (migration ``review``).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from schemas.review import (
    NEXT_STATE,
    Review,
    ReviewAction,
    ReviewDraft,
    ReviewState,
)
from store.error import ReviewError
from store.state.database import StateTables
from store.state.review.fold import CHUNK, fold, folded, newest, rows_of
from store.state.review.rule import check_apart, check_draft, check_free, check_step, checked_name
from store.state.review.trail import FIRST_PREVIOUS, append, fault_of
from store.state.table import review_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


#: Key of the advisory lock by which one process at a time adds to the chain (any constant of our own).
_CHAIN_LOCK = 0x736B7261


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """Result of an audit of the whole trail.

    Attributes
    ----------
    records : int
    head : str
        Digest of the last record; note it elsewhere to be able to prove that nothing was cut off.
    broken_at : int or None
        First position that is missing or does not fit; None: the chain is whole.
    detail : str
        The first inconsistency.
    known_at : int or None
        Position of the given digest; None: it is not in the trail, or none was given.
    """

    records: int
    head: str
    broken_at: int | None = None
    detail: str = ""
    known_at: int | None = None


class ReviewStore(StateTables):
    """Functions on reviews."""

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
            Allow hours that another review covers; the later proposal takes precedence there once it is effective.

        Returns
        -------
        list of str
            Ids in the order of ``drafts``.

        Raises
        ------
        ReviewConflictError
            Another active review covers some of the hours; both are named.
        ReviewError
            A reason that does not go with the verdict, an interval without an hour, a missing name or note.
        """
        for draft in drafts:
            check_draft(draft, note)
        who = checked_name(who)
        if not supersede:
            check_apart(drafts)
        ids = [uuid.uuid4().hex[:12] for _ in drafts]
        bulk_id = uuid.uuid4().hex[:12]
        with self.database.writing() as connection:
            _lock(connection)
            if not supersede:
                check_free(connection, drafts, who)
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
            append(connection, rows)
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
        who, ids = checked_name(who), list(dict.fromkeys(ids))
        if action in {ReviewAction.RETURN, ReviewAction.WITHDRAW} and not note.strip():
            msg = f"to {action} a review needs a note"
            raise ReviewError(msg)
        bulk_id = uuid.uuid4().hex[:12]
        with self.database.writing() as connection:
            _lock(connection)
            found = {item.id: item for item in fold(rows_of(connection, ids))}
            for key in ids:
                check_step(found.get(key), key, action, who if separate else None)
            step = {"bulk_id": bulk_id, "action": action.value, "who": who, "at": at, "note": note}
            append(connection, [{"review_id": key, **step} for key in ids])
        state = NEXT_STATE[action][1]
        return [msgspec.structs.replace(found[key], state=state) for key in ids]

    def audit(self, known: str | None = None) -> AuditReport:
        """Recompute the digests of the whole trail.

        Parameters
        ----------
        known : str or None
            A head that was noted earlier: it must still be in the trail.
        """
        previous, count, known_at = FIRST_PREVIOUS, 0, None
        question = sa.select(review_record).order_by(review_record.c.position)
        with (
            self.database.reading() as connection,
            connection.execution_options(yield_per=CHUNK).execute(question) as result,
        ):
            for row in result.mappings():
                count += 1
                fault = fault_of(row, count, previous)
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
                return newest(connection, question.order_by(table.position.desc()), wanted, limit)
            found = folded(connection, question)
        return [item for item in found if not wanted or item.state in wanted]


def _lock(connection: sa.Connection) -> None:
    # `StateDatabase.writing` holds the only write lock of SQLite already
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CHAIN_LOCK)))
