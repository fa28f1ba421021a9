"""Which readings are missing: by the numbers that stations give them, and by the cadence where there are none."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.completeness.provisional_gap import MOST, Last, ProvisionalGap, ProvisionalGaps
from ingest.completeness.repair import gap_finding
from ingest.process.guard import CaughtErrors, divide, is_refused
from schemas.interval import floor_hour
from store.state import Gap, GapState, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from schemas.message import RawMessage
    from schemas.reading import Reading
    from store.influx.reading import ReadingStore
    from store.state import StateStore

NOTE_EVERY_S = 1.0
ANSWER_ENDS = timedelta(seconds=2)
"""After the last back-fill message so long, the database is asked what is still missing."""
_NOTHING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\]\s*")
_Key = tuple[str, str]


class Missing(msgspec.Struct, frozen=True):
    """Readings missing in ``[start, end)``; ``found_by`` is ``seq`` or ``cadence``."""

    start: datetime
    end: datetime
    count: int
    found_by: str


def says_nothing(message: RawMessage) -> bool:
    """Whether a message is the answer "I have nothing of that": an empty JSON array (docs/data-path.md), and nothing else.

    A message without readings for any other reason, such as a real-time frame of HJ 212, proves no gap.
    """
    return _NOTHING.fullmatch(message.payload) is not None


def missing_between(last: Last, reading: Reading, cadence: timedelta) -> Missing | None:
    """What is missing between the newest reading so far and a newer one.

    A number that follows its predecessor proves that nothing was lost, however long the time between them: the instrument
    was off. A higher one proves how many were lost. Without numbers, or where they restart, the cadence decides.
    """
    start = reading.interval.start
    steps = round((start - last.start) / cadence) - 1
    if reading.seq is not None and last.seq is not None and reading.seq > last.seq:
        count = min(reading.seq - last.seq - 1, max(steps, 0))
        return Missing(last.start + cadence, start, count, "seq") if count else None
    return Missing(last.start + cadence, start, steps, "cadence") if steps > 0 else None


class GapWatch:
    """Finds gaps in stored batches; keeps them and the newest readings in the state database.

    Parameters
    ----------
    settings : CollectorSettings
    state : StateStore
    store : ReadingStore
        Asked for what other members of a share group have stored.
    caught : CaughtErrors
        Is given what a single gap or instrument makes raise; that one is left out.

    Notes
    -----
    The newest readings are stored once a second, so after a crash, false gaps are possible; `ingest.completeness.repair` checks the
    database before it asks a station.

    In a share group, readings that another member received look like gaps: they are provisional until `look` drops or confirms
    them. The newest reading stored is then the one before the oldest provisional gap, so that a crash loses none.
    """

    def __init__(
        self, settings: CollectorSettings, state: StateStore, store: ReadingStore, caught: CaughtErrors | None = None
    ) -> None:
        self._caught = caught or CaughtErrors()
        self._network = settings.stations
        self._pause = timedelta(seconds=settings.gap_wait_s)
        self._state = state
        self._last: dict[_Key, Last] = {}
        self._cadence: dict[_Key, timedelta] = {}
        self._changed: dict[_Key, datetime] = {}
        self._found: list[Gap] = []
        self._repaired: set[_Key] = set()
        self._noted_at = 0.0
        self._provisional = ProvisionalGaps(settings, store) if settings.mqtt_share else None
        for item in state.instruments.list():
            if item.last_start is not None and item.last_end is not None:
                self._last[item.station_id, item.instrument_id] = Last(item.last_seq, item.last_start, item.last_end)

    def note(self, batch: Sequence[DecodedMessage]) -> None:
        """Process a batch in log order; raises `StoreError`, after which what was found waits for the next batch."""
        nothing: set[_Key] = set()
        self._repaired.clear()
        for decoded in batch:
            if decoded.readings:
                self._found.extend(self._gaps_after(decoded))
            elif decoded.topic is not None and says_nothing(decoded.message):
                nothing.add((decoded.topic.station_id, decoded.topic.instrument_id))
        divide(self._state.gaps.add, self._found, lambda _, error: self._caught("gaps", error))
        old = [gap_finding(gap, gap.missing, gap.found_at) for gap in self._found if gap.state is GapState.TOO_OLD]
        if old:
            self._state.findings.report(old)
        self._found.clear()
        self._note_answers(nothing)
        if self._provisional is not None and len(self._provisional) > MOST:
            self.look(time.monotonic())
        if time.monotonic() - self._noted_at >= NOTE_EVERY_S:
            self.close()

    def _note_answers(self, nothing: Iterable[_Key]) -> None:
        for key in nothing:
            self._state.gaps.end_asked(*key)
        soon = datetime.now(UTC) + ANSWER_ENDS
        for key in self._repaired:
            self._state.gaps.hasten(*key, soon)

    def look(self, now_s: float) -> None:
        """Check provisional gaps that are old enough at ``now_s`` (monotonic clock); raises `StoreError`, after which they stay."""
        due = [] if self._provisional is None else self._provisional.due(now_s)
        if self._provisional is None or not due:
            return
        divide(self._confirm, due, lambda _, error: self._caught("gaps", error), is_its_fault=is_refused)
        self._provisional.drop(due)
        self._changed = {provisional.key: provisional.received_at for provisional in due} | self._changed
        if time.monotonic() - self._noted_at >= NOTE_EVERY_S:
            self.close()

    def _confirm(self, due: Sequence[ProvisionalGap]) -> None:
        found = [] if self._provisional is None else self._provisional.confirmed(due)
        if found:
            self._state.gaps.add(found)

    def close(self) -> None:
        """Write the newest readings now."""
        self._noted_at = time.monotonic()
        divide(self._note_progress, list(self._changed.items()), lambda _, error: self._caught("gaps", error))
        self._changed = {}

    def _note_progress(self, changed: Sequence[tuple[_Key, datetime]]) -> None:
        lasts = self._last if self._provisional is None else self._last | self._provisional.firsts()
        self._state.instruments.note_progress(
            Progress(
                network=str(self._network.instruments[key].network),
                station_id=key[0],
                instrument_id=key[1],
                last_seq=lasts[key].seq,
                last_start=lasts[key].start,
                last_end=lasts[key].end,
                last_received_at=received_at,
            )
            for key, received_at in changed
        )

    def _gaps_after(self, decoded: DecodedMessage) -> Iterator[Gap]:
        readings = decoded.readings
        if len(readings) > 1:
            readings = sorted(readings, key=lambda item: item.interval.start)
        key = (readings[0].station_id, readings[0].instrument_id)
        for reading in readings:
            last = self._last.get(key)
            if last is not None and reading.interval.start <= last.start:
                self._repaired.add(key)  # or a repetition
                continue
            self._last[key] = Last(reading.seq, reading.interval.start, reading.interval.end)
            self._changed[key] = decoded.message.received_at
            if last is not None:
                found = missing_between(last, reading, self._cadence_of(key))
                if found is not None:
                    for gap in self._gap(decoded, key, found):
                        if self._provisional is None:
                            yield gap
                        else:
                            received_at, now_s = decoded.message.received_at, time.monotonic()
                            self._provisional.add(ProvisionalGap(gap, self._cadence_of(key), last, received_at, now_s))

    def _cadence_of(self, key: _Key) -> timedelta:
        cadence = self._cadence.get(key)
        if cadence is None:
            cadence = self._cadence[key] = timedelta(seconds=self._network.instruments[key].cadence_s)
        return cadence

    def _gap(self, decoded: DecodedMessage, key: _Key, found: Missing) -> Iterator[Gap]:
        window = self._network.late_windows[key]
        if not window:
            return  # a data set: no station to ask
        now = decoded.message.received_at
        cadence = self._cadence_of(key)
        for start, end, count, state in _by_age(found, now - window, cadence):
            yield Gap(
                network=str(self._network.instruments[key].network),
                station_id=key[0],
                instrument_id=key[1],
                start=start,
                end=end,
                missing=count,
                found_by=found.found_by,
                found_at=now,
                due_at=now + self._pause,
                state=state,
            )


def _by_age(found: Missing, oldest: datetime, cadence: timedelta) -> Iterator[tuple[datetime, datetime, int, GapState]]:
    """The part that can still be asked for, and the part older than the late window; together the whole gap."""
    steps = max(1, round((found.end - found.start) / cadence))
    old = min(steps, max(0, -((found.start - oldest) // cadence)))
    border = found.start + old * cadence
    young = min(found.count, steps - old)
    if young:
        yield border, found.end, young, GapState.OPEN
    if found.count > young:
        yield found.start, border, found.count - young, GapState.TOO_OLD


def steps_by_hour(
    gaps: Iterable[Gap], cadences: Mapping[_Key, timedelta]
) -> dict[tuple[datetime, str, str], dict[str, int]]:
    """How many steps of the cadence lie in gaps, by hour, station and instrument, and by what became of the gap.

    Parameters
    ----------
    gaps : iterable of Gap
    cadences : mapping of (station id, instrument id) to timedelta
        Gaps of other instruments are left out.
    """
    found: dict[tuple[datetime, str, str], dict[str, int]] = {}
    for gap in gaps:
        cadence = cadences.get((gap.station_id, gap.instrument_id))
        if cadence is None:
            continue
        for step in range(max(1, round((gap.end - gap.start) / cadence))):
            hour = floor_hour(gap.start + step * cadence)
            states = found.setdefault((hour, gap.station_id, gap.instrument_id), {})
            states[gap.state.value] = states.get(gap.state.value, 0) + 1
    return found
