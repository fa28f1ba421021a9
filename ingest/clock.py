"""Stations' clocks against the collector's: skews are estimated, wrong clocks are named, and what they stamp is held.

A reading that is hours old may be honest: back-fill, or a backlog that waited in the broker. What tells a wrong clock:

* its time went back by the zone's whole offset, while its number went on, or, without numbers, while it came at the live pace;
* several readings came at the live pace, each late by the same amount.

Arrays are back-fill and never held; nor are data sets (stations without a late window). All limits here are the project's
choice. Held readings are in the quarantine as ``clock_suspect`` and can be repaired with their times moved.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.guard import Caught, divide
from schemas.reading import Rejection, RejectReason
from store.state import Clock, ClockState, Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ingest.judge import Judged
    from ingest.settings import CollectorSettings
    from schemas.reading import Reading
    from store.state import StateStore

MARGIN = timedelta(minutes=10)
LONGEST_LATENCY = timedelta(hours=1)
"""Of the allowance for slow instruments when a delay is compared with the zone's offset."""
STEADY = 5
"""Readings at the live pace with one and the same delay that prove a clock behind."""
STEADY_WITHIN_S = 60.0
BEHIND_LEAST = timedelta(minutes=30)
_DELAYS = 20
_NOTE_EVERY_S = 30.0
_REPORT_EVERY = timedelta(minutes=10)
_WRONG = frozenset({Clock.AHEAD, Clock.BEHIND, Clock.WRONG_ZONE})


class _Watched(msgspec.Struct):
    """What is remembered of one instrument; ``end``, ``seq`` and ``is_on_time`` are of the last accepted reading."""

    network: str
    cadence: timedelta
    on_time: timedelta
    end: datetime | None = None
    seq: int | None = None
    is_on_time: bool = False
    heard_at: datetime | None = None
    heard_end: datetime | None = None
    delay_s: float = 0.0
    steady: int = 0
    clock: Clock = Clock.UNKNOWN
    since: datetime | None = None
    held: int = 0
    delays: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=_DELAYS))


class ClockScreen:
    """Looks at every judged message in log order.

    Parameters
    ----------
    settings : CollectorSettings
    state : StateStore
        Where the clocks stand at the start, and are noted.
    caught : Caught
        Is given what a single instrument or station makes raise.
    """

    def __init__(self, settings: CollectorSettings, state: StateStore, caught: Caught | None = None) -> None:
        self._caught = caught or Caught()
        self._settings = settings
        self._network = settings.stations
        self._state = state
        self._zone = self._network.timezone
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._changed: set[tuple[str, str]] = set()
        self._is_urgent = False
        self._noted_at = 0.0
        self._reported_at: dict[str, datetime] = {}
        if settings.clock_screen:
            self._load()

    def screen(self, judged: Judged) -> None:
        """Move readings whose time cannot be true from ``readings`` to ``rejections``."""
        if not self._settings.clock_screen or judged.topic is None:
            return
        key = (judged.topic.station_id, judged.topic.instrument_id)
        watched = self._of(*key)
        if watched is None:
            return
        if len(judged.readings) == 1 and not judged.rejections:
            reading = judged.readings[0]
            words = self._hear(watched, reading, judged.message.received_at)
            if words:
                judged.readings.clear()
                judged.rejections.append(_held(reading, words))
            self._changed.add(key)
        elif judged.rejections:
            self._name_ahead(judged, key, watched)

    def note(self, now: datetime) -> None:
        """Write what has changed: at once where a clock went wrong or right again, else every half minute."""
        if not self._changed or (not self._is_urgent and time.monotonic() - self._noted_at < _NOTE_EVERY_S):
            return
        changed, self._changed, self._is_urgent = self._changed, set(), False
        self._noted_at = time.monotonic()
        divide(
            lambda keys: self._state.note_clocks(_state_of(key, self._watched[key]) for key in keys),
            sorted(changed),
            lambda _, error: self._caught("clock", error),
        )
        divide(
            lambda stations: self._report(stations, now),
            sorted({station_id for station_id, _ in changed}),
            lambda _, error: self._caught("clock", error),
        )

    def _load(self) -> None:
        for state in self._state.list_instrument_states():
            watched = self._of(state.station_id, state.instrument_id)
            if watched is None:
                continue
            watched.end, watched.seq, watched.heard_at = state.last_end, state.last_seq, state.last_received_at
            watched.heard_end = state.last_end
            if state.last_received_at is not None and state.last_end is not None:
                delay = state.last_received_at - state.last_end
                watched.delay_s = delay.total_seconds()
                watched.is_on_time = delay <= watched.on_time
            watched.clock, watched.since, watched.held = state.clock, state.clock_since, state.held
            if state.skew_s is not None:
                watched.delays.append(-state.skew_s)

    def _of(self, station_id: str, instrument_id: str) -> _Watched | None:
        key = (station_id, instrument_id)
        watched = self._watched.get(key)
        if watched is None:
            station, instrument = self._network.stations.get(station_id), self._network.instruments.get(key)
            if station is None or instrument is None or station.late_window_h == 0:
                return None
            cadence = timedelta(seconds=instrument.cadence_s)
            watched = self._watched[key] = _Watched(str(instrument.network), cadence, 2 * cadence + MARGIN)
        return watched

    def _hear(self, watched: _Watched, reading: Reading, received_at: datetime) -> str:
        """Why the reading is held; empty when it is accepted."""
        end = reading.interval.end
        delay = received_at - end
        if delay <= watched.on_time:
            self._accept(watched, reading, received_at, delay, is_on_time=True)
            return ""
        is_live = self._is_live(watched, received_at)
        is_paced = is_live and _is_step(watched, end)
        delay_s = delay.total_seconds()
        is_steady = is_paced and abs(delay_s - watched.delay_s) <= STEADY_WITHIN_S
        watched.steady = watched.steady + 1 if is_steady else 0
        words = self._why(watched, reading, delay, is_live=is_live, is_paced=is_paced)
        if not words:
            self._accept(watched, reading, received_at, delay, is_on_time=False)
            return ""
        watched.heard_at, watched.heard_end, watched.delay_s = received_at, end, delay_s
        watched.held += 1
        watched.delays.append(delay_s)
        return words

    def _why(self, watched: _Watched, reading: Reading, delay: timedelta, *, is_live: bool, is_paced: bool) -> str:
        offset = self._offset(reading.interval.end)
        if self._is_zone_error(delay, offset, watched) and self._is_held_zone(
            watched, reading, is_live=is_live, is_paced=is_paced
        ):
            self._turn(watched, Clock.WRONG_ZONE, reading.interval.end + delay)
            return _zone_words(reading, delay, offset, watched)
        least = max(BEHIND_LEAST, watched.on_time + watched.cadence / 2)
        if watched.steady >= STEADY and delay > least:
            if watched.clock is not Clock.WRONG_ZONE:
                self._turn(watched, Clock.BEHIND, reading.interval.end + delay)
            return (
                f"ends {reading.interval.end.isoformat()}, {_hours(delay)} before reception, as each of the last "
                f"{watched.steady} at the live pace: the clock is behind, or readings are held back on the way"
            )
        return ""

    @staticmethod
    def _is_held_zone(watched: _Watched, reading: Reading, *, is_live: bool, is_paced: bool) -> bool:
        if watched.clock is Clock.WRONG_ZONE and is_paced:
            return True
        if watched.end is not None and watched.is_on_time and reading.interval.end < watched.end:
            if reading.seq is not None and watched.seq is not None:
                return reading.seq > watched.seq
            return is_live
        return is_paced and not watched.is_on_time

    def _is_zone_error(self, delay: timedelta, offset: timedelta, watched: _Watched) -> bool:
        """Whether a reading is late by the zone's offset; never where an instrument is that slow by nature."""
        if offset - MARGIN <= watched.on_time:
            return False
        return -MARGIN <= delay - offset <= min(watched.cadence, LONGEST_LATENCY) + MARGIN

    def _offset(self, moment: datetime) -> timedelta:
        return abs(moment.astimezone(self._zone).utcoffset() or timedelta(0))

    @staticmethod
    def _is_live(watched: _Watched, received_at: datetime) -> bool:
        """Whether about a cadence has passed since the last message, as when a station measures and sends."""
        if watched.heard_at is None:
            return False
        return watched.cadence / 2 <= received_at - watched.heard_at <= 2 * watched.cadence + MARGIN

    def _accept(
        self, watched: _Watched, reading: Reading, received_at: datetime, delay: timedelta, *, is_on_time: bool
    ) -> None:
        end = reading.interval.end
        watched.heard_at, watched.heard_end, watched.delay_s = received_at, end, delay.total_seconds()
        if watched.end is None or end > watched.end:
            watched.end, watched.is_on_time = end, is_on_time
            watched.seq = reading.seq
        if is_on_time:
            watched.steady = 0
            if watched.clock is not Clock.RIGHT:
                self._turn(watched, Clock.RIGHT, received_at)
            watched.delays.append(watched.delay_s)

    def _name_ahead(self, judged: Judged, key: tuple[str, str], watched: _Watched) -> None:
        """Give times in the future their name where they are ahead by the zone's offset."""
        received_at = judged.message.received_at
        for at, rejection in enumerate(judged.rejections):
            if rejection.reason is not RejectReason.TIME_FUTURE or rejection.interval is None:
                continue
            end = rejection.interval.end
            ahead, offset = end - received_at, self._offset(end)
            is_zone = offset > MARGIN and -min(watched.cadence, LONGEST_LATENCY) - MARGIN <= ahead - offset <= MARGIN
            self._turn(watched, Clock.WRONG_ZONE if is_zone else Clock.AHEAD, received_at)
            watched.held += 1
            watched.delays.append(-ahead.total_seconds())
            if is_zone:
                words = (
                    f"ends {end.isoformat()}, {_hours(ahead)} after reception, the zone's offset is {_hours(offset)}: "
                    "local time sent as UTC"
                )
                judged.rejections[at] = msgspec.structs.replace(
                    rejection, reason=RejectReason.CLOCK_SUSPECT, detail=words
                )
            self._changed.add(key)

    def _turn(self, watched: _Watched, clock: Clock, moment: datetime) -> None:
        if watched.clock is not clock:
            self._is_urgent |= clock in _WRONG or watched.clock in _WRONG
            watched.clock, watched.since, watched.held = clock, moment, 0
            watched.delays.clear()

    def _report(self, stations: Iterable[str], now: datetime) -> None:
        # from the database, since a finding may be of the process before this one, or of another collector
        known = {item.key: item for item in self._state.list_findings(kind=FindingKind.CLOCK)}
        for station_id in sorted(stations):
            wrong = [
                (key, watched)
                for key, watched in self._watched.items()
                if key[0] == station_id and watched.clock in _WRONG
            ]
            key = f"clock/{station_id}"
            if not wrong:
                self._reported_at.pop(key, None)
                if key in known and self._is_right_again(known[key]):
                    self._state.drop_finding(key)
                continue
            if now - self._reported_at.get(key, now - _REPORT_EVERY) >= _REPORT_EVERY:
                self._reported_at[key] = now
                self._state.report_findings([_finding(key, station_id, wrong, now)])

    def _is_right_again(self, finding: Finding) -> bool:
        """Whether every instrument that a finding names is seen right here, or is in the network file no more."""
        watched = [self._of(finding.station_id or "", name) for name in finding.facts.get("instruments", ())]
        return all(item is None or item.clock is Clock.RIGHT for item in watched)


def skew_s(delays: Iterable[float]) -> float | None:
    """Clock of an instrument minus the collector's [s], from delays; the shortest counts, since latency only adds. None: no delay."""
    shortest = min(delays, default=None)
    return None if shortest is None else -shortest


def _is_step(watched: _Watched, end: datetime) -> bool:
    """Whether the reading follows the last message by about one cadence of its own time."""
    return watched.heard_end is not None and watched.cadence / 2 <= end - watched.heard_end <= 2 * watched.cadence


def _held(reading: Reading, words: str) -> Rejection:
    return Rejection(
        RejectReason.CLOCK_SUSPECT, words, reading.station_id, reading.instrument_id, None, reading.interval
    )


def _zone_words(reading: Reading, delay: timedelta, offset: timedelta, watched: _Watched) -> str:
    went = ""
    if watched.end is not None and reading.interval.end < watched.end:
        went = f"; time went back from {watched.end.isoformat()}"
        if reading.seq is not None and watched.seq is not None:
            went += f" while the number went on from {watched.seq} to {reading.seq}"
    return (
        f"ends {reading.interval.end.isoformat()}, {_hours(delay)} before reception, the zone's offset is "
        f"{_hours(offset)}: UTC sent as local time{went}"
    )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.2f} h"


def _state_of(key: tuple[str, str], watched: _Watched) -> ClockState:
    return ClockState(
        network=watched.network,
        station_id=key[0],
        instrument_id=key[1],
        skew_s=skew_s(watched.delays),
        clock=watched.clock,
        clock_since=watched.since,
        held=watched.held,
    )


def _finding(key: str, station_id: str, wrong: list[tuple[tuple[str, str], _Watched]], now: datetime) -> Finding:
    worst = max((watched for _, watched in wrong), key=lambda item: item.held)
    facts = {
        "clock": worst.clock.value,
        "skew_s": skew_s(worst.delays),
        "held": sum(watched.held for _, watched in wrong),
        "instruments": [name for (_, name), _ in wrong],
    }
    return Finding(
        key=key,
        kind=FindingKind.CLOCK,
        station_id=station_id,
        facts=facts,
        first_at=min((watched.since for _, watched in wrong if watched.since), default=now),
        last_at=now,
    )
