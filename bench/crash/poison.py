"""Messages that no station should send, amid a sound load: every kind that decoding, validation, the store or our own code can fail on.

Each has its own bytes and a stated outcome: the quarantine entries and the stored values. They come from stations of their own, `BAD` (data of any age), `OLD` (a week at most) and `DEVICE` (HJ 212); unreadable
ones come from the stations of the sound load as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import msgspec

from bench.crash.poison_kinds import CONFLICT_START, FROM_THEIR_OWN, UNREADABLE, Kind, moment
from bench.ingest.field import CODES, START, Publishing
from store.influx.store import Bucket

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from datetime import datetime

    from bench.ingest.field import Field
    from ingest.mqtt import Publisher

BAD, OLD = "bad", "old"
WEEK_H = 168
"""Late window of `OLD` [h]."""
RATE_PER_S = 40.0

Place = tuple[str, str, str, str, "datetime"]
"""Network, station, instrument, parameter, start."""
Key = tuple[str, bytes]
"""Topic and payload."""
Entry = tuple[str, str | None]
"""Reason and parameter of a quarantine entry."""
_numbers = count()
"""Of all messages of this process."""


@dataclass(frozen=True)
class Due:
    """Expected outcome of one message."""

    rows: dict[Place, float] = field(default_factory=dict)
    entries: frozenset[Entry] = frozenset()


def one_of(kind: Kind, name: str) -> tuple[Key, Due]:
    """One message of a kind from the scenario's own station of poison."""
    return due_of(kind, kind.topic.format(name=name), next(_numbers))


def stations_of(names: Sequence[str]) -> list[str]:
    """Stations with a gas chromatograph that send the poison of these scenarios."""
    return [f"{kind}-{name}" for kind in (BAD, OLD) for name in names]


def seed_conflict(rig: Field) -> None:
    """Store a parameter as text for a week, so that the database refuses its numbers of that week."""
    line = f'voc,instrument=gc1,station=text {CODES[0]}="text" {int(CONFLICT_START.timestamp()) - 60}000000000'
    rig.store.write_lines(Bucket.NATIVE, [line.encode()])


class Poisoner(Publishing):
    """Publishes poison from a thread: all kinds in turn, shuffled, at a rate, the first round to its end in any case.

    Parameters
    ----------
    rig : Field
    name : str
        Of the scenario.
    sound : str
        A station of the sound load; empty where there is none.
    rng : random.Random
    rate_per_s : float
        0: as fast as the broker takes them.
    at_least : int
        Messages before it ends [1].
    """

    def __init__(
        self,
        rig: Field,
        name: str,
        *,
        sound: str,
        rng: random.Random,
        rate_per_s: float = RATE_PER_S,
        at_least: int = 0,
    ) -> None:
        self._rig = rig
        self._name = name
        self._own = [f"obs/v1/voc/{station}/gc1/json" for station in (f"{BAD}-{name}", sound or f"{OLD}-{name}")]
        self._rng = rng
        self._rate_per_s = rate_per_s
        self._at_least = at_least
        self._made: Counter[str] = Counter()
        self.due: dict[Key, Due] = {}
        self.since = START
        """Start of its first reading."""

    def _publish(self) -> None:
        with self._rig.publisher() as publisher:
            retained = self._retain(publisher)
            while not self._stop.is_set() or len(self.due) < self._at_least or not self._made:
                self._round(publisher, is_first=not self._made)
            for topic in retained:
                self._send(publisher, (topic, b""), Due(), retain=True)
            publisher.flush()

    def _retain(self, publisher: Publisher) -> list[str]:
        """Leave two messages with the broker, a sound one and an unreadable one; their topics."""
        readable, unreadable = self._own
        self.since, number = moment(next(_numbers)), next(_numbers)
        body = msgspec.json.encode({"start": self.since.isoformat(), "values": {CODES[0]: float(number)}})
        row: Place = ("voc", f"{BAD}-{self._name}", "gc1", CODES[0], self.since)
        self._send(publisher, (readable, body), Due({row: float(number)}), retain=True)
        unread = Due(entries=frozenset({("not_json", None)}))
        self._send(publisher, (unreadable, b"{retained %d" % number), unread, retain=True)
        return [readable, unreadable]

    def _send(self, publisher: Publisher, key: Key, due: Due, *, retain: bool = False) -> None:
        self.due[key] = due
        publisher.publish(*key, retain=retain)

    def _round(self, publisher: Publisher, *, is_first: bool) -> None:
        kinds = [(kind, kind.topic) for kind in FROM_THEIR_OWN]
        kinds += [(kind, topic) for kind in UNREADABLE for topic in self._own]
        self._rng.shuffle(kinds)
        for kind, topic in kinds:
            if self._made[kind.name] >= kind.most * len(self._own):
                continue
            if not is_first and (self._stop.is_set() and len(self.due) >= self._at_least):
                return
            self._made[kind.name] += 1
            key, due = due_of(kind, topic.format(name=self._name), next(_numbers))
            self._send(publisher, key, due)
            if self._rate_per_s and not self._stop.is_set():
                self._stop.wait(1 / self._rate_per_s)


def due_of(kind: Kind, topic: str, number: int) -> tuple[Key, Due]:
    """A message under a topic, and its expected outcome."""
    payload = kind.payload(number)
    entries = frozenset([(kind.reason, kind.parameter)] if kind.reason else [])
    rows: dict[Place, float] = {}
    _, _, network, station, instrument, *_ = (*topic.split("/"), "", "")
    if kind.stored:
        rows[network, station, instrument, kind.stored, moment(number)] = float(number)
    if kind.second is not None:
        rows[network, station, instrument, CODES[1], moment(number)] = kind.second
    return (topic, payload), Due(rows, entries)
