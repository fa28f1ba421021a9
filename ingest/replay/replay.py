"""Messages on their way to the broker: data sets with their times kept or moved, paced, counted."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from schemas.interval import Interval, floor_hour
from schemas.message import CALIBRATION_PREFIX, parse_topic, status_topic

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from ingest.mqtt import Publisher, Sent
    from schemas.reading import Reading
    from sensors.outgoing import OutgoingMessage

DAY = timedelta(days=1)
_PROGRESS_EVERY = 200


class Shift(msgspec.Struct, frozen=True):
    """Whole days by which the times of a data set are moved, so that the hour of the day stays; readings after ``until`` are left out."""

    days: int
    until: datetime


def shift_to(last_end: datetime, now: datetime) -> Shift:
    """Shift by which a data set reaches the last full hour before ``now``.

    The smallest number of whole days after which the data reach that hour; what would then lie beyond it is left out.

    Parameters
    ----------
    last_end : datetime
        Latest end of a reading, aware.
    now : datetime
        Aware.
    """
    until = floor_hour(now)
    return Shift(-((last_end - until) // DAY), until)


def move(readings: Iterable[Reading], shift: Shift) -> Iterator[Reading]:
    """Readings with moved times, without those that would lie in the future."""
    delta = shift.days * DAY
    for reading in readings:
        interval = Interval(reading.interval.start + delta, reading.interval.end + delta)
        if interval.end <= shift.until:
            yield msgspec.structs.replace(reading, interval=interval)


def between(readings: Iterable[Reading], start: datetime | None, end: datetime | None) -> Iterator[Reading]:
    """Readings that start at ``start`` or later and end at ``end`` or before; None: no bound."""
    for reading in readings:
        if (start is None or reading.interval.start >= start) and (end is None or reading.interval.end <= end):
            yield reading


class ReplayPace:
    """Waits so that messages leave at a rate, or at their due times with time running faster.

    Parameters
    ----------
    stop : threading.Event
        Ends every wait.
    rate : float or None
        Messages per second [s⁻¹].
    speed : float or None
        Seconds of the data per second [1]; 1 with ``origin`` None is real time by the wall clock.
    origin : datetime or None
        Time of the data at which the pacing starts; None: messages leave at their due time.
    """

    def __init__(
        self,
        stop: threading.Event,
        *,
        rate: float | None = None,
        speed: float | None = None,
        origin: datetime | None = None,
    ) -> None:
        self._stop = stop
        self._rate = rate
        self._speed = speed
        self._origin = origin
        self._started = time.monotonic()
        self._count = 0

    def wait(self, message: OutgoingMessage) -> None:
        """Return when the message may leave."""
        pause_s = 0.0
        elapsed_s = time.monotonic() - self._started
        if self._rate is not None:
            pause_s = self._count / self._rate - elapsed_s
        elif self._speed is not None and self._origin is not None:
            pause_s = (message.due_at - self._origin).total_seconds() / self._speed - elapsed_s
        elif self._speed is not None:
            pause_s = (message.due_at - datetime.now(UTC)).total_seconds()
        self._count += 1
        if pause_s > 0:
            self._stop.wait(pause_s)


def publish_all(
    messages: Iterable[OutgoingMessage],
    publisher: Publisher,
    pace: ReplayPace,
    *,
    stop: threading.Event,
    progress: Callable[[int], None],
) -> Sent:
    """Publish messages as the stations would have: each instrument is online before its first and offline after its last.

    Returns
    -------
    Sent
        When everything is confirmed; also after ``stop``, of what had left by then.

    Raises
    ------
    PublishError
    """
    instruments: dict[str, str] = {}
    for count, message in enumerate(messages, 1):
        pace.wait(message)
        if stop.is_set():
            break
        if message.topic not in instruments and not message.topic.startswith(CALIBRATION_PREFIX):
            topic = parse_topic(message.topic)
            instruments[message.topic] = status_topic(topic.network, topic.station_id, topic.instrument_id)
            publisher.publish_state(instruments[message.topic], "online")
        publisher.publish(message.topic, message.payload)
        if count % _PROGRESS_EVERY == 0:
            progress(count)
    for state in instruments.values():
        publisher.publish_state(state, "offline")
    return publisher.flush()
