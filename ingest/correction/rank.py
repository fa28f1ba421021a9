"""Which of several messages about one point counts: the one correction rule, pure.

The rank of a message is the moment of its first receipt. Where two carry numbers of the same run of ``seq``, the higher number
ranks higher. Of each parameter the message of highest rank that names it counts. An answer to a request for missing readings
ranks below every other message, and below every earlier answer: it fills holes and replaces nothing.

What counts is a function of the set of messages: the order in which they were processed does not matter.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from schemas.reading import Status
from store.state import Before

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from schemas.reading import Reading
    from store.state import Contender

_DIGEST_BYTES = 16


def digest_of(reading: Reading) -> str:
    """Identity of a reading's content: the same content, received again by whatever way, is a copy."""
    content = [reading.seq, sorted(reading.values.items()), sorted(reading.status.items())]
    return blake2b(msgspec.json.encode(content), digest_size=_DIGEST_BYTES).hexdigest()


def is_said_by(known: Before, reading: Reading) -> bool:
    """Whether a reading equals what is known, for the parameters that it names."""
    return all(known.values.get(code) == value for code, value in reading.values.items()) and all(
        (known.status.get(code) or Status.NORMAL) == (reading.status.get(code) or Status.NORMAL)
        for code in {*reading.values, *reading.status}
    )


def is_same_run(first: Contender, second: Contender, cadence: timedelta) -> bool:
    """Whether two numbers belong to one run of the counter: no more lies between them than there was time for.

    The higher number was given before its receipt, the lower one after the point's time. Twice the steps of the cadence are
    allowed, since corrections take numbers too.
    """
    if first.seq is None or second.seq is None:
        return False
    higher = first if first.seq > second.seq else second
    steps = max(0.0, (higher.received_at - higher.start) / cadence)
    return abs(first.seq - second.seq) <= 2 * steps + 1


def ranked(contenders: Iterable[Contender], cadence: timedelta) -> list[Contender]:
    """Messages about one point, lowest rank first."""
    in_order = sorted(contenders, key=lambda item: (item.received_at, item.part, item.digest))
    placed: list[Contender] = []
    for item in in_order:
        if item.is_answer:
            continue
        places = (at for at, other in enumerate(placed) if _outnumbers(other, item, cadence))
        placed.insert(next(places, len(placed)), item)
    return [item for item in reversed(in_order) if item.is_answer] + placed


def settled(contenders: Iterable[Contender], cadence: timedelta) -> Before:
    """What counts of each parameter; a letter N is absent."""
    values: dict[str, float | None] = {}
    status: dict[str, str | None] = {}
    for item in ranked(contenders, cadence):
        values.update(item.values)
        for code in {*item.values, *item.status}:
            letter = item.status.get(code, Status.NORMAL.value)
            if letter == Status.NORMAL:
                status.pop(code, None)
            else:
                status[code] = letter
    return Before(values, status)


def merged(known: Contender, again: Contender) -> Contender:
    """One message of two copies: the earliest receipt counts, and it is an answer only where every copy is."""
    first = min(known, again, key=lambda item: (item.received_at, item.part))
    return msgspec.structs.replace(
        known,
        received_at=first.received_at,
        part=first.part,
        is_answer=known.is_answer and again.is_answer,
    )


def _outnumbers(placed: Contender, item: Contender, cadence: timedelta) -> bool:
    if placed.seq is None or item.seq is None or placed.seq <= item.seq:
        return False
    return is_same_run(placed, item, cadence)
