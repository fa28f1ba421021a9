"""What a batch changes: revisions with the values they replace, hours to be screened again, and what is written instead."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.correction.contest import to_write
from ingest.correction.newest_reading import QC_HOURS
from schemas.interval import floor_hour
from store.state import Before, ReopenedHour, ReopenReason, Revision

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ingest.correction.contest import ReceivedReading
    from ingest.correction.origin import Key
    from schemas.network import Network
    from schemas.reading import Reading
    from store.state import Contender, StateStore


class ChangeRecord:
    """Changes of one batch, point by point.

    Parameters
    ----------
    network : Network
    origin : str
        Kept with each revision.
    """

    def __init__(self, network: Network, origin: str) -> None:
        self._network = network
        self._origin = origin
        self._revisions: list[Revision] = []
        self._hours: dict[tuple[str, str, datetime], ReopenedHour] = {}
        self.contenders: list[Contender] = []
        self.instead: dict[int, Reading | None] = {}
        """By the identity of a decoded reading: what is written in its place."""
        self.superseded = 0

    def add_correction(self, key: Key, arrival: ReceivedReading, before: Before, moment: datetime) -> None:
        """Note that a reading replaces ``before``."""
        start = arrival.reading.interval.start
        self._revisions.append(self._revision(key, (start, start), moment, 1, before))
        self._reopen(key, arrival, ReopenReason.CORRECTED)

    def add_fresh(self, key: Key, arrivals: Sequence[ReceivedReading], occupied: Collection[datetime]) -> None:
        """Note readings that replace nothing: one revision a run of late ones with nothing stored between."""
        if not self._network.stations[key[1]].late_window_h:
            return
        late = sorted((item for item in arrivals if item.is_late), key=lambda item: item.reading.interval.start)
        bounds = sorted(occupied)
        for _, run in groupby(late, lambda item: bisect_left(bounds, item.reading.interval.start)):
            part = list(run)
            span = part[0].reading.interval.start, part[-1].reading.interval.start
            moment = max(item.received_at for item in part)
            self._revisions.append(self._revision(key, span, moment, len(part), None))
        for arrival in arrivals:
            self._reopen(key, arrival, ReopenReason.LATE)

    def _revision(
        self, key: Key, span: tuple[datetime, datetime], received_at: datetime, readings: int, before: Before | None
    ) -> Revision:
        return Revision(
            network=key[0],
            station_id=key[1],
            instrument_id=key[2],
            first=span[0],
            last=span[1],
            received_at=received_at,
            origin=self._origin,
            readings=readings,
            before=before,
        )

    def _reopen(self, key: Key, arrival: ReceivedReading, reason: ReopenReason) -> None:
        hour, now = floor_hour(arrival.reading.interval.start), datetime.now(UTC)
        is_data_set = self._network.stations[key[1]].late_window_h == 0
        if is_data_set or hour >= floor_hour(now) - QC_HOURS:
            return
        self._hours[key[0], key[1], hour] = ReopenedHour(key[0], key[1], hour, reason, now)

    def write(self, before: Before | None, after: Before | None, arrivals: Iterable[ReceivedReading]) -> None:
        """Write one reading for all arrivals at a point: two of one point in a request have no certain order."""
        every = list(arrivals)
        self.instead.update((id(item.reading), None) for item in every)
        if after is not None:
            last = every[-1].reading
            self.instead[id(last)] = to_write(before, after, last)

    def store(self, state: StateStore) -> None:
        """Store revisions, hours and contenders; raises `StoreError`, after which the batch may be done again.

        History goes first: a batch that is cut short is done again, and finds nothing new to keep.
        """
        if self._revisions or self._hours:
            state.revisions.add(self._revisions, self._hours.values())
        if self.contenders:
            state.contenders.put(self.contenders)
