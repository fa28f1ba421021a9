"""What the watch does next to its rounds, each in a thread of its own, so that nothing of it delays a mail.

Here: replies and the dead-man's switch. Stored hours: `alerts.stream.stored_hours`.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import structlog

from alerts.channels.mailbox import MailboxError
from alerts.run.evaluation import EvaluationError
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


class BackgroundThread:
    """Work that is looked for again and again until stopped. An error is kept for the rounds, which alarm, and the work is tried again.

    Parameters
    ----------
    name : str
    stop : threading.Event
    pause_s : float
        Between two looks [s].

    Attributes
    ----------
    errors : dict of str to str
        Why a step failed when it was done last, by step; a step that went well has none.
    """

    def __init__(self, name: str, stop: threading.Event, pause_s: float) -> None:
        self.errors: dict[str, str] = {}
        self._stop, self._pause_s = stop, pause_s
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end after ``stop``, for `JOIN_S` at most: what is under way then ends with the process, and loses nothing."""
        self._thread.join(JOIN_S)

    def look(self) -> None:
        """Do what is due."""
        raise NotImplementedError

    def attempt(self, step: str, work: Callable[[], object]) -> bool:
        """Do a step, and keep its error; whether it is done (parts of it may have raised: they would again)."""
        try:
            work()
        except EvaluationError as error:  # each part that raised is in the log
            self.errors = self.errors | {step: str(error)}
        except (MailboxError, StoreError) as error:
            self.errors = self.errors | {step: f"{type(error).__name__}: {error}"}
            return False
        except Exception as error:  # noqa: BLE001 - alarmed by the rounds, tried again
            self.errors = self.errors | {step: describe(error)}
            say("watch_step_failed", error, step=step)
            return False
        else:
            self.errors = {name: why for name, why in self.errors.items() if name != step}
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(self._pause_s)


class ReplyThread(BackgroundThread):
    """Reads the mailbox of replies; does nothing where none is configured.

    Parameters
    ----------
    current : Configuration
    stop : threading.Event
    after : callable
        Called when replies changed cases.
    pause_s : float
    """

    def __init__(
        self, current: Configuration, stop: threading.Event, after: Callable[[], object], *, pause_s: float = REPLIES_S
    ) -> None:
        super().__init__("watch-replies", stop, pause_s)
        self._current, self._after = current, after
        self._reader = ReplyReader()

    def look(self) -> None:
        """Read the mailbox once."""
        if self._current.settings.imap_url:
            self.attempt("replies", self._read)

    def _read(self) -> None:
        found = self._reader.read(self._current.settings, self._current.people, datetime.now(UTC))
        if found.done:
            self._after()


class DeadmanThread(BackgroundThread):
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
        super().__init__("watch-deadman", stop, every_s)
        self._url, self._complaint = url, complaint

    def look(self) -> None:
        """Ask once, where the watch works."""
        if not self._url or self._complaint():
            return
        try:
            httpx.get(self._url, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            # the address may hold a key: only its host is logged
            _log.warning("deadman_not_reached", host=httpx.URL(self._url).host, detail=type(error).__name__)
