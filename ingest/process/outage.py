"""Outages of what a process needs: logged at once and then every half minute, a problem after two minutes."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from ingest.process.complaint import complaint

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

PAUSE_S = 1.0
COMPLAIN_AFTER_S = 120.0
"""An outage of this length is a problem [s]. Project's choice."""
SAY_AGAIN_S = 30.0


class Outage:
    """An outage that lasts; most failed attempts are not logged, since there is one a second.

    Parameters
    ----------
    log : FilteringBoundLogger
    resumed : str
        Event logged at its end.
    """

    def __init__(self, log: FilteringBoundLogger, resumed: str = "resumed") -> None:
        self._log = log
        self._resumed = resumed
        self._event = self._detail = ""
        self._began = 0.0
        self._said_at = -inf

    def say(self, event: str, **facts: object) -> None:
        """Note a failed attempt; logged where it is the first, differs from the last, or every half minute."""
        now = time.monotonic()
        self._detail = str(facts.get("detail", ""))
        if not self._event:
            self._began = now
        if event != self._event or now - self._said_at >= SAY_AGAIN_S:
            self._event, self._said_at = event, now
            self._log.error(event, waiting_s=round(now - self._began), **facts)

    def complaint(self) -> str:
        """The outage, its length and its detail; empty without one, or where it is short."""
        event, lasts_s = self._event, time.monotonic() - self._began
        if not event or lasts_s < COMPLAIN_AFTER_S:
            return ""
        return complaint("outage", event, lasts_s=lasts_s, detail=self._detail)

    def end(self) -> bool:
        """Note a success; True where it ends an outage."""
        if not self._event:
            return False
        self._log.warning(self._resumed, after=self._event, waited_s=round(time.monotonic() - self._began, 1))
        self._event, self._said_at = "", -inf
        return True


class RateLimitedLog:
    """Log lines that clients can cause: a bounded number each half minute, then the number left out.

    Parameters
    ----------
    log : FilteringBoundLogger
    most : int
        Lines each half minute [1].
    """

    def __init__(self, log: FilteringBoundLogger, most: int = 20) -> None:
        self._log = log
        self._most = most
        self._began = -inf
        self._said = self._left_out = 0

    def info(self, event: str, **facts: object) -> None:
        """Write a line, or count it."""
        if self._has_room(event):
            self._log.info(event, **facts)

    def warning(self, event: str, **facts: object) -> None:
        """Write a warning, or count it."""
        if self._has_room(event):
            self._log.warning(event, **facts)

    def _has_room(self, event: str) -> bool:
        now = time.monotonic()
        if now - self._began >= SAY_AGAIN_S:
            if self._left_out:
                self._log.warning("lines_left_out", lines=self._left_out, next=event)
            self._began, self._said, self._left_out = now, 0, 0
        has_room = self._said < self._most
        self._said += has_room
        self._left_out += not has_room
        return has_room
