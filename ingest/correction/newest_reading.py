"""The newest reading of each instrument, and which readings of a batch may be stored without a look at the database.

A reading newer than any stored one of its instrument replaces nothing: that is the live path. It is only listed as late where
quality control has screened its hour before. All other readings are compared with what is stored (`ingest.correction.lookback`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.correction.answer import Answers
from ingest.correction.contest import ReceivedReading, is_all_of
from ingest.correction.origin import Key
from schemas.interval import floor_hour
from schemas.reading import Reading
from store.error import StoreMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.correction.origin import Origins
    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from store.influx.reading import ReadingStore
    from store.state import Before, StateStore

QC_HOURS = timedelta(hours=2)
"""Hours that the hourly quality control looks at anyway (`dags/qc_hourly.py`, three of them with the present one)."""
_LIVE = timedelta(seconds=2)
"""In a share group, messages that have waited for longer are compared with what another collector may have stored meanwhile.
Project's choice."""
_NEVER = datetime.min.replace(tzinfo=UTC)


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


class SortedBatch(msgspec.Struct):
    """Readings of a batch that are not on the live path, by instrument, and what is newest after the batch.

    Attributes
    ----------
    late : dict
        Newer than what is stored, in an hour that quality control has screened before.
    unsure : dict
        Of times at which something may be stored.
    newest : dict
    last_received : dict
        Latest receipt of each instrument.
    """

    late: dict[Key, list[ReceivedReading]] = {}
    unsure: dict[Key, list[ReceivedReading]] = {}
    newest: dict[Key, Newest] = {}
    last_received: dict[Key, datetime] = {}


class NewestReadings:
    """Knows the newest reading of each instrument; asked of the database once.

    Parameters
    ----------
    settings : CollectorSettings
    store : ReadingStore
    state : StateStore
    origins : Origins
    is_asked_always : bool
        Compare every reading with what is stored.

    Notes
    -----
    In a share group another collector may have stored newer readings: everything late is compared then.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        store: ReadingStore,
        state: StateStore,
        origins: Origins,
        *,
        is_asked_always: bool,
    ) -> None:
        self._network = settings.stations
        self._is_shared = bool(settings.mqtt_share)
        self._is_asked_always = is_asked_always
        self._store = store
        self._state = state
        self._origins = origins
        self._newest: dict[Key, Newest] | None = None
        self._last_received: dict[Key, datetime] = {}

    def prepare(self) -> dict[Key, Newest]:
        """Ask for the newest stored readings, once; raises `StoreError`, after which it may be called again."""
        if self._newest is None:
            self._newest = self._load()
        return self._newest

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

    def sort(self, batch: Sequence[DecodedMessage]) -> SortedBatch:
        """Take the live path's readings out of a batch; nothing is noted before `note`. Raises `StoreError`."""
        noted, result = self.prepare(), SortedBatch()
        now = datetime.now(UTC)
        screened_before, live_since = floor_hour(now) - QC_HOURS, now - _LIVE
        for decoded in batch:
            received_at = decoded.message.received_at
            is_waiting = self._is_shared and received_at < live_since
            for part, reading in enumerate(decoded.readings):
                key = (reading.network, reading.station_id, reading.instrument_id)
                start = reading.interval.start
                known = result.newest.get(key) or noted.get(key)
                is_late = received_at - reading.interval.end > self._origins.lateness(key)
                chosen = result.unsure
                if known is None or start > known.start:
                    result.newest[key] = Newest(start, received_at, reading.seq, reading, part)
                    if not (self._is_asked_always or is_waiting or (self._is_shared and is_late)):
                        if not is_late and start >= screened_before:
                            continue  # the live path
                        chosen = result.late
                elif start == known.start and received_at < known.received_at and reading == known.reading:
                    result.newest[key] = Newest(start, received_at, reading.seq, reading, part)  # an earlier copy
                arrival = self._arrival(decoded, part, known, result, is_late=is_late, is_waiting=is_waiting)
                chosen.setdefault(key, []).append(arrival)
        return result

    def _arrival(
        self,
        decoded: DecodedMessage,
        part: int,
        known: Newest | None,
        result: SortedBatch,
        *,
        is_late: bool,
        is_waiting: bool,
    ) -> ReceivedReading:
        reading, received_at = decoded.readings[part], decoded.message.received_at
        key = (reading.network, reading.station_id, reading.instrument_id)
        last = result.last_received.get(key) or self._last_received.get(key) or _NEVER
        if known is not None:
            last = max(last, known.received_at)
        result.last_received[key] = max(last, received_at)
        return ReceivedReading(
            reading,
            received_at,
            part,
            is_late,
            is_in_order=received_at >= last and not is_waiting,
            is_new=received_at >= last and _is_higher(reading.seq, known),
            is_answer=Answers.may_be(decoded, is_late=is_late),
        )

    def note(self, batch: SortedBatch) -> None:
        """Keep what is newest after a batch."""
        self.prepare().update(batch.newest)
        self._last_received.update(batch.last_received)

    def source_of(self, key: Key, start: datetime, stored: Before) -> ReceivedReading | None:
        """The message that what is stored comes from, where it is the newest of its instrument."""
        known = (self._newest or {}).get(key)
        if known is None or known.start != start or known.reading is None or not is_all_of(stored, known.reading):
            return None
        return ReceivedReading(
            known.reading, known.received_at, known.part, is_late=False, is_in_order=True, is_new=False
        )


def _is_higher(seq: int | None, known: Newest | None) -> bool:
    return seq is not None and known is not None and known.seq is not None and seq > known.seq
