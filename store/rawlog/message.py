"""Messages of the raw log and their places in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from schemas.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Position(msgspec.Struct, frozen=True, order=True):
    """Place of a message in the log; as a cursor: everything up to and including it has been processed."""

    day: date
    row: int


#: Before the first message of any log.
BEGINNING = Position(date.min, 0)


class LoggedMessage(msgspec.Struct, frozen=True, gc=False):
    """A message and its position in the log."""

    position: Position
    message: RawMessage


def by_day(batch: Sequence[RawMessage], newest: date) -> Iterator[tuple[date, Sequence[RawMessage]]]:
    """Split a batch where the day moves on; never backwards, never before ``newest``."""
    start, day = 0, max(newest, batch[0].received_at.astimezone(UTC).date())
    for index, message in enumerate(batch):
        reached = message.received_at.astimezone(UTC).date()
        if reached > day:
            if index > start:
                yield day, batch[start:index]
            start, day = index, reached
    yield day, batch[start:]


def from_row(day: date, row: tuple[int, int, str, bytes, int]) -> LoggedMessage:
    """A message out of a row of its day."""
    message = RawMessage(row[2], row[3], _EPOCH + timedelta(microseconds=row[1]), bool(row[4]))
    return LoggedMessage(Position(day, row[0]), message)


def to_micros(moment: datetime) -> int:
    """A moment (aware) as microseconds since 1970 [µs]."""
    return (moment - _EPOCH) // _MICROSECOND
