"""What of a batch is written: the owner of the one correction rule (`ingest.rank`) for every way a message can come.

Drain, redelivery, retained copies, replay and repair from the quarantine, answers to requests and re-decoded history all pass
here. What late and corrected readings replace is kept, and their hours are re-opened for quality control.

A reading newer than anything stored of its instrument replaces nothing, and is not looked up: that is the live path. An hour that was
judged before its readings were stored, since they came late or had to wait for the database, is judged anew. All others are compared with what the database holds, and what they would change is written down before they are.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from ingest.answer import Answers
from ingest.contest import Arrival, Contest, Verdict, overlaid, said_by, to_write
from schemas.interval import floor_hour
from schemas.reading import Reading
from store.error import StoreMissingError
from store.state import Before, ReopenedHour, ReopenReason, Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ingest.judge import Judged
    from ingest.settings import CollectorSettings
    from store.influx_reading import ReadingStore
    from store.state import Contender, StateStore

LATE_LEAST = timedelta(minutes=10)
"""A reading received this long after its end, or two cadences, is late. Project's choice."""
QC_HOURS = timedelta(hours=2)
"""Hours that the hourly quality control looks at anyway (`dags/qc_hourly.py`, three of them with the present one)."""
_MICROSECOND = timedelta(microseconds=1)
_Key = tuple[str, str, str]
_NEVER = datetime.min.replace(tzinfo=UTC)
_STATIONS_NAMED = 200


class Newest(msgspec.Struct, frozen=True, gc=False):
    """Newest reading of an instrument: its start, and receipt and number where they are known."""

    start: datetime
    received_at: datetime
    seq: int | None


class Revised(msgspec.Struct, frozen=True):
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


class Reviser:
    """Stands before every write of native readings.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    state : StateStore
    origin : str
        ``mqtt`` or ``quarantine``, kept with each revision.

    Notes
    -----
    The newest stored reading of each instrument is asked of the database once. Where several collectors share the
    subscription another one may have stored newer ones: then everything late is looked up.
    """

    def __init__(
        self, settings: CollectorSettings, store: ReadingStore, state: StateStore, origin: str = "mqtt"
    ) -> None:
        self._network = settings.stations
        self._is_shared = bool(settings.mqtt_share)
        self._is_asked_always = origin != "mqtt"
        self.is_behind = False
        """Whether newer messages may have been stored before: then what is stored is not replaced by a guess."""
        self._answers = Answers(state)
        self._store = store
        self._state = state
        self._origin = origin
        self._newest: dict[_Key, Newest] | None = None
        self._heard: dict[_Key, datetime] = {}
        self._late_after: dict[_Key, timedelta] = {}

    def prepare(self) -> dict[_Key, Newest]:
        """Ask for the newest stored readings, once; raises `StoreError`, after which it may be called again."""
        if self._newest is None:
            self._newest = self._load()
        return self._newest

    def revise(self, batch: Sequence[Judged]) -> Revised:
        """Decide what of the batch is written, keep what that replaces, and list late hours.

        Raises
        ------
        StoreError
            It may be called again.
        """
        noted = self.prepare()
        newest = dict[_Key, Newest]()
        late: dict[_Key, list[Arrival]] = {}
        unsure: dict[_Key, list[Arrival]] = {}
        heard: dict[_Key, datetime] = {}
        judged_before = floor_hour(datetime.now(UTC)) - QC_HOURS
        for judged in batch:
            received_at = judged.message.received_at
            for part, reading in enumerate(judged.readings):
                key = (reading.network, reading.station_id, reading.instrument_id)
                start = reading.interval.start
                known = newest.get(key) or noted.get(key)
                is_late = received_at - reading.interval.end > self._lateness(key)
                if known is None or start > known.start:
                    newest[key] = Newest(start, received_at, reading.seq)
                    if not is_late and start >= judged_before and not self._is_asked_always:
                        continue  # the live path
                    chosen = unsure if self._is_asked_always or (self._is_shared and is_late) else late
                else:
                    chosen = unsure
                last = heard.get(key) or self._heard.get(key) or _NEVER
                if known is not None:
                    last = max(last, known.received_at)
                heard[key] = max(last, received_at)
                chosen.setdefault(key, []).append(
                    Arrival(
                        reading,
                        received_at,
                        part,
                        is_late,
                        is_in_order=received_at >= last,
                        is_new=received_at >= last and _is_higher(reading.seq, known),
                        is_answer=self._answers.may_be(judged, is_late=is_late),
                    )
                )
        revised = self._keep(batch, late, unsure) if late or unsure else Revised()
        noted.update(newest)
        self._heard.update(heard)
        return revised

    def _load(self) -> dict[_Key, Newest]:
        try:
            wanted = {(str(item.network), *key) for key, item in self._network.instruments.items()}
            starts = self._store.newest_starts(wanted)
        except StoreMissingError:
            self._store.ensure()
            return {}  # a new database
        noted = {(item.station_id, item.instrument_id): item for item in self._state.list_instrument_states()}
        found: dict[_Key, Newest] = {}
        for key, start in starts.items():
            item = noted.get(key[1:])
            received_at = item.last_received_at if item is not None else None
            found[key] = Newest(start, received_at or _NEVER, None if item is None else item.last_seq)
        return found

    def _lateness(self, key: _Key) -> timedelta:
        found = self._late_after.get(key)
        if found is None:
            cadence = timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s)
            found = self._late_after[key] = max(LATE_LEAST, 2 * cadence) + self._network.delays[key[1], key[2]]
        return found

    def _keep(
        self, batch: Sequence[Judged], late: dict[_Key, list[Arrival]], unsure: dict[_Key, list[Arrival]]
    ) -> Revised:
        done = _Done()
        stored = self._stored(unsure)
        live = _live_of_batch(batch, unsure) if unsure else {}
        rows = self._contenders(unsure)
        for key, arrivals in unsure.items():
            runs = self._late_runs(key, arrivals)
            asked = self._answers.marked(key, arrivals)
            for start, part in _by_start(asked).items():
                place = (key, start)
                before, first = (
                    stored[key].get(start),
                    live.get(place) or self._newest_of(key, start, stored[key], part),
                )
                is_live = place in live
                contest = Contest(
                    _content_of(live[place].reading, before) if is_live else before,
                    rows.get(place, ()),
                    first=first,
                    cadence=timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s),
                    keeps_all=self._is_asked_always,
                    is_behind=self._is_asked_always or self.is_behind,
                    stored_at=self._stored_at(key, part[0], runs) if before is not None else None,
                )
                self._settle(key, contest, part, done)
                done.write(before, contest.content, part, first if is_live else None)
        for key in {**late, **unsure}:
            fresh = [*late.get(key, ()), *done.fresh.get(key, ())]
            if self._network.stations[key[1]].late_window_h:
                occupied = set(stored.get(key, {}))
                done.revisions.extend(self._runs(key, [arrival for arrival in fresh if arrival.is_late], occupied))
                for arrival in fresh:
                    self._reopen(done.hours, key, arrival, ReopenReason.LATE)
        # history first: a batch that is cut short is done again, and finds nothing new to keep
        if done.revisions or done.hours:
            self._state.add_revisions(done.revisions, done.hours.values())
        if done.contenders:
            self._state.put_contenders(done.contenders)
        return Revised(done.instead, done.superseded)

    def _late_runs(self, key: _Key, arrivals: Sequence[Arrival]) -> list[Revision]:
        """Runs of late readings at the times of entries of the quarantine, in the order of their receipt."""
        if not self._is_asked_always or not self._network.stations[key[1]].late_window_h:
            return []
        starts = [arrival.reading.interval.start for arrival in arrivals]
        found = self._state.list_revisions(
            start=min(starts), end=max(starts) + _MICROSECOND, station_id=key[1], instrument_id=key[2]
        )
        return [item for item in found if item.network == key[0] and item.before is None]

    def _stored_at(self, key: _Key, arrival: Arrival, runs: Sequence[Revision]) -> datetime | None:
        """When what is stored was received, for an entry of the quarantine: with a run of late readings, or in time."""
        if not self._is_asked_always or not self._network.stations[key[1]].late_window_h:
            return None
        interval = arrival.reading.interval
        run = next((item for item in runs if item.first <= interval.start <= item.last), None)
        if run is not None:
            return run.received_at
        return interval.end + self._lateness(key) if arrival.is_late else None

    def _newest_of(
        self, key: _Key, start: datetime, stored: dict[datetime, Before], arrivals: Sequence[Arrival]
    ) -> Arrival | None:
        """The message that what is stored is of, where it is the newest of its instrument, of which receipt and number are known."""
        known = (self._newest or {}).get(key)
        if known is None or known.start != start or known.received_at == _NEVER or start not in stored:
            return None
        values, status = said_by(stored[start])
        reading = msgspec.structs.replace(arrivals[0].reading, values=values, status=status, seq=known.seq)
        return Arrival(reading, known.received_at, 0, is_late=False, is_in_order=True, is_new=False)

    def _settle(self, key: _Key, contest: Contest, arrivals: Sequence[Arrival], done: _Done) -> None:
        for arrival in arrivals:
            verdict, before = contest.take(arrival)
            if verdict is Verdict.FRESH:
                done.fresh.setdefault(key, []).append(arrival)
            elif verdict is Verdict.CHANGED:
                done.revisions.append(self._correction(key, arrival, before, contest.moment_of(arrival)))
                self._reopen(done.hours, key, arrival, ReopenReason.CORRECTED)
            elif verdict is Verdict.SUPERSEDED:
                done.superseded += 1
        done.contenders.extend(contest.changed.values())

    def _contenders(self, unsure: dict[_Key, list[Arrival]]) -> dict[tuple[_Key, datetime], list[Contender]]:
        starts = [arrival.reading.interval.start for arrivals in unsure.values() for arrival in arrivals]
        found: dict[tuple[_Key, datetime], list[Contender]] = {}
        if starts:
            stations = {key[1] for key in unsure}
            few = stations if len(stations) <= _STATIONS_NAMED else None
            for item in self._state.list_contenders(min(starts), max(starts), few):
                found.setdefault(((item.network, item.station_id, item.instrument_id), item.start), []).append(item)
        return found

    def _stored(self, unsure: dict[_Key, list[Arrival]]) -> dict[_Key, dict[datetime, Before]]:
        """What the database holds at the times in question, one query an instrument."""
        found: dict[_Key, dict[datetime, Before]] = {}
        for key, arrivals in unsure.items():
            starts = [arrival.reading.interval.start for arrival in arrivals]
            stored = self._store.read_stored(*key, min(starts), max(starts) + _MICROSECOND)
            found[key] = {start: Before(dict(item.values), dict(item.status)) for start, item in stored.items()}
        return found

    def _correction(self, key: _Key, arrival: Arrival, before: Before, moment: datetime) -> Revision:
        start = arrival.reading.interval.start
        return self._revision(key, start, start, moment, 1, before)

    def _runs(self, key: _Key, fresh: list[Arrival], occupied: set[datetime]) -> Iterator[Revision]:
        """One revision a run of late readings with nothing stored between."""
        ordered = sorted(fresh, key=lambda item: item.reading.interval.start)
        bounds = sorted(occupied)

        def place(arrival: Arrival) -> int:
            return bisect_left(bounds, arrival.reading.interval.start)

        for _, run in groupby(ordered, place):
            arrivals = list(run)
            first, last = arrivals[0].reading.interval.start, arrivals[-1].reading.interval.start
            yield self._revision(key, first, last, max(item.received_at for item in arrivals), len(arrivals), None)

    def _revision(  # noqa: PLR0917 - the fields of a revision
        self, key: _Key, first: datetime, last: datetime, received_at: datetime, readings: int, before: Before | None
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
        key: _Key,
        arrival: Arrival,
        reason: ReopenReason,
    ) -> None:
        hour = floor_hour(arrival.reading.interval.start)
        is_data_set = self._network.stations[key[1]].late_window_h == 0
        if is_data_set or hour >= floor_hour(datetime.now(UTC)) - QC_HOURS:
            return
        hours[key[0], key[1], hour] = ReopenedHour(key[0], key[1], hour, reason, datetime.now(UTC))


class _Done:
    """What a batch comes to, gathered point by point."""

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self.hours: dict[tuple[str, str, datetime], ReopenedHour] = {}
        self.contenders: list[Contender] = []
        self.fresh: dict[_Key, list[Arrival]] = {}
        self.instead: dict[int, Reading | None] = {}
        self.superseded = 0

    def write(
        self, before: Before | None, after: Before | None, arrivals: Sequence[Arrival], first: Arrival | None
    ) -> None:
        """Have one reading written for all arrivals at a point: two of one point in a request have no certain order."""
        every = [*([] if first is None else [first]), *arrivals]
        self.instead.update((id(item.reading), None) for item in every)
        if after is not None:
            last = every[-1].reading
            self.instead[id(last)] = to_write(before, after, last)


def _is_higher(seq: int | None, known: Newest | None) -> bool:
    return seq is not None and known is not None and known.seq is not None and seq > known.seq


def _by_start(arrivals: Iterable[Arrival]) -> dict[datetime, list[Arrival]]:
    found: dict[datetime, list[Arrival]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.reading.interval.start, []).append(arrival)
    return found


def _content_of(reading: Reading, before: Before | None) -> Before:
    return overlaid(before, Before(dict(reading.values), dict(reading.status)))


def _live_of_batch(batch: Sequence[Judged], unsure: dict[_Key, list[Arrival]]) -> dict[tuple[_Key, datetime], Arrival]:
    """Readings of the same batch that took the live path and that a later one of the batch is about."""
    asked = {id(arrival.reading) for arrivals in unsure.values() for arrival in arrivals}
    wanted = {(key, arrival.reading.interval.start) for key, arrivals in unsure.items() for arrival in arrivals}
    found: dict[tuple[_Key, datetime], Arrival] = {}
    for judged in batch:
        for part, reading in enumerate(judged.readings):
            place = ((reading.network, reading.station_id, reading.instrument_id), reading.interval.start)
            if place in wanted and id(reading) not in asked:
                found[place] = Arrival(
                    reading, judged.message.received_at, part, is_late=False, is_in_order=True, is_new=False
                )
    return found
