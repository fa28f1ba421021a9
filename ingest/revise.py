"""Late and corrected readings: what they replace is kept, and their hours are judged anew.

A reading newer than anything stored of its instrument replaces nothing, and is not looked up: that is the live path. An hour that was
judged before its readings were stored, since they came late or had to wait for the database, is judged anew. All others are compared with what the database holds, and what they would change is written down before they are.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.interval import floor_hour
from schemas.message import NetworkCode
from schemas.reading import Reading, Status
from store.error import StoreMissingError
from store.state import Before, ReopenedHour, ReopenReason, Revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.judge import Judged
    from ingest.settings import CollectorSettings
    from store.influx_reading import ReadingStore
    from store.state import StateStore

LATE_LEAST = timedelta(minutes=10)
"""A reading received this long after its end, or two cadences, is late. Project's choice."""
QC_HOURS = timedelta(hours=2)
"""Hours that the hourly quality control looks at anyway (`dags/qc_hourly.py`, three of them with the present one)."""
_MICROSECOND = timedelta(microseconds=1)
_Key = tuple[str, str, str]
_Known = dict[datetime, Before]


class Arrival(msgspec.Struct, frozen=True):
    """A reading, when its message was received, and whether that was late."""

    reading: Reading
    received_at: datetime
    is_late: bool


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
        self._store = store
        self._state = state
        self._origin = origin
        self._newest: dict[_Key, datetime] | None = None
        self._late_after: dict[_Key, timedelta] = {}

    def prepare(self) -> None:
        """Ask for the newest stored readings, once; raises `StoreError`, after which it may be called again."""
        if self._newest is None:
            self._newest = self._load()

    def revise(self, batch: Sequence[Judged]) -> None:
        """Keep what the batch replaces, and list its late hours; raises `StoreError`, after which it may be called again.

        A reading that corrects the status of a value to normal is given the letter N, so that the old one is replaced.
        """
        if self._newest is None:
            self._newest = self._load()
        newest = dict[_Key, datetime]()
        late: dict[_Key, list[Arrival]] = {}
        unsure: dict[_Key, list[Arrival]] = {}
        judged_before = floor_hour(datetime.now(UTC)) - QC_HOURS
        for judged in batch:
            received_at = judged.message.received_at
            for reading in judged.readings:
                key = (reading.network, reading.station_id, reading.instrument_id)
                start = reading.interval.start
                known = newest.get(key) or self._newest.get(key)
                is_late = received_at - reading.interval.end > self._lateness(key)
                if known is None or start > known:
                    newest[key] = start
                    if not is_late and start >= judged_before:
                        continue  # the live path
                    chosen = unsure if self._is_shared and is_late else late
                else:
                    chosen = unsure
                chosen.setdefault(key, []).append(Arrival(reading, received_at, is_late))
        if late or unsure:
            self._keep(batch, late, unsure)
        self._newest.update(newest)

    def _load(self) -> dict[_Key, datetime]:
        try:
            return self._store.newest_starts(map(str, NetworkCode))
        except StoreMissingError:
            self._store.ensure()
            return {}  # a new database

    def _lateness(self, key: _Key) -> timedelta:
        found = self._late_after.get(key)
        if found is None:
            cadence = timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s)
            found = self._late_after[key] = max(LATE_LEAST, 2 * cadence)
        return found

    def _keep(
        self, batch: Sequence[Judged], late: dict[_Key, list[Arrival]], unsure: dict[_Key, list[Arrival]]
    ) -> None:
        revisions: list[Revision] = []
        hours: dict[tuple[str, str, datetime], ReopenedHour] = {}
        stored = self._stored(unsure)
        in_batch = _first_of_batch(batch, unsure)
        for key in {**late, **unsure}:
            known = stored.get(key, {}) | in_batch.get(key, {})
            arrivals = [*late.get(key, ()), *unsure.get(key, ())]
            fresh: list[Arrival] = []
            for arrival in arrivals:
                before = known.get(arrival.reading.interval.start)
                changed = None if before is None else change(before, arrival.reading)
                if before is None:
                    fresh.append(arrival)
                elif changed is not None:
                    revisions.append(self._correction(key, arrival, changed))
                    _clear_letters(arrival.reading, changed)
                    self._reopen(hours, key, arrival, ReopenReason.CORRECTED)
                known[arrival.reading.interval.start] = merged(before, arrival.reading)
            if self._network.stations[key[1]].late_window_h:
                occupied = set(stored.get(key, {}))
                revisions.extend(self._runs(key, [arrival for arrival in fresh if arrival.is_late], occupied))
                for arrival in fresh:
                    self._reopen(hours, key, arrival, ReopenReason.LATE)
        if revisions or hours:
            self._state.add_revisions(revisions, hours.values())

    def _stored(self, unsure: dict[_Key, list[Arrival]]) -> dict[_Key, _Known]:
        """What the database holds at the times in question, one query an instrument."""
        found: dict[_Key, _Known] = {}
        for key, arrivals in unsure.items():
            starts = [arrival.reading.interval.start for arrival in arrivals]
            stored = self._store.read_stored(*key, min(starts), max(starts) + _MICROSECOND)
            found[key] = {start: Before(dict(item.values), dict(item.status)) for start, item in stored.items()}
        return found

    def _correction(self, key: _Key, arrival: Arrival, before: Before) -> Revision:
        start = arrival.reading.interval.start
        return self._revision(key, start, start, arrival.received_at, 1, before)

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


def change(before: Before, reading: Reading) -> Before | None:
    """What of ``before`` the reading replaces; None where nothing differs. A parameter it does not name stays.

    A value for a parameter that had none is no replacement, unless other values of that time were there: then the old
    None is kept too, so that history can be told.
    """
    values: dict[str, float | None] = {}
    for code, value in reading.values.items():
        old = before.values.get(code)
        if old is None or float(value) != old:
            values[code] = old
    status: dict[str, str | None] = {}
    for code in {*reading.values, *reading.status}:
        old_letter, letter = before.status.get(code), reading.status.get(code)
        if (old_letter or Status.NORMAL) != (letter or Status.NORMAL):
            status[code] = old_letter
    return Before(values, status) if values or status else None


def merged(before: Before | None, reading: Reading) -> Before:
    """What stands after the reading was written over ``before``."""
    values: dict[str, Any] = dict(reading.values)
    if before is None:
        return Before(values, dict(reading.status))
    return Before(before.values | values, before.status | dict(reading.status))


def _clear_letters(reading: Reading, changed: Before) -> None:
    """Name N where an old letter no longer holds: what is not written would stay."""
    for code, letter in changed.status.items():
        if letter is not None and code not in reading.status:
            reading.status[code] = Status.NORMAL.value


def _first_of_batch(batch: Sequence[Judged], unsure: dict[_Key, list[Arrival]]) -> dict[_Key, _Known]:
    """Readings of the same batch that a later one may replace: those that are not in question themselves."""
    asked = {key: {id(arrival.reading) for arrival in arrivals} for key, arrivals in unsure.items()}
    wanted = {key: {arrival.reading.interval.start for arrival in arrivals} for key, arrivals in unsure.items()}
    found: dict[_Key, _Known] = {}
    for judged in batch:
        for reading in judged.readings:
            key = (reading.network, reading.station_id, reading.instrument_id)
            if key in wanted and reading.interval.start in wanted[key] and id(reading) not in asked[key]:
                found.setdefault(key, {})[reading.interval.start] = merged(None, reading)
    return found
