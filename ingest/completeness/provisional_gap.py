"""Provisional gaps of a collector in a share group, which receives only some of an instrument's readings.

A gap is stored only after the other collectors have had time to store theirs, and the database was checked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from ingest.completeness.repair import missing_starts
from schemas.interval import floor_hour
from store.state import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore

MOST = 100_000
"""Provisional gaps held at most before they are checked during a backlog: bounds the memory."""
_TAKEOVER_WAITS = 1.5
"""The session of an absent member is taken over after at most so many ``mqtt_cover_after_s`` (`ingest.collector.failover`)."""
_EVERY_S = 1.0
_MICROSECOND = timedelta(microseconds=1)
_Key = tuple[str, str]


class Last(msgspec.Struct, frozen=True, gc=False):
    """Newest reading of an instrument."""

    seq: int | None
    start: datetime
    end: datetime


class ProvisionalGap(msgspec.Struct, frozen=True):
    """A gap that may be none; ``before`` is the reading it follows, ``found_s`` on the monotonic clock [s]."""

    gap: Gap
    cadence: timedelta
    before: Last
    received_at: datetime
    found_s: float

    @property
    def key(self) -> _Key:
        """Station and instrument."""
        return self.gap.station_id, self.gap.instrument_id


class ProvisionalGaps:
    """Provisional gaps until they are old enough to be checked, in the order in which they were found."""

    def __init__(self, settings: CollectorSettings, store: ReadingStore) -> None:
        self._store = store
        self._wait_s = settings.gap_wait_s + _TAKEOVER_WAITS * settings.mqtt_cover_after_s
        self._every_s = max(settings.gap_wait_s, _EVERY_S)
        self._held: list[ProvisionalGap] = []
        self._looked_s = 0.0

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    def add(self, gap_found: ProvisionalGap) -> None:
        """Hold one more."""
        self._held.append(gap_found)

    def firsts(self) -> dict[_Key, Last]:
        """Of each instrument, the reading before its first provisional gap: certain even after a crash."""
        found: dict[_Key, Last] = {}
        for gap_found in self._held:
            found.setdefault(gap_found.key, gap_found.before)
        return found

    def due(self, now_s: float) -> list[ProvisionalGap]:
        """Those to be checked now (monotonic clock); none shortly after the last check."""
        if not self._held or now_s - self._looked_s < self._every_s:
            return []
        self._looked_s = now_s
        return [gap_found for gap_found in self._held if now_s - gap_found.found_s >= self._wait_s]

    def drop(self, provisional: list[ProvisionalGap]) -> None:
        """Remove what was checked."""
        gone = set(map(id, provisional))
        self._held = [gap_found for gap_found in self._held if id(gap_found) not in gone]

    def confirmed(self, provisional: Sequence[ProvisionalGap]) -> list[Gap]:
        """The gaps among these that the database confirms, one query a network and hour; raises `StoreError`."""
        together: dict[tuple[str, datetime], list[ProvisionalGap]] = {}
        for gap_found in provisional:
            together.setdefault((gap_found.gap.network, floor_hour(gap_found.gap.start)), []).append(gap_found)
        found: list[Gap] = []
        for (network, hour), part in together.items():
            short = [gap_found for gap_found in part if gap_found.gap.end <= hour + timedelta(hours=2)]
            found.extend(self._confirmed_together(network, short))
            for gap_found in part:
                if gap_found not in short:  # rare, and too long to be read of every instrument
                    found.extend(_missing_of(gap_found, self._starts_of(gap_found)))
        return found

    def _confirmed_together(self, network: str, provisional: list[ProvisionalGap]) -> Iterator[Gap]:
        if not provisional:
            return
        spans = [_span(gap_found) for gap_found in provisional]
        starts = self._store.read_starts(network, min(span[0] for span in spans), max(span[1] for span in spans))
        for gap_found in provisional:
            yield from _missing_of(gap_found, starts.get(gap_found.key, []))

    def _starts_of(self, gap_found: ProvisionalGap) -> list[datetime]:
        return list(self._store.read_stored(gap_found.gap.network, *gap_found.key, *_span(gap_found)))


def _span(gap_found: ProvisionalGap) -> tuple[datetime, datetime]:
    """Half a step before the gap, and the reading after it."""
    return gap_found.gap.start - gap_found.cadence / 2, gap_found.gap.end + _MICROSECOND


def _missing_of(gap_found: ProvisionalGap, stored: Sequence[datetime]) -> Iterator[Gap]:
    """The gap without what is stored: one for each run of missing steps, or one for all where the numbers prove fewer."""
    gap, cadence = gap_found.gap, gap_found.cadence
    missing = missing_starts(gap.start, gap.end, cadence, stored)
    first, _ = _span(gap_found)
    left = gap.missing - sum(first <= start < gap.end for start in stored)
    if not missing or left <= 0:
        return
    runs = [missing] if len(missing) > left else _runs(missing, cadence)
    for run in runs:
        count = min(left, len(run))
        yield msgspec.structs.replace(gap, start=run[0], end=run[-1] + cadence, missing=count)


def _runs(steps: list[datetime], cadence: timedelta) -> list[list[datetime]]:
    """Steps that follow each other by one cadence, together."""
    runs = [steps[:1]]
    for before, step in pairwise(steps):
        if step - before > cadence:
            runs.append([])
        runs[-1].append(step)
    return runs
