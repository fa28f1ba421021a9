"""Two cursors in the raw log during a backlog: live messages go ahead, waiting messages follow.

Normally one cursor reads the log in order. When the next message has waited for long, a second cursor is opened at the end of the
log, so that live messages do not queue behind the backlog. The cursors take turns, a batch each. When the backlog reaches the
position where the live cursor began, they are joined. Both are durable: a crash repeats at most one batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.rawlog import BEGINNING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from store.rawlog import LoggedMessage, Position, RawLog

CURSOR = "drain"
"""The only cursor, or that of the backlog."""
LIVE, LIVE_FROM = "drain-live", "drain-live-from"


class DualCursor:
    """Chooses the next batch.

    Parameters
    ----------
    log : RawLog
    open_after : timedelta
        A message that has waited so long opens the live cursor; zero: never.
    """

    def __init__(self, log: RawLog, open_after: timedelta) -> None:
        self._log = log
        self._open_after = open_after
        self._read = {CURSOR: log.cursor(CURSOR)}
        self._live_from = log.cursor(LIVE_FROM)
        self._is_backlogs_turn = False
        if self.is_open:
            self._read[LIVE] = max(log.cursor(LIVE), self._live_from)

    @property
    def is_open(self) -> bool:
        """Whether live messages go ahead of a backlog."""
        return self._live_from != BEGINNING

    @property
    def cursors(self) -> dict[str, Position]:
        """Position up to which each cursor has been stored."""
        return {name: self._log.cursor(name) for name in (CURSOR, LIVE)}

    @property
    def is_backlog_read(self) -> bool:
        """Whether a backlog has been read to its end, so that the cursors can `join` once no batch is under way."""
        return self.is_open and self._read[CURSOR] >= self._live_from

    def next(self, limit: int, max_bytes: int, now: datetime) -> tuple[str, list[LoggedMessage]]:
        """Cursor and messages of the next batch; no messages at the end of the log, or when the cursors are ready to `join`."""
        if self.is_open:
            for cursor in (CURSOR, LIVE) if self._is_backlogs_turn else (LIVE, CURSOR):
                found = self._log.read(self._read[cursor], limit, max_bytes=max_bytes)
                if cursor == CURSOR:
                    found = [item for item in found if item.position <= self._live_from]
                if found:
                    self._is_backlogs_turn = cursor == LIVE
                    return self._taken(cursor, found)
            return CURSOR, []
        found = self._log.read(self._read[CURSOR], limit, max_bytes=max_bytes)
        if found and self._open_after and now - found[0].message.received_at > self._open_after:
            self._open()
        return self._taken(CURSOR, found)

    def join(self) -> bool:
        """Join the cursors where the backlog is stored; only when no batch is under way. True when joined."""
        if not self.is_open or self._log.cursor(CURSOR) < self._live_from or self._read[CURSOR] < self._live_from:
            return False
        position = max(self._log.cursor(LIVE), self._live_from)
        # in this order a crash leaves a live cursor that is joined at the next start
        self._log.advance(CURSOR, position)
        self._log.drop_cursor(LIVE_FROM)
        self._log.drop_cursor(LIVE)
        self._live_from = BEGINNING
        self._read = {CURSOR: position}
        return True

    def _open(self) -> None:
        end = self._log.end()
        self._log.advance(LIVE, end)
        self._log.advance(LIVE_FROM, end)
        self._live_from, self._read[LIVE] = end, end

    def _taken(self, cursor: str, messages: list[LoggedMessage]) -> tuple[str, list[LoggedMessage]]:
        if messages:
            self._read[cursor] = messages[-1].position
        return cursor, messages


def waiting(log: RawLog) -> int:
    """Messages kept and not yet stored, of both cursors [1]."""
    live_from = log.cursor(LIVE_FROM)
    if live_from == BEGINNING:
        return log.count_after(log.cursor(CURSOR))
    live = max(log.cursor(LIVE), live_from)
    backlog = log.count_after(log.cursor(CURSOR)) - log.count_after(live_from)
    return max(0, backlog) + log.count_after(live)
