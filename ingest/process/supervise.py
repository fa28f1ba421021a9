"""Restarts processes and threads after growing pauses; restarts are counted, and repeated ones reported as a problem.

Threads are kept by a `Worker`, processes by `ingest.collector.child`. A complaint (`ingest.process.complaint`) goes to the state
database with the heartbeat (`ingest.process.heartbeat_thread`).
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from ingest.process.complaint import complaint
from ingest.process.guard import describe, say

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
STEADY_S = 60.0
"""Running for so long counts as recovered."""
PATIENCE = 3
"""Ends in a row after which a problem is reported. Project's choice."""
_log = structlog.get_logger("ingest.supervise")


class Restarts:
    """Counts unexpected ends of one process or thread; running for ``steady_s`` [s] counts as recovered."""

    def __init__(self, name: str, steady_s: float = STEADY_S) -> None:
        self.name = name
        self._steady_s = steady_s
        self._ends = 0
        self._why = ""
        self._started_at: float | None = None

    def started(self) -> None:
        """Note a start."""
        self._started_at = time.monotonic()

    def ended(self, why: str) -> float:
        """Note an end; how long to wait before the next start [s]."""
        if self._is_steady():
            self._ends = 0
        self._started_at, self._why = None, why
        self._ends += 1
        pause_s: float = min(PAUSE_FIRST_S * 2 ** min(self._ends - 1, 16), PAUSE_MAX_S)
        _log.error("ended_unasked", worker=self.name, detail=why, times=self._ends, again_in_s=pause_s)
        return pause_s

    def complaint(self) -> str:
        """What is wrong with it; empty where nothing is."""
        if self._ends < PATIENCE or self._is_steady():
            return ""
        return complaint("worker", "restarts", name=self.name, times=self._ends, why=self._why)

    def _is_steady(self) -> bool:
        return self._started_at is not None and time.monotonic() - self._started_at >= self._steady_s


class Worker:
    """A thread that is restarted after every exception until it is stopped.

    Parameters
    ----------
    name : str
    run : callable
        Returns when ``stop`` is set; called again when it raises or returns before.
    stop : threading.Event
    restarted : callable
        Called with the name at each restart.
    """

    def __init__(
        self, name: str, run: Callable[[], object], stop: threading.Event, restarted: Callable[[str], object]
    ) -> None:
        self._run = run
        self._stop = stop
        self._restarted = restarted
        self._restarts = Restarts(name)
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread after ``stop``."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def complaint(self) -> str:
        """What is wrong with the thread; empty where nothing is, or before it was started."""
        if self._thread.ident is not None and not self._thread.is_alive() and not self._stop.is_set():
            return complaint("worker", "gone", name=self._restarts.name)
        return self._restarts.complaint()

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._restarts.started()
            why = "returned"
            try:
                self._run()
            except Exception as error:  # noqa: BLE001 - the thread is restarted after any exception
                why = describe(error)
                say("worker_failed", error, worker=self._restarts.name)
            if self._stop.is_set():
                return
            if self._stop.wait(self._restarts.ended(why)):
                return
            self._restarted(self._restarts.name)
