"""What looks like a gap to one collector of a share group: it hears only some of an instrument's readings, the others hear the rest.

So nothing is kept as a gap before the other collectors had their time to store what they heard, and the database was asked.
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
"""Suspicions that are held at most before they are looked at in the midst of a backlog: bounds the memory."""
_COVER_WAITS = 1.5
"""An absent member is stood in for after at most so many ``mqtt_cover_after_s`` (`ingest.collector.failover`)."""
_EVERY_S = 1.0
_MICROSECOND = timedelta(microseconds=1)
_Key = tuple[str, str]


class Last(msgspec.Struct, frozen=True, gc=False):
    """Newest reading of an instrument."""

    seq: int | None
    start: datetime
    end: datetime


class Suspect(msgspec.Struct, frozen=True):
    """A gap that may be none; ``before`` is the reading it follows, ``heard_s`` on the monotonic clock [s]."""

    gap: Gap
    cadence: timedelta
    before: Last
    received_at: datetime
    heard_s: float

    @property
    def key(self) -> _Key:
        """Station and instrument."""
        return self.gap.station_id, self.gap.instrument_id


class Suspicions:
    """Suspicions until they are old enough to be looked at, in the order in which they arose.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    """

    def __init__(self, settings: CollectorSettings, store: ReadingStore) -> None:
        self._store = store
        self._wait_s = settings.gap_wait_s + _COVER_WAITS * settings.mqtt_cover_after_s
        self._every_s = max(settings.gap_wait_s, _EVERY_S)
        self._held: list[Suspect] = []
        self._looked_s = 0.0

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    def add(self, suspect: Suspect) -> None:
        """Hold one more."""
        self._held.append(suspect)

    def firsts(self) -> dict[_Key, Last]:
        """Of each instrument, the reading before its first suspicion: what is sure when this process is killed."""
        found: dict[_Key, Last] = {}
        for suspect in self._held:
            found.setdefault(suspect.key, suspect.before)
        return found

    def due(self, now_s: float) -> list[Suspect]:
        """Those to be looked at now, on the monotonic clock; none while the last look was a moment ago."""
        if not self._held or now_s - self._looked_s < self._every_s:
            return []
        self._looked_s = now_s
        return [suspect for suspect in self._held if now_s - suspect.heard_s >= self._wait_s]

    def drop(self, suspects: list[Suspect]) -> None:
        """Forget what was looked at."""
        gone = set(map(id, suspects))
        self._held = [suspect for suspect in self._held if id(suspect) not in gone]

    def confirmed(self, suspects: Sequence[Suspect]) -> list[Gap]:
        """What of these is really missing, by one query for the suspicions of one network and hour; raises `StoreError`."""
        together: dict[tuple[str, datetime], list[Suspect]] = {}
        for suspect in suspects:
            together.setdefault((suspect.gap.network, floor_hour(suspect.gap.start)), []).append(suspect)
        found: list[Gap] = []
        for (network, hour), part in together.items():
            short = [suspect for suspect in part if suspect.gap.end <= hour + timedelta(hours=2)]
            found.extend(self._confirmed_together(network, short))
            for suspect in part:
                if suspect not in short:  # rare, and too long to be read of every instrument
                    found.extend(_missing_of(suspect, self._starts_of(suspect)))
        return found

    def _confirmed_together(self, network: str, suspects: list[Suspect]) -> Iterator[Gap]:
        if not suspects:
            return
        spans = [_span(suspect) for suspect in suspects]
        starts = self._store.read_starts(network, min(span[0] for span in spans), max(span[1] for span in spans))
        for suspect in suspects:
            yield from _missing_of(suspect, starts.get(suspect.key, []))

    def _starts_of(self, suspect: Suspect) -> list[datetime]:
        return list(self._store.read_stored(suspect.gap.network, *suspect.key, *_span(suspect)))


def _span(suspect: Suspect) -> tuple[datetime, datetime]:
    """Half a step before the gap, and the reading after it."""
    return suspect.gap.start - suspect.cadence / 2, suspect.gap.end + _MICROSECOND


def _missing_of(suspect: Suspect, stored: Sequence[datetime]) -> Iterator[Gap]:
    """The gap without what is stored: one for each run of missing steps, or one for all where the numbers prove fewer."""
    gap, cadence = suspect.gap, suspect.cadence
    missing = missing_starts(gap.start, gap.end, cadence, stored)
    first, _ = _span(suspect)
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
