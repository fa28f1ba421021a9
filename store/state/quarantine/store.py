"""Quarantine: what could not be accepted, with the bytes it came in, bounded.

A message is kept once however many of its values are refused. Reading history again adds nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from operator import eq, ge
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import sqlalchemy as sa

from schemas.message import MAX_PAYLOAD_BYTES, RawMessage
from store.state.quarantine.expiry import QUESTION_ROWS, delete_counted, expire_items, first_kept_message
from store.state.quarantine.item import COLUMNS, JOINED, QuarantinedItem, QuarantineSize, QuarantineState, to_item
from store.state.statement import insert, narrowed, utc_now
from store.state.table import quarantine, quarantine_expired, quarantine_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from schemas.message import Topic
    from schemas.reading import Rejection, RejectReason
    from store.state.database import StateDatabase


#: Most items the quarantine holds; the oldest expire first, and are counted. At 1 kB a message: some 200 MB.
MAX_ITEMS = 200_000
#: Most payload that the messages of these items hold together [B].
MAX_BYTES = 1 << 30
_DIGEST_BYTES = 16


@dataclass(slots=True)
class QuarantineStore:
    """Functions on the quarantine.

    Attributes
    ----------
    limit, limit_bytes : int
        Entries [1] and payload [B] beyond which the oldest expire.
    """

    database: StateDatabase
    limit: int = MAX_ITEMS
    limit_bytes: int = MAX_BYTES

    def add(self, message: RawMessage, topic: Topic | None, rejections: Sequence[Rejection]) -> int:
        """Keep a message's rejections; those it already has are not added again. Returns how many are new."""
        return self.add_many([(message, topic, rejections)])

    def add_many(self, batch: Sequence[tuple[RawMessage, Topic | None, Sequence[Rejection]]]) -> int:
        """Keep the rejections of several messages in one transaction; returns how many are new."""
        refused = [item for item in batch if item[2]]
        if not refused:
            return 0
        messages = [_message_row(message, topic) for message, topic, _ in refused]
        with self.database.writing() as connection:
            connection.execute(insert(connection, quarantine_message).on_conflict_do_nothing(), messages)
            ids = _message_ids(connection, [str(row["digest"]) for row in messages])
            rows = [
                row
                for values, (_, topic, rejections) in zip(messages, refused, strict=True)
                for row in _rejection_rows(ids[str(values["digest"])], topic, rejections)
            ]
            # rows come back only for what was added; a driver need not count them
            statement = insert(connection, quarantine).on_conflict_do_nothing().returning(quarantine.c.id)
            added = len(connection.execute(statement, rows).all())
            if added:
                expire_items(connection, self.limit)
        return added

    def list_newest(
        self, *, reason: RejectReason | None = None, station_id: str | None = None, limit: int = 1_000
    ) -> list[QuarantinedItem]:
        """The newest items without payload, newest first."""
        question = sa.select(*COLUMNS).select_from(JOINED).order_by(quarantine.c.id.desc()).limit(limit)
        question = narrowed(question, (quarantine.c.reason, eq, reason), (quarantine.c.station_id, eq, station_id))
        return [to_item(row) for row in self.database.rows(question)]

    def list_groups(
        self, station_id: str, received_from: datetime, *, newest: int = 5
    ) -> list[tuple[str, int, list[QuarantinedItem]]]:
        """New items of a station received at ``received_from`` or later: reason, how many, the newest; the most frequent reason first."""
        mine = (
            quarantine.c.station_id == station_id,
            quarantine.c.state == QuarantineState.NEW,
            quarantine_message.c.received_at >= received_from,
        )
        count = sa.func.count()
        counts = sa.select(quarantine.c.reason, count).select_from(JOINED).where(*mine).group_by(quarantine.c.reason)
        items = sa.select(*COLUMNS).select_from(JOINED).where(*mine).order_by(quarantine.c.id.desc()).limit(newest)
        with self.database.reading() as connection:
            rows = connection.execute(counts.order_by(count.desc(), quarantine.c.reason)).all()
            groups = [(str(row[0]), int(row[1])) for row in rows]
            return [
                (reason, number, [to_item(row) for row in self._rows(connection, items, reason)])
                for reason, number in groups
            ]

    @staticmethod
    def _rows(connection: sa.Connection, items: sa.Select[Any], reason: str) -> Iterable[sa.RowMapping]:
        return connection.execute(items.where(quarantine.c.reason == reason)).mappings()

    def get(self, item_id: int) -> QuarantinedItem | None:
        """One item with its payload, or None."""
        question = (
            sa.select(*COLUMNS, quarantine_message.c.payload).select_from(JOINED).where(quarantine.c.id == item_id)
        )
        row = self.database.first(question)
        return to_item(row) if row else None

    def list_same_message(self, item_id: int) -> list[QuarantinedItem]:
        """All items of the message that an item is of, without payload, oldest first; none where there is no such item."""
        owner = sa.select(quarantine.c.message_id).where(quarantine.c.id == item_id).scalar_subquery()
        question = sa.select(*COLUMNS).select_from(JOINED).where(quarantine.c.message_id == owner)
        return [to_item(row) for row in self.database.rows(question.order_by(quarantine.c.id))]

    def mark_replayed(self, item_id: int) -> bool:
        """Note that an item has been replayed; False when it is not there or was replayed before."""
        change = (
            sa.update(quarantine)
            .where(quarantine.c.id == item_id, quarantine.c.state == QuarantineState.NEW)
            .values(state=QuarantineState.REPLAYED, state_at=utc_now())
        )
        return self.database.change(change) == 1

    def count(self, by: Literal["reason", "station_id", "network", "state"] = "reason") -> dict[str, int]:
        """Items held, by one of their properties; an unknown value counts under an empty string."""
        column = quarantine_message.c.network if by == "network" else quarantine.c[by]
        question = sa.select(column, sa.func.count()).select_from(JOINED).group_by(column).order_by(column)
        with self.database.reading() as connection:
            return {value or "": count for value, count in connection.execute(question)}

    def size(self) -> QuarantineSize:
        """How much is held."""
        with self.database.reading() as connection:
            items = connection.execute(sa.select(sa.func.count()).select_from(quarantine)).scalar_one()
            held = sa.func.coalesce(sa.func.sum(sa.func.length(quarantine_message.c.payload)), 0)
            return QuarantineSize(int(items), int(connection.execute(sa.select(held)).scalar_one()))

    def expire(self, before: datetime, *, dry_run: bool = False) -> int:
        """Delete items of messages received before ``before``, and those over the bound of bytes, oldest first; counted."""
        with self.database.writing() as connection:
            old = sa.select(quarantine_message.c.id).where(quarantine_message.c.received_at < before)
            doomed: sa.ColumnElement[bool] = quarantine.c.message_id.in_(old)
            over = first_kept_message(connection, self.limit_bytes)
            if over is not None:
                doomed = sa.or_(doomed, quarantine.c.message_id < over)
            count = connection.execute(sa.select(sa.func.count()).where(doomed)).scalar_one()
            if count and not dry_run:
                delete_counted(connection, doomed)
        return int(count)

    def count_expired(self) -> dict[str, int]:
        """Items that expired because the quarantine was full, by reason, since the beginning."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(quarantine_expired.c.reason, quarantine_expired.c.count))
            return {reason: count for reason, count in rows}  # noqa: C416 - rows are not tuples to mypy

    def list(
        self,
        *,
        reason: RejectReason | None = None,
        station_id: str | None = None,
        state: QuarantineState | None = None,
        received_from: datetime | None = None,
        after: int = 0,
        limit: int = 1_000,
    ) -> list[QuarantinedItem]:
        """Items without payload, oldest first: those with an id above ``after``, received at ``received_from`` or later."""
        behind = sa.select(*COLUMNS).select_from(JOINED).where(quarantine.c.id > after)
        question = narrowed(
            behind.order_by(quarantine.c.id).limit(limit),
            (quarantine.c.reason, eq, reason),
            (quarantine.c.station_id, eq, station_id),
            (quarantine.c.state, eq, state),
            (quarantine_message.c.received_at, ge, received_from),
        )
        return [to_item(row) for row in self.database.rows(question)]


def _message_row(message: RawMessage, topic: Topic | None) -> dict[str, object]:
    digest = blake2b(message.payload, digest_size=_DIGEST_BYTES)
    digest.update(f"{message.topic}\n{message.received_at.timestamp()!r}".encode(errors="replace"))
    return {
        "received_at": message.received_at,
        "topic": _storable(message.topic),
        "network": topic.network if topic else None,
        "format": topic.format if topic else None,
        "payload": message.payload[:MAX_PAYLOAD_BYTES],
        "payload_bytes": len(message.payload),
        "digest": digest.hexdigest(),
    }


def _message_ids(connection: sa.Connection, digests: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for first in range(0, len(digests), QUESTION_ROWS):
        wanted = quarantine_message.c.digest.in_(digests[first : first + QUESTION_ROWS])
        rows = connection.execute(sa.select(quarantine_message.c.digest, quarantine_message.c.id).where(wanted))
        found.update((row.digest, row.id) for row in rows)
    return found


def _rejection_rows(
    message_id: int, topic: Topic | None, rejections: Sequence[Rejection]
) -> Iterator[dict[str, object]]:
    now = utc_now()
    for rejection in rejections:
        digest = blake2b(
            msgspec.json.encode(msgspec.structs.replace(rejection, detail=_storable(rejection.detail))),
            digest_size=_DIGEST_BYTES,
        )
        yield {
            "message_id": message_id,
            "digest": digest.hexdigest(),
            "station_id": rejection.station_id or (topic.station_id if topic else None),
            "instrument_id": rejection.instrument_id or (topic.instrument_id if topic else None),
            "parameter": None if rejection.parameter is None else _storable(rejection.parameter),
            "reason": str(rejection.reason),
            "detail": _storable(rejection.detail),
            "interval_start": rejection.interval.start if rejection.interval else None,
            "state": QuarantineState.NEW,
            "state_at": now,
        }


def _storable(text: str) -> str:
    """Text every database takes: PostgreSQL refuses NUL, and no driver encodes lone surrogates."""
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()
