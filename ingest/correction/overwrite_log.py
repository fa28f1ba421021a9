"""What of a batch is written: the owner of the one correction rule (`ingest.correction.rank`) for every way a message can come.

Drain, redelivery, retained copies, replay and repair from the quarantine, answers to requests and re-decoded history all pass
here. What late and corrected readings replace is kept, and their hours are re-opened for quality control.

A reading newer than anything stored of its instrument replaces nothing, and is not looked up: that is the live path. An hour that was
judged before its readings were stored, since they came late or had to wait for the database, is judged anew. All others are compared with what the database holds, and what they would change is written down before they are.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.answer import Answers
from ingest.correction.contest import (
    ArrivalEffect,
    Contest,
    ReceivedReading,
    is_all_of,
    is_explained,
    overlaid,
    to_write,
)
from ingest.correction.origin import Key, Origins
from ingest.correction.rank import digest_of, is_said_by
from schemas.interval import floor_hour
from schemas.reading import Reading
from store.error import StoreMissingError
from store.rawlog import RawLog
from store.state import Before, ReopenedHour, ReopenReason, Revision

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

    from ingest.correction.origin import Place
    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from ingest.writer import Writer
    from store.influx.reading import ReadingStore
    from store.state import Contender, StateStore

QC_HOURS = timedelta(hours=2)
"""Hours that the hourly quality control looks at anyway (`dags/qc_hourly.py`, three of them with the present one)."""
_MANY, _SHORT = 5, timedelta(hours=1)
"""So many instruments of a network within so long a time are asked for in one query. Project's choice."""
_MICROSECOND = timedelta(microseconds=1)
_LIVE = timedelta(seconds=2)
"""Of a share group, messages that have waited for longer are compared with what another collector may have stored meanwhile.
Project's choice."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_STATIONS_NAMED = 200


class Newest(msgspec.Struct, frozen=True, gc=False):
    """Newest reading of an instrument.

    Attributes
    ----------
    received_at : datetime
        UTC; of one that was stored before the start, receipt of the last message of its instrument.
    seq : int or None
        Likewise.
    reading : Reading or None
        None of one that was stored before the start.
    part : int
        Place in its message [1].
    """

    start: datetime
    received_at: datetime
    seq: int | None
    reading: Reading | None = None
    part: int = 0


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
    """Stands before every write of native readings.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    state : StateStore
    log : RawLog
        Tells receipt and number of what the live path has stored.
    origin : str
        ``mqtt`` or ``quarantine``, kept with each revision.

    Notes
    -----
    The newest stored reading of each instrument is asked of the database once. Where several collectors share the
    subscription another one may have stored newer ones: then everything late is looked up.
    """

    def __init__(
        self, settings: CollectorSettings, store: ReadingStore, state: StateStore, log: RawLog, origin: str = "mqtt"
    ) -> None:
        self._network = settings.stations
        self._is_shared = bool(settings.mqtt_share)
        self._is_asked_always = origin != "mqtt"
        self.is_behind = False
        """Whether newer messages may have been stored before: then what is stored is not replaced by a guess."""
        self._answers = Answers(state)
        self.origins = Origins(settings, state, log)
        self._store = store
        self._state = state
        self._origin = origin
        self._newest: dict[Key, Newest] | None = None
        self._heard: dict[Key, datetime] = {}

    def prepare(self) -> dict[Key, Newest]:
        """Ask for the newest stored readings, once; raises `StoreError`, after which it may be called again."""
        if self._newest is None:
            self._newest = self._load()
        return self._newest

    def plan_writes(self, batch: Sequence[DecodedMessage]) -> WritePlan:
        """Decide what of the batch is written, keep what that replaces, and list late hours.

        Raises
        ------
        StoreError
            It may be called again.
        """
        noted = self.prepare()
        newest = dict[Key, Newest]()
        late: dict[Key, list[ReceivedReading]] = {}
        unsure: dict[Key, list[ReceivedReading]] = {}
        heard: dict[Key, datetime] = {}
        now = datetime.now(UTC)
        judged_before, live_since = floor_hour(now) - QC_HOURS, now - _LIVE
        for decoded in batch:
            received_at = decoded.message.received_at
            for part, reading in enumerate(decoded.readings):
                key = (reading.network, reading.station_id, reading.instrument_id)
                start = reading.interval.start
                known = newest.get(key) or noted.get(key)
                is_waiting = self._is_shared and received_at < live_since
                is_late = received_at - reading.interval.end > self.origins.lateness(key)
                if known is None or start > known.start:
                    newest[key] = Newest(start, received_at, reading.seq, reading, part)
                    is_met = self._is_asked_always or is_waiting or (self._is_shared and is_late)
                    if not is_late and start >= judged_before and not is_met:
                        continue  # the live path
                    chosen = unsure if is_met else late
                else:
                    chosen = unsure
                    if start == known.start and received_at < known.received_at and reading == known.reading:
                        newest[key] = Newest(start, received_at, reading.seq, reading, part)  # an earlier copy
                last = heard.get(key) or self._heard.get(key) or _NEVER
                if known is not None:
                    last = max(last, known.received_at)
                heard[key] = max(last, received_at)
                chosen.setdefault(key, []).append(
                    ReceivedReading(
                        reading,
                        received_at,
                        part,
                        is_late,
                        is_in_order=received_at >= last and not is_waiting,
                        is_new=received_at >= last and _is_higher(reading.seq, known),
                        is_answer=self._answers.may_be(decoded, is_late=is_late),
                    )
                )
        plan = self._keep(batch, late, unsure) if late or unsure else WritePlan()
        noted.update(newest)
        self._heard.update(heard)
        return plan

    def _load(self) -> dict[Key, Newest]:
        try:
            wanted = {(str(item.network), *key) for key, item in self._network.instruments.items()}
            starts = self._store.newest_starts(wanted)
        except StoreMissingError:
            self._store.ensure()
            return {}  # a new database
        noted = {(item.station_id, item.instrument_id): item for item in self._state.instruments.list()}
        found: dict[Key, Newest] = {}
        for key, start in starts.items():
            item = noted.get(key[1:])
            received_at = item.last_received_at if item is not None else None
            found[key] = Newest(start, received_at or _NEVER, None if item is None else item.last_seq)
        return found

    def _keep(
        self,
        batch: Sequence[DecodedMessage],
        late: dict[Key, list[ReceivedReading]],
        unsure: dict[Key, list[ReceivedReading]],
    ) -> WritePlan:
        done = _Done()
        unsure = {key: self._answers.marked(key, arrivals) for key, arrivals in unsure.items()}
        stored = self._stored(unsure)
        live = _live_of_batch(batch, unsure) if unsure else {}
        rows = self._contenders(unsure)
        known = {place: [item] for place, item in live.items()}
        known |= self._look_back(unsure, stored, rows, live)
        for key, arrivals in unsure.items():
            runs = self._runs_of(key, arrivals)
            for start, part in _by_start(arrivals).items():
                place = (key, start)
                before = stored[key].get(start)
                is_live = place in live
                contest = Contest(
                    _content_of(live[place].reading, before) if is_live else before,
                    rows.get(place, ()),
                    known=known.get(place, ()),
                    cadence=timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s),
                    keeps_all=self._is_asked_always,
                    is_behind=self._is_asked_always or self.is_behind or self._is_shared,
                    stored_at=self._stored_at(key, part[0], runs) if before is not None else None,
                )
                self._settle(key, contest, part, done)
                done.write(before, contest.content, part, live.get(place))
        for key in {**late, **unsure}:
            fresh = [*late.get(key, ()), *done.fresh.get(key, ())]
            if self._network.stations[key[1]].late_window_h:
                occupied = set(stored.get(key, {}))
                done.revisions.extend(self._runs(key, [arrival for arrival in fresh if arrival.is_late], occupied))
                for arrival in fresh:
                    self._reopen(done.hours, key, arrival, ReopenReason.LATE)
        # history first: a batch that is cut short is done again, and finds nothing new to keep
        if done.revisions or done.hours:
            self._state.revisions.add(done.revisions, done.hours.values())
        if done.contenders:
            self._state.contenders.put(done.contenders)
        return WritePlan(done.instead, done.superseded)

    def _look_back(
        self,
        unsure: dict[Key, list[ReceivedReading]],
        stored: dict[Key, dict[datetime, Before]],
        rows: Mapping[Place, Sequence[Contender]],
        live: Container[Place],
    ) -> dict[Place, list[ReceivedReading]]:
        """Messages that what is stored is of, and earlier copies of the arrivals, for points whose contenders do not tell."""
        known: dict[Place, list[ReceivedReading]] = {}
        wanted: dict[Place, list[ReceivedReading]] = {}
        for key, arrivals in unsure.items():
            for start, part in _by_start(arrivals).items():
                before = stored[key].get(start)
                place = (key, start)
                if before is None or place in live or (place in rows and is_explained(before, rows[place])):
                    continue
                newest = self._newest_of(key, start, before)
                if newest is not None:
                    known[place] = [newest]
                elif any(item.matters or not is_said_by(before, item.reading) for item in part):
                    wanted[place] = part
        ends = {place: part[0].reading.interval.end for place, part in wanted.items()}
        for place, found in self.origins.find(ends).items():
            before = stored[place[0]][place[1]]
            digests = {digest_of(item.reading) for item in wanted[place]}
            known[place] = [
                item
                for item in found
                if self._is_shared or is_said_by(before, item.reading) or digest_of(item.reading) in digests
            ]
        return known

    def _runs_of(self, key: Key, arrivals: Sequence[ReceivedReading]) -> list[Revision]:
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

    def _newest_of(self, key: Key, start: datetime, stored: Before) -> ReceivedReading | None:
        """The message that what is stored is of, where it is the newest of its instrument."""
        known = (self._newest or {}).get(key)
        if known is None or known.start != start or known.reading is None or not is_all_of(stored, known.reading):
            return None
        return ReceivedReading(
            known.reading, known.received_at, known.part, is_late=False, is_in_order=True, is_new=False
        )

    def _settle(self, key: Key, contest: Contest, arrivals: Sequence[ReceivedReading], done: _Done) -> None:
        for arrival in arrivals:
            effect, before = contest.take(arrival)
            if effect is ArrivalEffect.FRESH:
                done.fresh.setdefault(key, []).append(arrival)
            elif effect is ArrivalEffect.CHANGED:
                done.revisions.append(self._correction(key, arrival, before, contest.moment_of(arrival)))
                self._reopen(done.hours, key, arrival, ReopenReason.CORRECTED)
            elif effect is ArrivalEffect.SUPERSEDED:
                done.superseded += 1
        done.contenders.extend(contest.changed.values())

    def _contenders(self, unsure: dict[Key, list[ReceivedReading]]) -> dict[Place, list[Contender]]:
        starts = [arrival.reading.interval.start for arrivals in unsure.values() for arrival in arrivals]
        if not starts:
            return {}
        stations = {key[1] for key in unsure}
        few = stations if len(stations) <= _STATIONS_NAMED else None
        return by_place(self._state.contenders.list(min(starts), max(starts), few))

    def _stored(self, unsure: dict[Key, list[ReceivedReading]]) -> dict[Key, dict[datetime, Before]]:
        starts = {key: [arrival.reading.interval.start for arrival in arrivals] for key, arrivals in unsure.items()}
        return stored_at(self._store, starts)

    def _correction(self, key: Key, arrival: ReceivedReading, before: Before, moment: datetime) -> Revision:
        start = arrival.reading.interval.start
        return self._revision(key, start, start, moment, 1, before)

    def _runs(self, key: Key, fresh: list[ReceivedReading], occupied: set[datetime]) -> Iterator[Revision]:
        """One revision a run of late readings with nothing stored between."""
        ordered = sorted(fresh, key=lambda item: item.reading.interval.start)
        bounds = sorted(occupied)

        def place(arrival: ReceivedReading) -> int:
            return bisect_left(bounds, arrival.reading.interval.start)

        for _, run in groupby(ordered, place):
            arrivals = list(run)
            first, last = arrivals[0].reading.interval.start, arrivals[-1].reading.interval.start
            yield self._revision(key, first, last, max(item.received_at for item in arrivals), len(arrivals), None)

    def _revision(  # noqa: PLR0917 - the fields of a revision
        self, key: Key, first: datetime, last: datetime, received_at: datetime, readings: int, before: Before | None
    ) -> Revision:
        return Revision(
            network=key[0],
            station_id=key[1],
            instrument_id=key[2],
            first=first,
            last=last,
            received_at=received_at,
            origin=self._origin,
            readings=readings,
            before=before,
        )

    def _reopen(
        self,
        hours: dict[tuple[str, str, datetime], ReopenedHour],
        key: Key,
        arrival: ReceivedReading,
        reason: ReopenReason,
    ) -> None:
        hour = floor_hour(arrival.reading.interval.start)
        is_data_set = self._network.stations[key[1]].late_window_h == 0
        if is_data_set or hour >= floor_hour(datetime.now(UTC)) - QC_HOURS:
            return
        hours[key[0], key[1], hour] = ReopenedHour(key[0], key[1], hour, reason, datetime.now(UTC))


@contextmanager
def overwrite_log_of_quarantine(
    settings: CollectorSettings, writer: Writer | None, state: StateStore
) -> Iterator[OverwriteLog | None]:
    """What decides about messages of the quarantine; None without a writer."""
    if writer is None:
        yield None
        return
    with closing(RawLog(settings.rawlog_dir)) as log:
        yield OverwriteLog(settings, writer.store, state, log, "quarantine")


class _Done:
    """What a batch comes to, gathered point by point."""

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self.hours: dict[tuple[str, str, datetime], ReopenedHour] = {}
        self.contenders: list[Contender] = []
        self.fresh: dict[Key, list[ReceivedReading]] = {}
        self.instead: dict[int, Reading | None] = {}
        self.superseded = 0

    def write(
        self,
        before: Before | None,
        after: Before | None,
        arrivals: Sequence[ReceivedReading],
        first: ReceivedReading | None,
    ) -> None:
        """Have one reading written for all arrivals at a point: two of one point in a request have no certain order."""
        every = [*([] if first is None else [first]), *arrivals]
        self.instead.update((id(item.reading), None) for item in every)
        if after is not None:
            last = every[-1].reading
            self.instead[id(last)] = to_write(before, after, last)


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


def _is_higher(seq: int | None, known: Newest | None) -> bool:
    return seq is not None and known is not None and known.seq is not None and seq > known.seq


def _by_start(arrivals: Iterable[ReceivedReading]) -> dict[datetime, list[ReceivedReading]]:
    found: dict[datetime, list[ReceivedReading]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.reading.interval.start, []).append(arrival)
    return found


def _content_of(reading: Reading, before: Before | None) -> Before:
    return overlaid(before, Before(dict(reading.values), dict(reading.status)))


def _live_of_batch(
    batch: Sequence[DecodedMessage], unsure: dict[Key, list[ReceivedReading]]
) -> dict[tuple[Key, datetime], ReceivedReading]:
    """Readings of the same batch that took the live path and that a later one of the batch is about."""
    asked = {id(arrival.reading) for arrivals in unsure.values() for arrival in arrivals}
    wanted = {(key, arrival.reading.interval.start) for key, arrivals in unsure.items() for arrival in arrivals}
    found: dict[tuple[Key, datetime], ReceivedReading] = {}
    for decoded in batch:
        for part, reading in enumerate(decoded.readings):
            place = ((reading.network, reading.station_id, reading.instrument_id), reading.interval.start)
            if place in wanted and id(reading) not in asked:
                found[place] = ReceivedReading(
                    reading, decoded.message.received_at, part, is_late=False, is_in_order=True, is_new=False
                )
    return found
