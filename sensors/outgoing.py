"""Messages on their way to a broker: what a simulated or replayed station publishes, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from schemas.message import MAX_PAYLOAD_BYTES, Topic
from sensors.json_v1 import FORMAT, encode_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.reading import Reading


class OutgoingMessage(msgspec.Struct, frozen=True, gc=False):
    """One message to publish.

    Attributes
    ----------
    topic : str
    payload : bytes
    due_at : datetime
        When a real station would send it, UTC: the end of its last interval.
    """

    topic: str
    payload: bytes
    due_at: datetime


def messages_from_readings(readings: Iterable[Reading], *, per_message: int = 1) -> Iterator[OutgoingMessage]:
    """Encode readings for publishing, several of one instrument in one array where asked for.

    Parameters
    ----------
    readings : iterable of Reading
        Of any instruments, each instrument's in its order of time.
    per_message : int
        Most readings of one instrument in one message (back-fill). A message that would exceed the 1 MiB of the wire
        contract is halved.

    Yields
    ------
    OutgoingMessage
        With ``per_message=1`` in the order of the readings; otherwise when an instrument's array is full, and what is
        left at the end, in order of instruments' first appearance.

    Raises
    ------
    ValueError
        If ``per_message`` is below 1, or one reading alone exceeds 1 MiB.
    """
    if per_message < 1:
        msg = f"per_message: {per_message}, expected at least 1"
        raise ValueError(msg)
    waiting: dict[str, list[Reading]] = {}
    for reading in readings:
        topic = str(Topic(reading.network, reading.station_id, reading.instrument_id, FORMAT))
        batch = waiting.setdefault(topic, [])
        batch.append(reading)
        if len(batch) >= per_message:
            yield from _encode(topic, batch)
            batch.clear()
    for topic, batch in waiting.items():
        if batch:
            yield from _encode(topic, batch)


def _encode(topic: str, batch: Sequence[Reading]) -> Iterator[OutgoingMessage]:
    payload = encode_readings(batch)
    if len(payload) <= MAX_PAYLOAD_BYTES:
        yield OutgoingMessage(topic, payload, batch[-1].interval.end)
        return
    if len(batch) == 1:
        msg = f"{topic}: one reading of {len(payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}"
        raise ValueError(msg)
    middle = len(batch) // 2
    yield from _encode(topic, batch[:middle])
    yield from _encode(topic, batch[middle:])
