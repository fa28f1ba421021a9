"""Quarantine: what could not be accepted, with the bytes it came in, bounded.

A message is kept once however many of its values are refused. Reading history again adds nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import sqlalchemy as sa

from schemas.message import MAX_PAYLOAD_BYTES, RawMessage
from schemas.reading import RejectReason
from store.state.database import StateDatabase, insert, utc_now
from store.state.table import quarantine, quarantine_expired, quarantine_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.message import Topic
    from schemas.reading import Rejection

#: Most items the quarantine holds; the oldest go first, and are counted. At 1 kB a message: some 200 MB.
MAX_ITEMS = 200_000
#: Most payload that the messages of these items hold together [B].
MAX_BYTES = 1 << 30
_QUESTION = 500
"""Digests of one question."""
_DIGEST_BYTES = 16
_COLUMNS = (
    quarantine,
    quarantine_message.c.received_at,
    quarantine_message.c.topic,
    quarantine_message.c.network,
    quarantine_message.c.format,
    quarantine_message.c.payload_bytes,
)
_JOINED = quarantine.join(quarantine_message, quarantine.c.message_id == quarantine_message.c.id)


class QuarantineState(StrEnum):
    """What has become of an item; an expired one is only counted."""

    NEW = "new"
    REPLAYED = "replayed"


class QuarantinedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One refused thing.

    Attributes
    ----------
    payload : bytes or None
        Of the whole message, as received, cut at 1 MiB; None in listings.
    payload_bytes : int
        Size as received [B].
    """

    id: int
    received_at: datetime
    topic: str
    network: str | None
    format: str | None
    station_id: str | None
    instrument_id: str | None
    parameter: str | None
    reason: RejectReason
    detail: str
    interval_start: datetime | None
    state: QuarantineState
    state_at: datetime
    payload_bytes: int
    payload: bytes | None = None

    @property
    def message(self) -> RawMessage:
        """The message for a replay; raises `ValueError` where the payload was not loaded or has been cut."""
        if self.payload is None or len(self.payload) < self.payload_bytes:
            msg = f"quarantine item {self.id}: the payload is not complete"
            raise ValueError(msg)
        return RawMessage(self.topic, self.payload, self.received_at)


class QuarantineSize(msgspec.Struct, frozen=True):
    """What the quarantine holds: entries [1], payload of their messages [B]."""

    items: int
    payload_bytes: int


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
                _expire(connection, self.limit)
        return added

    def list_newest(
        self, *, reason: RejectReason | None = None, station_id: str | None = None, limit: int = 1_000
    ) -> list[QuarantinedItem]:
        """The newest items without payload, newest first."""
        question = sa.select(*_COLUMNS).select_from(_JOINED).order_by(quarantine.c.id.desc()).limit(limit)
        for column, value in ((quarantine.c.reason, reason), (quarantine.c.station_id, station_id)):
            if value is not None:
                question = question.where(column == str(value))
        with self.database.reading() as connection:
            return [_to_item(row) for row in connection.execute(question).mappings()]

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
        counts = sa.select(quarantine.c.reason, count).select_from(_JOINED).where(*mine).group_by(quarantine.c.reason)
        items = sa.select(*_COLUMNS).select_from(_JOINED).where(*mine).order_by(quarantine.c.id.desc()).limit(newest)
        with self.database.reading() as connection:
            rows = connection.execute(counts.order_by(count.desc(), quarantine.c.reason)).all()
            groups = [(str(row[0]), int(row[1])) for row in rows]
            return [
                (reason, number, [_to_item(row) for row in self._rows(connection, items, reason)])
                for reason, number in groups
            ]

    @staticmethod
    def _rows(connection: sa.Connection, items: sa.Select[Any], reason: str) -> Iterable[sa.RowMapping]:
        return connection.execute(items.where(quarantine.c.reason == reason)).mappings()

    def get(self, item_id: int) -> QuarantinedItem | None:
        """One item with its payload, or None."""
        question = (
            sa.select(*_COLUMNS, quarantine_message.c.payload).select_from(_JOINED).where(quarantine.c.id == item_id)
        )
        with self.database.reading() as connection:
            row = connection.execute(question).mappings().first()
        return _to_item(row) if row else None

    def list_same_message(self, item_id: int) -> list[QuarantinedItem]:
        """All items of the message that an item is of, without payload, oldest first; none where there is no such item."""
        owner = sa.select(quarantine.c.message_id).where(quarantine.c.id == item_id).scalar_subquery()
        question = sa.select(*_COLUMNS).select_from(_JOINED).where(quarantine.c.message_id == owner)
        with self.database.reading() as connection:
            rows = connection.execute(question.order_by(quarantine.c.id)).mappings()
            return [_to_item(row) for row in rows]

    def mark_replayed(self, item_id: int) -> bool:
        """Note that an item has been replayed; False when it is not there or was replayed before."""
        change = (
            sa.update(quarantine)
            .where(quarantine.c.id == item_id, quarantine.c.state == QuarantineState.NEW)
            .values(state=QuarantineState.REPLAYED, state_at=utc_now())
        )
        with self.database.writing() as connection:
            return connection.execute(change).rowcount == 1

    def count(self, by: Literal["reason", "station_id", "network", "state"] = "reason") -> dict[str, int]:
        """Items held, by one of their properties; an unknown value counts under an empty string."""
        column = quarantine_message.c.network if by == "network" else quarantine.c[by]
        question = sa.select(column, sa.func.count()).select_from(_JOINED).group_by(column).order_by(column)
        with self.database.reading() as connection:
            return {value or "": count for value, count in connection.execute(question)}

    def size(self) -> QuarantineSize:
        """How much is held."""
        with self.database.reading() as connection:
            items = connection.execute(sa.select(sa.func.count()).select_from(quarantine)).scalar_one()
            held = sa.func.coalesce(sa.func.sum(sa.func.length(quarantine_message.c.payload)), 0)
            return QuarantineSize(int(items), int(connection.execute(sa.select(held)).scalar_one()))

    def expire(self, before: datetime, *, dry_run: bool = False) -> int:
        """Let items of messages received before ``before`` go, and those over the bound of bytes, oldest first; counted."""
        with self.database.writing() as connection:
            old = sa.select(quarantine_message.c.id).where(quarantine_message.c.received_at < before)
            doomed: sa.ColumnElement[bool] = quarantine.c.message_id.in_(old)
            over = _first_kept_message(connection, self.limit_bytes)
            if over is not None:
                doomed = sa.or_(doomed, quarantine.c.message_id < over)
            count = connection.execute(sa.select(sa.func.count()).where(doomed)).scalar_one()
            if count and not dry_run:
                _let_go(connection, doomed)
        return int(count)

    def count_expired(self) -> dict[str, int]:
        """Items that had to go because the quarantine was full, by reason, since the beginning."""
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
        question = (
            sa.select(*_COLUMNS)
            .select_from(_JOINED)
            .where(quarantine.c.id > after)
            .order_by(quarantine.c.id)
            .limit(limit)
        )
        for column, value in (
            (quarantine.c.reason, reason),
            (quarantine.c.station_id, station_id),
            (quarantine.c.state, state),
        ):
            if value is not None:
                question = question.where(column == str(value))
        if received_from is not None:
            question = question.where(quarantine_message.c.received_at >= received_from)
        with self.database.reading() as connection:
            return [_to_item(row) for row in connection.execute(question).mappings()]


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
    for first in range(0, len(digests), _QUESTION):
        wanted = quarantine_message.c.digest.in_(digests[first : first + _QUESTION])
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


def _expire(connection: sa.Connection, limit: int) -> None:
    """Let the oldest items go when there are more than ``limit``, and count them."""
    # ids only grow, so their span bounds the number from above without counting
    oldest, newest = connection.execute(sa.select(sa.func.min(quarantine.c.id), sa.func.max(quarantine.c.id))).one()
    if newest is None or newest - oldest < limit:
        return
    _let_go(connection, quarantine.c.id <= newest - limit)


def _first_kept_message(connection: sa.Connection, limit_bytes: int) -> int | None:
    """Id of the oldest message that fits into the bound with all newer ones; None where all do."""
    columns = (quarantine_message.c.id, sa.func.length(quarantine_message.c.payload))
    total, kept = 0, None
    for message_id, size in connection.execute(sa.select(*columns).order_by(quarantine_message.c.id.desc())):
        total += size
        if total > limit_bytes:
            return kept
        kept = message_id
    return None


def _let_go(connection: sa.Connection, doomed: sa.ColumnElement[bool]) -> None:
    now = utc_now()
    for reason, count in connection.execute(
        sa.select(quarantine.c.reason, sa.func.count()).where(doomed).group_by(quarantine.c.reason)
    ).all():
        statement = insert(connection, quarantine_expired).values(reason=reason, count=count, last_at=now)
        raised = {"count": quarantine_expired.c.count + statement.excluded["count"], "last_at": now}
        connection.execute(statement.on_conflict_do_update(index_elements=["reason"], set_=raised))
    connection.execute(sa.delete(quarantine).where(doomed))
    held = sa.select(quarantine.c.message_id).where(quarantine.c.message_id == quarantine_message.c.id).exists()
    connection.execute(sa.delete(quarantine_message).where(~held))


def _storable(text: str) -> str:
    """Text every database takes: PostgreSQL refuses NUL, and no driver encodes lone surrogates."""
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()


def _to_item(row: sa.RowMapping) -> QuarantinedItem:
    known: dict[str, Any] = {name: row[name] for name in QuarantinedItem.__struct_fields__ if name in row}
    known |= {"reason": RejectReason(row["reason"]), "state": QuarantineState(row["state"])}
    return QuarantinedItem(**known)
