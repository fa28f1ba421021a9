"""The collector's raw log, read behind the collector by a durable cursor of the watch's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

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
"""A watch without a cursor begins so long ago, so that the hours in progress are whole. Project's choice."""


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


def start_position(log: RawLog, snapshot: WatchSnapshot | None, now: datetime) -> Position:
    """Where to begin: at the snapshot, at an earlier cursor (moved back by a person), or `LOOK_BACK` ago without either."""
    cursor = log.cursor(CURSOR)
    if cursor == BEGINNING:
        return log.position_before(now - LOOK_BACK) if snapshot is None else snapshot.position
    return cursor if snapshot is None else min(cursor, snapshot.position)
