"""Entries of the quarantine as types."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.message import RawMessage
from schemas.reading import RejectReason
from store.state.table import quarantine, quarantine_message

if TYPE_CHECKING:
    import sqlalchemy as sa


COLUMNS = (
    quarantine,
    quarantine_message.c.received_at,
    quarantine_message.c.topic,
    quarantine_message.c.network,
    quarantine_message.c.format,
    quarantine_message.c.payload_bytes,
)
JOINED = quarantine.join(quarantine_message, quarantine.c.message_id == quarantine_message.c.id)


class QuarantineState(StrEnum):
    """State of an item; an expired one is only counted."""

    NEW = "new"
    REPLAYED = "replayed"


class QuarantinedItem(msgspec.Struct, frozen=True, kw_only=True):
    """A refused message, reading or value.

    ``payload`` is that of the whole message, cut at 1 MiB, None in listings; ``payload_bytes`` its size as received [B].
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


def to_item(row: sa.RowMapping) -> QuarantinedItem:
    """An entry out of a row of `COLUMNS`."""
    known: dict[str, Any] = {name: row[name] for name in QuarantinedItem.__struct_fields__ if name in row}
    known |= {"reason": RejectReason(row["reason"]), "state": QuarantineState(row["state"])}
    return QuarantinedItem(**known)
