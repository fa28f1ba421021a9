"""What the raw log holds about a point, for the correction rule.

A message on the live path stores neither its receipt nor its number with the reading. The raw log has both, and is searched
when a second message about the point arrives.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest.correction.answer import Answers
from ingest.correction.contest import ReceivedReading
from ingest.decode.message import decode_and_validate
from ingest.decode.refusal import refused_after_decoding
from schemas.message import Topic
from sensors.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ingest.decode.message import DecodedMessage
    from ingest.decode.refusal import Refusals
    from ingest.process.settings import CollectorSettings
    from store.rawlog import RawLog
    from store.state import Revision, StateStore

LATE_LEAST = timedelta(minutes=10)
"""A reading received this long after its end, or two cadences, is late. Project's choice."""
MESSAGES_MAX = 500_000
"""Messages looked through for one batch. Project's choice; cost: decision 0010."""
_RUN = timedelta(hours=1)
"""A run of late readings, dated by its last one, was received within this. Project's choice."""
_MICROSECOND = timedelta(microseconds=1)
Key = tuple[str, str, str]
"""Network, station, instrument."""
Place = tuple[Key, datetime]
"""An instrument and the start of a reading."""


class Origins:
    """Looks up messages by the points that they are about.

    Parameters
    ----------
    settings : CollectorSettings
    state : StateStore
    log : RawLog
        Of this collector; what another one of a share group has received is not in it.
    """

    def __init__(self, settings: CollectorSettings, state: StateStore, log: RawLog) -> None:
        self._settings = settings
        self._network = settings.stations
        self._ahead = timedelta(seconds=settings.time_ahead_max_s)
        self._state = state
        self._log = log
        self._answers = Answers(state)
        self._late_after: dict[Key, timedelta] = {}

    def lateness(self, key: Key) -> timedelta:
        """How long after its end a reading of an instrument may be received in time."""
        found = self._late_after.get(key)
        if found is None:
            cadence = timedelta(seconds=self._network.instruments[key[1], key[2]].cadence_s)
            found = self._late_after[key] = max(LATE_LEAST, 2 * cadence) + self._network.delays[key[1], key[2]]
        return found

    def late_runs(self, key: Key, starts: Collection[datetime]) -> list[Revision]:
        """Runs of late readings that some starts lie in, in the order of their receipt; of data sets none."""
        if not starts or not self._network.stations[key[1]].late_window_h:
            return []
        found = self._state.revisions.list(
            start=min(starts), end=max(starts) + _MICROSECOND, station_id=key[1], instrument_id=key[2]
        )
        return [item for item in found if item.network == key[0] and item.before is None]

    def find(self, wanted: Mapping[Place, datetime]) -> dict[Place, list[ReceivedReading]]:
        """Messages about some points, in the order of the log, where they were received in time or with a run of late readings.

        Parameters
        ----------
        wanted : mapping
            The ends of the readings. Those of data sets, which may come at any time, are not looked up.

        Raises
        ------
        StoreError
        """
        windows = [window for key in {key for key, _ in wanted} for window in self._windows(key, wanted)]
        found: dict[Place, list[ReceivedReading]] = {}
        topics = [str(Topic(*key, name)) for key in {key for key, _ in wanted} for name in FORMATS]
        messages = self._log.find(topics, _merged(windows), most=MESSAGES_MAX) if windows else []
        refused = self._refused({key[1] for key, _ in wanted}, min(windows)[0]) if messages else {}
        for logged in messages:
            decoded = decode_and_validate(logged.message, self._settings)
            for place, arrival in self._arrivals(decoded):
                if place in wanted and (*place[0][1:], place[1], arrival.received_at) not in refused:
                    found.setdefault(place, []).append(arrival)
        return {place: self._answers.marked(place[0], arrivals) for place, arrivals in found.items()}

    def _refused(self, stations: Collection[str], received_from: datetime) -> Refusals:
        """Readings accepted by decoding and refused by the drain: in a share group, where every message held counts."""
        if not self._settings.mqtt_share:
            return {}
        found: Refusals = {}
        for station_id in stations:
            found |= refused_after_decoding(self._state, received_from, station_id)
        return found

    def _windows(self, key: Key, wanted: Mapping[Place, datetime]) -> list[tuple[datetime, datetime]]:
        if not self._network.stations[key[1]].late_window_h:
            return []
        ends = {start: end for (of, start), end in wanted.items() if of == key}
        runs = [(run.first, run.last, run.received_at) for run in self.late_runs(key, ends)]
        late = [
            (at - _RUN, at + _MICROSECOND) for first, last, at in runs if any(first <= item <= last for item in ends)
        ]
        in_time = self.lateness(key) + _MICROSECOND
        return [*late, *((start - self._ahead, end + in_time) for start, end in ends.items())]

    def _arrivals(self, decoded: DecodedMessage) -> Iterable[tuple[Place, ReceivedReading]]:
        received_at = decoded.message.received_at
        for part, reading in enumerate(decoded.readings):
            key = (reading.network, reading.station_id, reading.instrument_id)
            is_late = received_at - reading.interval.end > self.lateness(key)
            may_answer = self._answers.may_be(decoded, is_late=is_late)
            yield (
                (key, reading.interval.start),
                ReceivedReading(
                    reading, received_at, part, is_late, is_in_order=True, is_new=False, is_answer=may_answer
                ),
            )  # fmt: skip


def _merged(windows: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """The same time without overlap, ascending."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
