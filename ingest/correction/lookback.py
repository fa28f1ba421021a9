"""What is known of points that a batch may change: stored values, contenders, and the messages they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.contest import ReceivedReading, is_explained
from ingest.correction.origin import Key, Place
from ingest.correction.rank import digest_of, is_said_by
from store.state import Before, Contender

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ingest.correction.newest_reading import NewestReadings
    from ingest.correction.origin import Origins
    from ingest.decode.message import DecodedMessage
    from store.influx.reading import ReadingStore
    from store.state import StateStore

_MANY, _SHORT = 5, timedelta(hours=1)
"""So many instruments of a network within so long a time are asked for in one query. Project's choice."""
_MICROSECOND = timedelta(microseconds=1)
_STATIONS_NAMED = 200


class KnownPoints(msgspec.Struct):
    """What is known of the points of a batch.

    ``stored`` is what the database holds, ``contenders`` are of earlier batches, ``live`` are readings of the same batch that took
    the live path, ``known`` are messages that were processed before.
    """

    stored: dict[Key, dict[datetime, Before]]
    contenders: dict[Place, list[Contender]]
    live: dict[Place, ReceivedReading]
    known: dict[Place, list[ReceivedReading]]


@dataclass(frozen=True, slots=True)
class Lookback:
    """Gathers `KnownPoints`; ``is_shared``: other collectors store readings of the same instruments. Raises `StoreError`."""

    store: ReadingStore
    state: StateStore
    origins: Origins
    newest: NewestReadings
    is_shared: bool

    def gather(self, batch: Sequence[DecodedMessage], unsure: Mapping[Key, list[ReceivedReading]]) -> KnownPoints:
        """Everything known of the points that the unsure readings of a batch are about."""
        starts = {key: [arrival.reading.interval.start for arrival in arrivals] for key, arrivals in unsure.items()}
        evidence = KnownPoints(
            stored_at(self.store, starts),
            self._contenders(starts),
            _live_of_batch(batch, unsure) if unsure else {},
            {},
        )
        evidence.known = {place: [item] for place, item in evidence.live.items()}
        evidence.known |= self._sources(unsure, evidence)
        return evidence

    def _contenders(self, starts: Mapping[Key, Sequence[datetime]]) -> dict[Place, list[Contender]]:
        if not starts:
            return {}
        stations = {key[1] for key in starts}
        few = stations if len(stations) <= _STATIONS_NAMED else None
        first, last = min(map(min, starts.values())), max(map(max, starts.values()))
        return by_place(self.state.contenders.list(first, last, few))

    def _sources(
        self, unsure: Mapping[Key, list[ReceivedReading]], evidence: KnownPoints
    ) -> dict[Place, list[ReceivedReading]]:
        """Messages that stored values come from, and earlier copies of the arrivals, where the contenders do not tell."""
        known: dict[Place, list[ReceivedReading]] = {}
        wanted: dict[Place, list[ReceivedReading]] = {}
        for (key, start), part in by_point(unsure):
            place, before = (key, start), evidence.stored[key].get(start)
            rows = evidence.contenders.get(place)
            if before is None or place in evidence.live or (rows is not None and is_explained(before, rows)):
                continue
            newest = self.newest.source_of(key, start, before)
            if newest is not None:
                known[place] = [newest]
            elif any(item.matters or not is_said_by(before, item.reading) for item in part):
                wanted[place] = part
        ends = {place: part[0].reading.interval.end for place, part in wanted.items()}
        for place, found in self.origins.find(ends).items():
            before = evidence.stored[place[0]][place[1]]
            digests = {digest_of(item.reading) for item in wanted[place]}
            known[place] = [
                item
                for item in found
                if self.is_shared or is_said_by(before, item.reading) or digest_of(item.reading) in digests
            ]
        return known


def by_point(unsure: Mapping[Key, Iterable[ReceivedReading]]) -> Iterator[tuple[Place, list[ReceivedReading]]]:
    """Readings of each point, in the order of the batch."""
    for key, arrivals in unsure.items():
        found: dict[datetime, list[ReceivedReading]] = {}
        for arrival in arrivals:
            found.setdefault(arrival.reading.interval.start, []).append(arrival)
        for start, part in found.items():
            yield (key, start), part


def by_place(contenders: Iterable[Contender]) -> dict[Place, list[Contender]]:
    """Contenders by the point that they are about."""
    found: dict[Place, list[Contender]] = {}
    for item in contenders:
        found.setdefault(((item.network, item.station_id, item.instrument_id), item.start), []).append(item)
    return found


def stored_at(store: ReadingStore, wanted: Mapping[Key, Collection[datetime]]) -> dict[Key, dict[datetime, Before]]:
    """What the database holds between the starts in question of each instrument; raises `StoreError`.

    One query for many instruments about a short time, else one for each.
    """
    found: dict[Key, dict[datetime, Before]] = {}
    for network, keys in groupby(sorted(wanted), lambda key: key[0]):
        starts = {key: wanted[key] for key in keys}
        first, last = min(map(min, starts.values())), max(map(max, starts.values()))
        if len(starts) >= _MANY and last - first <= _SHORT:
            stored = store.read_stored_all(network, first, last + _MICROSECOND)
        else:
            stored = {
                key[1:]: store.read_stored(*key, min(own), max(own) + _MICROSECOND) for key, own in starts.items()
            }
        for key in starts:
            items = stored.get(key[1:], {}).items()
            found[key] = {start: Before(dict(item.values), dict(item.status)) for start, item in items}
    return found


def _live_of_batch(
    batch: Sequence[DecodedMessage], unsure: Mapping[Key, list[ReceivedReading]]
) -> dict[Place, ReceivedReading]:
    """Readings of the same batch that took the live path and that a later one of the batch is about."""
    asked = {id(arrival.reading) for arrivals in unsure.values() for arrival in arrivals}
    wanted = {(key, arrival.reading.interval.start) for key, arrivals in unsure.items() for arrival in arrivals}
    found: dict[Place, ReceivedReading] = {}
    for decoded in batch:
        for part, reading in enumerate(decoded.readings):
            place = ((reading.network, reading.station_id, reading.instrument_id), reading.interval.start)
            if place in wanted and id(reading) not in asked:
                found[place] = ReceivedReading(
                    reading, decoded.message.received_at, part, is_late=False, is_in_order=True, is_new=False
                )
    return found
