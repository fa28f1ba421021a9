"""Points about which several collectors of a share group hold messages: the rule is applied again with all of them.

A collector that finds a reading stored by another one knows neither its receipt nor its number, and keeps an estimate
(`ingest.correction.contest.STORED`). Here the other collector replaces it from its own raw log.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.contest import (
    STORED,
    ReceivedReading,
    contender_of,
    content_of,
    difference,
    is_all_of,
    overlaid,
    to_write,
)
from ingest.correction.lookback import by_place, stored_at
from ingest.correction.rank import merged, settled
from schemas.interval import Interval
from schemas.reading import Reading
from store.state import Before, Revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.correction.origin import Key, Origins, Place
    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore
    from store.state import Contender, StateStore

_MICROSECOND = timedelta(microseconds=1)


class SharedWrites(msgspec.Struct):
    """What has to be written, with what it replaces."""

    readings: list[Reading] = []
    revisions: list[Revision] = []


class SharedPoints:
    """Applies the correction rule again to points of a share group; ``origins`` is of this collector's raw log."""

    def __init__(self, settings: CollectorSettings, store: ReadingStore, state: StateStore, origins: Origins) -> None:
        self._network = settings.stations
        self._store = store
        self._state = state
        self._origins = origins
        self._merged: dict[Place, list[Contender]] = {}
        """Contenders as they are with what this collector's raw log holds: looked up once for each state of a point."""

    def settle(self, changed_after: datetime) -> SharedWrites:
        """Apply the rule to contests that any collector has changed since, with what this one holds.

        Replaced values are stored before the writes are returned; a repetition finds nothing.

        Raises
        ------
        StoreError
        """
        outcome = SharedWrites()
        rows = self._state.contenders.list_changed(changed_after)
        contests = by_place(row for row in rows if (row.station_id, row.instrument_id) in self._network.instruments)
        starts: dict[Key, list[datetime]] = {}
        for key, start in contests:
            starts.setdefault(key, []).append(start)
        stored = stored_at(self._store, starts)
        changed = [place for place, rows in contests.items() if self._merged.get(place) != rows]
        held = self._origins.find({place: self._end(place) for place in changed})
        merged_rows = {place: self._with_held(contests[place], held.get(place, ())) for place in changed}
        self._merged = {place: merged_rows.get(place, rows) for place, rows in contests.items()}
        for (key, start), contenders in self._merged.items():
            self._settle((key, start), contenders, stored[key].get(start), outcome)
        if outcome.revisions:
            self._state.revisions.add(outcome.revisions, ())
        return outcome

    def _with_held(self, rows: list[Contender], held: Sequence[ReceivedReading]) -> list[Contender]:
        """The contenders with what this collector holds about the point, an estimate of which is no longer needed."""
        known = {row.digest: row for row in rows}
        for arrival in held:
            item = contender_of(arrival)
            known[item.digest] = merged(known[item.digest], item) if item.digest in known else item
        estimate = known.get(STORED)
        dropped = []
        if estimate is not None and any(is_all_of(content_of(estimate), item.reading) for item in held):
            dropped.append(known.pop(STORED))
        changed = [item for item in known.values() if item not in rows]
        if changed or dropped:
            self._state.contenders.put(changed, dropped)
        return list(known.values())

    def _settle(self, place: Place, rows: list[Contender], found: Before | None, outcome: SharedWrites) -> None:
        key, start = place
        end, before = self._end(place), found or Before()
        like = Reading(*key, Interval(start, end), {})
        after = overlaid(before, settled(rows, end - start))
        reading = to_write(before, after, like)
        if reading is None:
            return
        outcome.readings.append(reading)
        if found is not None:
            received_at = max(row.received_at for row in rows) + _MICROSECOND
            outcome.revisions.append(
                Revision(
                    network=key[0], station_id=key[1], instrument_id=key[2], first=start, last=start,
                    received_at=received_at, origin="mqtt", readings=1, before=difference(before, after),
                )
            )  # fmt: skip

    def _end(self, place: Place) -> datetime:
        (_, station_id, instrument_id), start = place
        return start + timedelta(seconds=self._network.instruments[station_id, instrument_id].cadence_s)
