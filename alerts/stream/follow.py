"""The collector's raw log, read behind the collector by a durable cursor of the watch's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ingest.decode.clock import ClockScreen
from ingest.decode.message import decode_and_validate, set_aside
from ingest.process.settings import CollectorSettings
from store.rawlog import BEGINNING

if TYPE_CHECKING:
    from alerts.stream.snapshot import WatchSnapshot
    from ingest.decode.message import DecodedMessage
    from store.rawlog import Position, RawLog
    from store.settings import SharedSettings
    from store.state import StateStore

CURSOR = "watch"
LOOK_BACK = timedelta(hours=2)
"""A watch begins at most so long ago, so that the hours in progress are whole; what lies before is left to the pass over stored values. Project's choice."""
MOST_BEHIND = 60_000
"""Messages at most that are read before the present ones [1]: about ten seconds of work. Project's choice."""
_LEAST_BACK = timedelta(minutes=1)


def collector_settings(settings: SharedSettings) -> CollectorSettings:
    """Settings of the collector whose log is read: shared values as given, its own from the environment."""
    return CollectorSettings(_env_file=settings.run_dir / "settings.env", **settings.model_dump())


class LogFollower:
    """Messages behind a position, through the collector's own checks.

    Parameters
    ----------
    settings : CollectorSettings
    log : RawLog
        Written by the collector.
    state : StateStore
        Asked once for the clocks of the instruments.
    position : Position
        Of the last message that was taken.
    """

    def __init__(self, settings: CollectorSettings, log: RawLog, state: StateStore, position: Position) -> None:
        self.position = position
        self._settings = settings
        self._log = log
        self._clock = ClockScreen(settings, state)

    def next(self, limit: int) -> list[DecodedMessage]:
        """The next messages, at most ``limit``; none at the end of the log. Readings of a wrong clock are among the rejections."""
        logged = self._log.read(self.position, limit, max_bytes=self._settings.drain_batch_bytes)
        found = [decode_and_validate(item.message, self._settings) for item in logged]
        for item in found:
            try:
                self._clock.screen(item)
            except Exception as error:  # noqa: BLE001 - costs this message, nothing else
                set_aside(item, error)
        if logged:
            self.position = logged[-1].position
        return found


class Start(NamedTuple):
    """Where a watch begins, and whether it left out messages that it has not read."""

    position: Position
    is_ahead: bool = False


def start_of(log: RawLog, snapshot: WatchSnapshot | None, now: datetime) -> Start:
    """Begin at the snapshot or at an earlier cursor (moved back by a person), but no earlier than `newest_part`, and there without either."""
    cursor, newest = log.cursor(CURSOR), newest_part(log, now)
    known = cursor
    if snapshot is not None:
        known = snapshot.position if cursor == BEGINNING else min(cursor, snapshot.position)
    return Start(newest, is_ahead=known != BEGINNING) if known < newest else Start(known)


def newest_part(log: RawLog, now: datetime) -> Position:
    """Where the last `LOOK_BACK` of the log begin, or a shorter time with no more than `MOST_BEHIND` messages."""
    span = LOOK_BACK
    position = log.position_before(now - span)
    while span > _LEAST_BACK and log.count_after(position) > MOST_BEHIND:
        span /= 2
        position = log.position_before(now - span)
    return position
