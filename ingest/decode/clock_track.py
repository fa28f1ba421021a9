"""What is remembered of one instrument's times, and what they prove; pure."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from store.state import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.reading import Reading

MARGIN = timedelta(minutes=10)
LONGEST_LATENCY = timedelta(hours=1)
"""Of the allowance for slow instruments when a delay is compared with the zone's offset."""
STEADY = 5
"""Readings at the live pace with one and the same delay that prove a clock behind."""
STEADY_WITHIN_S = 60.0
BEHIND_LEAST = timedelta(minutes=30)
_DELAYS = 20


class ClockTrack(msgspec.Struct):
    """Times of one instrument; ``end``, ``seq`` and ``is_on_time`` are of the newest accepted reading.

    Attributes
    ----------
    on_time : timedelta
        Longest delay that proves nothing.
    stated : timedelta
        Delay of its way to the broker that the network file states; delays are counted from there.
    step : tuple of (int, datetime) or None
        Number and end of the newest numbered message.
    is_in_step : bool
        Numbers and times have advanced together since the newest reading on time, or since the first one.
    was_on_time : bool
        Whether a reading ever came on time.
    """

    network: str
    cadence: timedelta
    on_time: timedelta
    stated: timedelta
    end: datetime | None = None
    seq: int | None = None
    is_on_time: bool = False
    received_at: datetime | None = None
    heard_end: datetime | None = None
    delay_s: float = 0.0
    steady: int = 0
    step: tuple[int, datetime] | None = None
    is_in_step: bool = True
    was_on_time: bool = False
    clock: Clock = Clock.UNKNOWN
    since: datetime | None = None
    held: int = 0
    delays: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=_DELAYS))

    def is_live(self, received_at: datetime) -> bool:
        """Whether about a cadence has passed since the last message, as when a station measures and sends."""
        if self.received_at is None:
            return False
        return self.cadence / 2 <= received_at - self.received_at <= 2 * self.cadence + MARGIN

    def is_next(self, end: datetime) -> bool:
        """Whether a reading follows the last message by about one cadence of its own time."""
        return self.heard_end is not None and self.cadence / 2 <= end - self.heard_end <= 2 * self.cadence

    def note_step(self, reading: Reading, *, is_on_time: bool) -> None:
        """Keep whether numbers and times go on together; a message from before the newest one proves nothing."""
        end, seq = reading.interval.end, reading.seq
        if is_on_time:
            self.is_in_step = self.was_on_time = True
        if seq is None:
            return
        before, self.step = self.step, (seq, end)
        if before is None or is_on_time:
            return
        if seq <= before[0] and end <= before[1]:
            self.step = before  # redelivered, or brought back
            return
        cadence_s = self.cadence.total_seconds()
        if abs((end - before[1]).total_seconds() - (seq - before[0]) * cadence_s) > cadence_s / 2:
            self.is_in_step = False

    def note_delay(self, received_at: datetime, end: datetime, delay: timedelta) -> None:
        """Keep what the pace of the next message is measured from."""
        self.received_at, self.heard_end, self.delay_s = received_at, end, delay.total_seconds()

    def is_relayed(self, reading: Reading) -> bool:
        """Whether numbers prove that a delay is one of the way: a relay neither repeats nor skips."""
        return self.is_in_step and reading.seq is not None

    def is_zone_error(self, delay: timedelta, offset: timedelta) -> bool:
        """Whether a reading is late by the zone's offset; never where an instrument is that slow by nature."""
        if offset - MARGIN <= self.on_time:
            return False
        return -MARGIN <= delay - offset <= min(self.cadence, LONGEST_LATENCY) + MARGIN

    def is_zone_proven(self, reading: Reading, *, is_live: bool, is_paced: bool) -> bool:
        """Whether such a reading is more than one that had to wait as long as the zone's offset."""
        if self.is_relayed(reading) and self.was_on_time:
            return False
        if self.clock is Clock.WRONG_ZONE and is_paced:
            return True
        if self.end is not None and self.is_on_time and reading.interval.end < self.end:
            if reading.seq is not None and self.seq is not None:
                return reading.seq > self.seq
            return is_live
        return is_paced and not self.is_on_time

    def is_behind(self, reading: Reading, delay: timedelta) -> bool:
        """Whether the delay is long, has been the same at the live pace, and is not one of the way."""
        least = max(BEHIND_LEAST, self.on_time + self.cadence / 2)
        return self.steady >= STEADY and delay > least and not self.is_relayed(reading)


def skew_s(delays: Iterable[float]) -> float | None:
    """Clock of an instrument minus the collector's [s], from delays; the shortest counts, since latency only adds. None: no delay."""
    shortest = min(delays, default=None)
    return None if shortest is None else -shortest
