"""One point that several messages are about: what is stored of it, who contends, and what is to be written."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.rank import digest_of, is_said_by, is_same_run, merged, settled
from schemas.reading import Reading, Status
from store.state import Before, Contender

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

STORED = "stored"
"""Digest of stored content whose message is unknown."""
_MICROSECOND = timedelta(microseconds=1)


class ReceivedReading(msgspec.Struct, frozen=True):
    """A reading of a batch and what its rank depends on.

    Attributes
    ----------
    part : int
        Place in its message [1].
    is_late : bool
        Received long after its end.
    is_in_order : bool
        No message of its instrument that was received later has been processed before.
    is_new : bool
        It is in order and its number is the highest of its instrument: no copy of anything.
    is_answer : bool
        Of an answer to a request for missing readings.
    """

    reading: Reading
    received_at: datetime
    part: int
    is_late: bool
    is_in_order: bool
    is_new: bool
    is_answer: bool = False

    @property
    def matters(self) -> bool:
        """Whether its rank may decide about a later message, though it equals what is stored.

        The receipt of others is found in the raw log when it is needed.
        """
        return self.is_new or self.is_late


class ArrivalEffect(Enum):
    """What becomes of an arrival."""

    FRESH = auto()
    """Nothing was stored at its time."""
    CHANGED = auto()
    COPY = auto()
    """It equals what is stored."""
    SUPERSEDED = auto()
    """Messages of higher rank are stored: nothing of it counts."""


class Contest:
    """Arrivals at one point, in the order of processing.

    Parameters
    ----------
    stored : Before or None
        What the database holds; None: nothing.
    rows : iterable of Contender
        Those known so far.
    known : sequence of Arrival
        Messages about the point that have been dealt with before. Where ``stored`` is of none of them, it is taken for one from before
        the first arrival.
    cadence : timedelta
    keeps_all : bool
        A single message is kept as well: it is not found in the order of the log.
    is_behind : bool
        Newer messages may have been stored before: an arrival out of order is then taken for older than what is stored.
    stored_at : datetime or None
        Receipt of what is stored, estimated where nothing else is known of its message.
    """

    def __init__(  # noqa: PLR0913 - what is known of a point, by keyword
        self,
        stored: Before | None,
        rows: Iterable[Contender],
        *,
        known: Sequence[ReceivedReading] = (),
        cadence: timedelta,
        keeps_all: bool,
        is_behind: bool = False,
        stored_at: datetime | None = None,
    ) -> None:
        self._is_behind = is_behind
        self._stored_at = stored_at
        self._rows = {item.digest: item for item in rows}
        self._known = list(known)
        self._cadence = cadence
        self._keeps_all = keeps_all
        self.content = stored
        self.changed: dict[str, Contender] = {}

    def moment_of(self, arrival: ReceivedReading) -> datetime:
        """From when a change that an arrival has made holds in history: its receipt, but not before what it came after.

        The same whenever it is asked again, so that a batch that is done again keeps nothing twice.
        """
        digest = digest_of(arrival.reading)
        own = self._rows.get(digest)
        others = [item.received_at + _MICROSECOND for item in self._rows.values() if item.digest != digest]
        return max([arrival.received_at if own is None else own.received_at, *others])

    def take(self, arrival: ReceivedReading) -> tuple[ArrivalEffect, Before]:
        """Apply the rule to one arrival; its effect and what it replaces."""
        reading = arrival.reading
        if self.content is None and not self._rows:
            self._known = [arrival]
            # in time but behind a newer point: neither its instrument's newest nor a late run gives its receipt;
            # of a backlog that would be every one
            if self._keeps_all or not (arrival.is_late or self._is_behind):
                self._put(contender_of(arrival))
            self.content = overlaid(None, Before(dict(reading.values), dict(reading.status)))
            return ArrivalEffect.FRESH, Before()
        before = self.content or Before()
        is_said = is_said_by(before, reading)
        if not self._rows and is_said and (not arrival.matters or self._is_again(arrival)):
            return ArrivalEffect.COPY, Before()
        self._open(before, arrival)
        self._enter(arrival)
        self.content = overlaid(before, settled(self._rows.values(), self._cadence))
        replaced = difference(before, self.content)
        if replaced is not None:
            return ArrivalEffect.CHANGED, replaced
        return (ArrivalEffect.COPY if is_said else ArrivalEffect.SUPERSEDED), Before()

    def _is_again(self, arrival: ReceivedReading) -> bool:
        """Whether a copy of it was processed before, or no other message is known."""
        digest = digest_of(arrival.reading)
        copies = [known for known in self._known if digest_of(known.reading) == digest]
        is_alone = len(copies) == len(self._known)
        return any(is_alone or known.received_at < arrival.received_at for known in copies)

    def _open(self, before: Before, arrival: ReceivedReading) -> None:
        """Have contenders for what has been dealt with, what is stored among them."""
        for known in self._known:
            self._enter(known)
        if is_explained(before, self._rows.values()):
            return
        is_newer = self._is_behind and not arrival.is_in_order
        guess = arrival.received_at + (_MICROSECOND if is_newer else -_MICROSECOND)
        estimate = self._stored_at or guess
        values, status = said_by(before)
        owner = contender_of(arrival)
        self._put(
            msgspec.structs.replace(
                owner, digest=STORED, received_at=estimate, is_exact=False, seq=None, part=0, is_answer=False,
                values=values, status=status,
            )
        )  # fmt: skip

    def _enter(self, arrival: ReceivedReading) -> None:
        item = contender_of(arrival)
        known = self._rows.get(item.digest)
        if known is not None:
            again = merged(known, item)
            if again != known:
                self._put(again)
            return
        stored = self._rows.get(STORED)
        if stored is not None and is_said_by(content_of(stored), arrival.reading) and not self._is_later(item):
            if item.received_at < stored.received_at:
                self._put(msgspec.structs.replace(stored, received_at=item.received_at))
            return
        self._put(item)

    def _is_later(self, item: Contender) -> bool:
        """Whether its number proves that it is no copy of what was stored first."""
        others = (other for other in self._rows.values() if other.digest != STORED and other.seq is not None)
        return item.seq is not None and any(
            item.seq > (other.seq or 0) and is_same_run(other, item, self._cadence) for other in others
        )

    def _put(self, item: Contender) -> None:
        self._rows[item.digest] = self.changed[item.digest] = item


def contender_of(arrival: ReceivedReading) -> Contender:
    """The arrival as a contender."""
    reading = arrival.reading
    return Contender(
        network=reading.network,
        station_id=reading.station_id,
        instrument_id=reading.instrument_id,
        start=reading.interval.start,
        digest=digest_of(reading),
        received_at=arrival.received_at,
        seq=reading.seq,
        part=arrival.part,
        is_answer=arrival.is_answer,
        values=dict(reading.values),
        status=dict(reading.status),
    )


def is_all_of(stored: Before, reading: Reading) -> bool:
    """Whether a reading equals what is stored, and nothing of what is stored is of another message."""
    values, status = said_by(stored)
    return {*values, *status} <= {*reading.values, *reading.status} and is_said_by(stored, reading)


def is_explained(stored: Before, rows: Collection[Contender]) -> bool:
    """Whether contenders account for all that is stored; otherwise another writer stored it."""
    values, status = said_by(stored)
    said = {(code, row.values.get(code)) for row in rows for code in row.values}
    # a letter may come without a value, which then stays that of another message
    letters = {(code, _letter(row.status, code)) for row in rows for code in {*row.values, *row.status}}
    return said >= values.items() and letters >= {(code, _letter(status, code)) for code in {*values, *status}}


def _letter(status: Mapping[str, str], code: str) -> str:
    return status.get(code) or Status.NORMAL.value


def content_of(item: Contender) -> Before:
    """Values of a contender, as the database would hold them."""
    return Before(dict(item.values), dict(item.status))


def said_by(stored: Before) -> tuple[dict[str, float], dict[str, str]]:
    """Values and letters of what is stored in the form of a message: without absent ones, and without N."""
    values = {code: value for code, value in stored.values.items() if value is not None}
    status = {code: letter for code, letter in stored.status.items() if letter and letter != Status.NORMAL}
    return values, status


def overlaid(before: Before | None, settled_content: Before) -> Before:
    """What counts over what is stored: a parameter that no contender names stays."""
    if before is None:
        return settled_content
    values = before.values | settled_content.values
    status: dict[str, str | None] = {}
    for code in {*before.status, *settled_content.status}:
        is_named = code in settled_content.values or code in settled_content.status
        letter = settled_content.status.get(code) if is_named else before.status.get(code)
        if letter is not None and letter != Status.NORMAL:
            status[code] = letter
    return Before(values, status)


def difference(before: Before, after: Before) -> Before | None:
    """Old values and letters of what differs; None where nothing does."""
    values = {code: before.values.get(code) for code, value in after.values.items() if before.values.get(code) != value}
    status = {
        code: before.status.get(code)
        for code in {*before.status, *after.status}
        if (before.status.get(code) or Status.NORMAL) != (after.status.get(code) or Status.NORMAL)
    }
    return Before(values, status) if values or status else None


def to_write(before: Before | None, after: Before, like: Reading) -> Reading | None:
    """What has to be written so that ``after`` is stored; N is written only where it replaces another letter. None: nothing."""
    stored = before or Before()
    replaced = difference(stored, after)
    if replaced is None:
        return None
    values = {code: value for code in replaced.values if (value := after.values.get(code)) is not None}
    status = {code: after.status.get(code) or Status.NORMAL.value for code in replaced.status}
    return msgspec.structs.replace(like, values=values, status=status)
