"""Clocks of instruments against the collector's: skews are estimated, wrong clocks are named, and what they stamp is held.

A reading that is hours old may be valid: back-fill, a backlog that waited in the broker, a slow relay. Evidence of a wrong clock:

* its time went back by the zone's whole offset, while its number went on, or, without numbers, while it came at the live pace;
* several readings came at the live pace, each late by the same amount, and their numbers and times did not go on in step.

A delay that is stated in the network file (`delay_s`) is subtracted first. A delay that is not stated is no clock fault where
numbers and times went on in step: a relay delays, but it neither repeats nor skips.

Arrays of several readings are back-fill and never held; nor are data sets (stations without a late window). All limits here are
the project's choice. Held readings are in the quarantine as ``clock_suspect`` and can be repaired with their times moved.

Only the decoding thread touches a `ClockScreen`; what is to be stored leaves it as immutable `ClockState` (`ingest.decode.clock_report`).
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from ingest.decode.clock_track import LONGEST_LATENCY, MARGIN, STEADY_WITHIN_S, ClockTrack, skew_s
from schemas.reading import Reading, Rejection, RejectReason
from store.state import Clock, ClockState

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.decode.message import DecodedMessage
    from ingest.process.settings import CollectorSettings
    from schemas.interval import Interval
    from store.state import InstrumentState, StateStore

WRONG = frozenset({Clock.AHEAD, Clock.BEHIND, Clock.WRONG_ZONE})
_NOTE_EVERY_S = 30.0
_NONE = timedelta(0)
_TIMES = frozenset({RejectReason.TIME_FUTURE, RejectReason.TIME_LATE, RejectReason.CLOCK_SUSPECT})


class ClockScreen:
    """Screens every decoded message in log order.

    Parameters
    ----------
    settings : CollectorSettings
    state : StateStore
        Asked once, at the start, for the clocks as they were last stored.
    """

    def __init__(self, settings: CollectorSettings, state: StateStore) -> None:
        self._is_on = settings.clock_screen
        self._network = settings.stations
        self._zone = self._network.timezone
        self._tracks: dict[tuple[str, str], ClockTrack] = {}
        self._changed: set[tuple[str, str]] = set()
        self._is_urgent = False
        self._handed_over_at = 0.0
        if self._is_on:
            for item in state.instruments.list():
                self._load(item)

    def screen(self, decoded: DecodedMessage) -> None:
        """Move readings whose time cannot be true from ``readings`` to ``rejections``."""
        if not self._is_on or decoded.topic is None:
            return
        key = (decoded.topic.station_id, decoded.topic.instrument_id)
        track = self._of(*key)
        if track is None:
            return
        if decoded.rejections:
            self._name_ahead(decoded, key, track)
        reading = single_reading(decoded)
        if reading is None:
            return
        words = self._explain(track, reading, decoded.message.received_at)
        if words:
            decoded.readings.clear()
            decoded.rejections.append(_held(reading, words))
        self._changed.add(key)

    def hand_over(self) -> tuple[ClockState, ...]:
        """What has changed and is to be stored: at once where a clock went wrong or right again, else every half minute."""
        if not self._changed:
            return ()
        now = time.monotonic()
        if not self._is_urgent and now - self._handed_over_at < _NOTE_EVERY_S:
            return ()
        changed, self._changed, self._is_urgent, self._handed_over_at = self._changed, set(), False, now
        return tuple(_state_of(key, self._tracks[key]) for key in sorted(changed))

    def _load(self, state: InstrumentState) -> None:
        track = self._of(state.station_id, state.instrument_id)
        if track is None:
            return
        track.end, track.seq, track.received_at = state.last_end, state.last_seq, state.last_received_at
        track.heard_end = state.last_end
        if state.last_seq is not None and state.last_end is not None:
            track.step = (state.last_seq, state.last_end)
        if state.last_received_at is not None and state.last_end is not None:
            delay = state.last_received_at - state.last_end - track.stated
            track.delay_s = delay.total_seconds()
            track.is_on_time = track.was_on_time = delay <= track.on_time
        track.clock, track.since, track.held = state.clock, state.clock_since, state.held
        track.is_in_step = state.clock not in WRONG
        if state.skew_s is not None:
            track.delays.append(-state.skew_s)

    def _of(self, station_id: str, instrument_id: str) -> ClockTrack | None:
        key = (station_id, instrument_id)
        track = self._tracks.get(key)
        if track is None:
            station, instrument = self._network.stations.get(station_id), self._network.instruments.get(key)
            if station is None or instrument is None or station.late_window_h == 0:
                return None
            cadence, stated = timedelta(seconds=instrument.cadence_s), station.delay_of(instrument)
            track = self._tracks[key] = ClockTrack(str(instrument.network), cadence, 2 * cadence + MARGIN, stated)
        return track

    def _explain(self, track: ClockTrack, reading: Reading, received_at: datetime) -> str:
        """Why the reading is held; empty when it is accepted."""
        end = reading.interval.end
        delay = received_at - end - track.stated
        track.note_step(reading, is_on_time=delay <= track.on_time)
        if delay <= track.on_time:
            self._accept(track, reading, received_at, delay, is_on_time=True)
            return ""
        is_live = track.is_live(received_at)
        is_paced = is_live and track.is_next(end)
        is_steady = is_paced and abs(delay.total_seconds() - track.delay_s) <= STEADY_WITHIN_S
        track.steady = track.steady + 1 if is_steady else 0
        words = self._why(track, reading, delay, is_live=is_live, is_paced=is_paced)
        if not words:
            self._accept(track, reading, received_at, delay, is_on_time=False)
            return ""
        track.note_delay(received_at, end, delay)
        track.held += 1
        track.delays.append(track.delay_s)
        return words

    def _why(self, track: ClockTrack, reading: Reading, delay: timedelta, *, is_live: bool, is_paced: bool) -> str:
        end = reading.interval.end
        offset = self._offset(end)
        if track.is_zone_error(delay, offset) and track.is_zone_proven(reading, is_live=is_live, is_paced=is_paced):
            self._turn(track, Clock.WRONG_ZONE, end + delay)
            return _zone_words(reading, delay, offset, track)
        if track.is_behind(reading, delay):
            if track.clock is not Clock.WRONG_ZONE:
                self._turn(track, Clock.BEHIND, end + delay)
            return (
                f"ends {end.isoformat()}, {_hours(delay)} before reception, as each of the last {track.steady} at the "
                "live pace: the clock is behind, or the way is slow (then state delay_s in the network file)"
            )
        return ""

    def _offset(self, moment: datetime) -> timedelta:
        try:
            return abs(moment.astimezone(self._zone).utcoffset() or _NONE)
        except (OverflowError, ValueError):  # the first and last day of the calendar have no local time
            return _NONE

    def _accept(
        self, track: ClockTrack, reading: Reading, received_at: datetime, delay: timedelta, *, is_on_time: bool
    ) -> None:
        end = reading.interval.end
        track.note_delay(received_at, end, delay)
        if track.end is None or end > track.end:
            track.end, track.is_on_time = end, is_on_time
            track.seq = reading.seq
        if is_on_time:
            track.steady = 0
            if track.clock is not Clock.RIGHT:
                self._turn(track, Clock.RIGHT, received_at)
            track.delays.append(track.delay_s)

    def _name_ahead(self, decoded: DecodedMessage, key: tuple[str, str], track: ClockTrack) -> None:
        """Give times in the future their name where they are ahead by the zone's offset."""
        received_at = decoded.message.received_at
        for at, rejection in enumerate(decoded.rejections):
            if rejection.reason is not RejectReason.TIME_FUTURE or rejection.interval is None:
                continue
            end = rejection.interval.end
            ahead, offset = end - received_at, self._offset(end)
            is_zone = offset > MARGIN and -min(track.cadence, LONGEST_LATENCY) - MARGIN <= ahead - offset <= MARGIN
            self._turn(track, Clock.WRONG_ZONE if is_zone else Clock.AHEAD, received_at)
            track.held += 1
            track.delays.append(-ahead.total_seconds())
            if is_zone:
                words = (
                    f"ends {end.isoformat()}, {_hours(ahead)} after reception, the zone's offset is {_hours(offset)}: "
                    "local time sent as UTC"
                )
                decoded.rejections[at] = msgspec.structs.replace(
                    rejection, reason=RejectReason.CLOCK_SUSPECT, detail=words
                )
            self._changed.add(key)

    def _turn(self, track: ClockTrack, clock: Clock, moment: datetime) -> None:
        if track.clock is not clock:
            self._is_urgent |= clock in WRONG or track.clock in WRONG
            track.clock, track.since, track.held = clock, moment, 0
            track.delays.clear()


def single_reading(decoded: DecodedMessage) -> Reading | None:
    """The one reading of a message, whatever of its values was refused; None for back-fill, and where its time was refused.

    Where every value was refused it has none, and still shows the clock.
    """
    if not decoded.rejections:
        return decoded.readings[0] if len(decoded.readings) == 1 else None
    if len(decoded.readings) > 1 or any(item.reason in _TIMES for item in decoded.rejections):
        return None
    intervals: set[Interval] = {item.interval for item in decoded.rejections if item.interval is not None}
    intervals.update(item.interval for item in decoded.readings)
    if len(intervals) != 1 or (_is_array(decoded) and any(map(_is_whole, decoded.rejections))):
        return None
    if decoded.readings:
        return decoded.readings[0]
    topic = decoded.topic
    if topic is None:
        return None
    return Reading(topic.network, topic.station_id, topic.instrument_id, intervals.pop(), {})


def _is_array(decoded: DecodedMessage) -> bool:
    return decoded.message.payload.lstrip()[:1] == b"["


def _is_whole(rejection: Rejection) -> bool:
    """Whether something was refused that is no value of a known time: another element of an array."""
    return rejection.interval is None and rejection.parameter is None


def _held(reading: Reading, words: str) -> Rejection:
    return Rejection(
        RejectReason.CLOCK_SUSPECT, words, reading.station_id, reading.instrument_id, None, reading.interval
    )


def _zone_words(reading: Reading, delay: timedelta, offset: timedelta, track: ClockTrack) -> str:
    went = ""
    if track.end is not None and reading.interval.end < track.end:
        went = f"; time went back from {track.end.isoformat()}"
        if reading.seq is not None and track.seq is not None:
            went += f" while the number went on from {track.seq} to {reading.seq}"
    return (
        f"ends {reading.interval.end.isoformat()}, {_hours(delay)} before reception, the zone's offset is "
        f"{_hours(offset)}: UTC sent as local time{went}"
    )


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.2f} h"


def _state_of(key: tuple[str, str], track: ClockTrack) -> ClockState:
    return ClockState(
        network=track.network,
        station_id=key[0],
        instrument_id=key[1],
        skew_s=skew_s(track.delays),
        clock=track.clock,
        clock_since=track.since,
        held=track.held,
    )
