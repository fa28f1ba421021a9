"""What of a batch is written: the one correction rule (`ingest.correction.rank`) for every way a message can come.

Drain, redelivery, retained copies, replay and repair from the quarantine, answers to requests and re-decoded history all pass
here, in three steps::

    sort       the live path, late readings, and readings that may change what is stored   (`newest_reading`)
    look back  what is stored at these points, and which messages it comes from            (`lookback`)
    settle     the correction rule point by point; what it replaces is kept first          (`contest`, `change_record`)
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.answer import Answers
from ingest.correction.change_record import ChangeRecord
from ingest.correction.contest import ArrivalEffect, Contest, overlaid
from ingest.correction.lookback import Lookback, by_point
from ingest.correction.newest_reading import NewestReadings
from ingest.correction.origin import Origins
from schemas.reading import Reading
from store.rawlog import RawLog
from store.state import Before

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from ingest.correction.contest import ReceivedReading
    from ingest.correction.lookback import KnownPoints
    from ingest.correction.newest_reading import Newest, SortedBatch
    from ingest.correction.origin import Key, Place
    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore
    from store.state import Revision, StateStore


class WritePlan(msgspec.Struct, frozen=True):
    """What is written of a batch.

    Attributes
    ----------
    instead : dict of int to Reading or None
        By the identity of a decoded reading: what is written in its place, None: nothing. Others are written as they are.
    superseded : int
        Readings that messages of higher rank have replaced before [1].
    """

    instead: dict[int, Reading | None] = msgspec.field(default_factory=dict)
    superseded: int = 0

    def of(self, readings: Iterable[Reading]) -> list[Reading]:
        """What is written of these readings, in order."""
        if not self.instead:
            return list(readings)
        chosen = (self.instead.get(id(reading), reading) for reading in readings)
        return [reading for reading in chosen if reading is not None]


class OverwriteLog:
    """Decides what every write of native readings stores, and keeps what it replaces.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    state : StateStore
    log : RawLog
        Has receipt and number of what the live path has stored.
    origin : str
        ``mqtt`` or ``quarantine``, kept with each revision.
    """

    def __init__(
        self, settings: CollectorSettings, store: ReadingStore, state: StateStore, log: RawLog, origin: str = "mqtt"
    ) -> None:
        self._network = settings.stations
        self._is_shared = bool(settings.mqtt_share)
        self._is_asked_always = origin != "mqtt"
        self.is_behind = False
        """Whether newer messages may have been stored before: then what is stored is not replaced by a guess."""
        self.origins = Origins(settings, state, log)
        self._answers = Answers(state)
        self._newest = NewestReadings(settings, store, state, self.origins, is_asked_always=self._is_asked_always)
        self._lookback = Lookback(store, state, self.origins, self._newest, is_shared=self._is_shared)
        self._state = state
        self._origin = origin

    def prepare(self) -> dict[Key, Newest]:
        """Ask for the newest stored readings, once; raises `StoreError`, after which it may be called again."""
        return self._newest.prepare()

    def plan_writes(self, batch: Sequence[DecodedMessage]) -> WritePlan:
        """Decide what of the batch is written, keep what that replaces, and list late hours.

        Raises
        ------
        StoreError
            It may be called again.
        """
        readings = self._newest.sort(batch)
        plan = self._settle(batch, readings) if readings.late or readings.unsure else WritePlan()
        self._newest.note(readings)
        return plan

    def _settle(self, batch: Sequence[DecodedMessage], readings: SortedBatch) -> WritePlan:
        unsure = {key: self._answers.marked(key, arrivals) for key, arrivals in readings.unsure.items()}
        evidence = self._lookback.gather(batch, unsure)
        runs = {key: self._late_runs(key, arrivals) for key, arrivals in unsure.items()}
        changes = ChangeRecord(self._network, self._origin)
        fresh: dict[Key, list[ReceivedReading]] = {key: list(arrivals) for key, arrivals in readings.late.items()}
        for place, arrivals in by_point(unsure):
            fresh.setdefault(place[0], [])
            fresh[place[0]] += self._settle_point(place, arrivals, evidence, runs[place[0]], changes)
        for key, arrivals in fresh.items():
            changes.add_fresh(key, arrivals, set(evidence.stored.get(key, {})))
        changes.store(self._state)
        return WritePlan(changes.instead, changes.superseded)

    def _settle_point(
        self,
        place: Place,
        arrivals: Sequence[ReceivedReading],
        evidence: KnownPoints,
        runs: Sequence[Revision],
        changes: ChangeRecord,
    ) -> list[ReceivedReading]:
        """Apply the rule at one point; the arrivals at whose time nothing was stored."""
        key, start = place
        before, live = evidence.stored[key].get(start), evidence.live.get(place)
        contest = Contest(
            before if live is None else _content_of(live.reading, before),
            evidence.contenders.get(place, ()),
            known=evidence.known.get(place, ()),
            cadence=timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s),
            keeps_all=self._is_asked_always,
            is_behind=self._is_asked_always or self.is_behind or self._is_shared,
            stored_at=self._stored_at(key, arrivals[0], runs) if before is not None else None,
        )
        fresh: list[ReceivedReading] = []
        for arrival in arrivals:
            effect, replaced = contest.take(arrival)
            if effect is ArrivalEffect.FRESH:
                fresh.append(arrival)
            elif effect is ArrivalEffect.CHANGED:
                changes.add_correction(key, arrival, replaced, contest.moment_of(arrival))
            elif effect is ArrivalEffect.SUPERSEDED:
                changes.superseded += 1
        changes.contenders.extend(contest.changed.values())
        changes.write(before, contest.content, [*([] if live is None else [live]), *arrivals])
        return fresh

    def _late_runs(self, key: Key, arrivals: Sequence[ReceivedReading]) -> list[Revision]:
        starts = [arrival.reading.interval.start for arrival in arrivals] if self._is_asked_always else []
        return self.origins.late_runs(key, starts)

    def _stored_at(self, key: Key, arrival: ReceivedReading, runs: Sequence[Revision]) -> datetime | None:
        """When what is stored was received, for an entry of the quarantine: with a run of late readings, or in time."""
        if not self._is_asked_always or not self._network.stations[key[1]].late_window_h:
            return None
        interval = arrival.reading.interval
        run = next((item for item in runs if item.first <= interval.start <= item.last), None)
        if run is not None:
            return run.received_at
        return interval.end + self.origins.lateness(key) if arrival.is_late else None


@contextmanager
def overwrite_log_of_quarantine(
    settings: CollectorSettings, store: ReadingStore | None, state: StateStore
) -> Iterator[OverwriteLog | None]:
    """The overwrite log for messages of the quarantine; None without a store."""
    if store is None:
        yield None
        return
    with closing(RawLog(settings.rawlog_dir)) as log:
        yield OverwriteLog(settings, store, state, log, "quarantine")


def _content_of(reading: Reading, before: Before | None) -> Before:
    return overlaid(before, Before(dict(reading.values), dict(reading.status)))
