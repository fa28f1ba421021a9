"""What the watch does next to its rounds, each in a thread of its own, so that a server that hangs delays no mail: replies, dead-man's switch."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import structlog

from alerts.channels.mailbox import MailboxError
from alerts.run.reply import ReplyReader
from ingest.process.guard import describe, say
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.stream.configuration import Configuration

REPLIES_S = 5.0
"""Pause between two looks into the mailbox [s]. Project's choice."""
DEADMAN_S = 60.0
TIMEOUT_S = 10.0
JOIN_S = 5.0
_log = structlog.get_logger(__name__)


class ReplyThread:
    """Reads the mailbox of replies until stopped; does nothing where none is configured.

    Parameters
    ----------
    current : Configuration
    stop : threading.Event
    after : callable
        Called when replies changed cases.

    Attributes
    ----------
    error : str or None
        Why the mailbox cannot be read.
    """

    def __init__(self, current: Configuration, stop: threading.Event, after: Callable[[], object]) -> None:
        self.error: str | None = None
        self._current, self._stop, self._after = current, stop, after
        self._reader = ReplyReader()
        self._thread = threading.Thread(target=self._run, name="watch-replies", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end after ``stop``."""
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._current.settings.imap_url:
                self._look()
            self._stop.wait(REPLIES_S)

    def _look(self) -> None:
        try:
            found = self._reader.read(self._current.settings, self._current.people, datetime.now(UTC))
        except (MailboxError, StoreError) as error:
            self.error = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - alarmed by the rounds, tried again
            self.error = describe(error)
            say("watch_step_failed", error, step="replies")
        else:
            self.error = None
            if found.done:
                self._after()


class DeadmanThread:
    """Asks an address elsewhere every minute while the watch works; the service there alarms when it is asked no more.

    Parameters
    ----------
    url : str
        Empty: nothing is asked.
    stop : threading.Event
    complaint : callable
        Why the watch does not work; empty where it does.
    every_s : float
    """

    def __init__(
        self, url: str, stop: threading.Event, complaint: Callable[[], str], *, every_s: float = DEADMAN_S
    ) -> None:
        self._url, self._stop, self._complaint, self._every_s = url, stop, complaint, every_s
        self._thread = threading.Thread(target=self._run, name="watch-deadman", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._url:
            self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._complaint():
                self._ask()
            self._stop.wait(self._every_s)

    def _ask(self) -> None:
        try:
            httpx.get(self._url, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            # the address may hold a key: only its host is logged
            _log.warning("deadman_not_reached", host=httpx.URL(self._url).host, detail=type(error).__name__)
