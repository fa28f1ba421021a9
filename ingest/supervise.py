"""Nothing that runs for long ends unnoticed: processes and threads are started again after growing pauses, counted, and complained about.

A complaint is one line of words; empty means that all is well. Who owns the workers passes it on (`ingest.vital`).
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog

from ingest.guard import describe, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

PAUSE_FIRST_S = 0.5
PAUSE_MAX_S = 30.0
STEADY_S = 60.0
"""Who runs for so long has come back."""
PATIENCE = 3
"""Ends in a row that are complained about. Project's choice."""
_log = structlog.get_logger("ingest.supervise")


class Restarts:
    """How often something ended unasked, how long to wait before it is started again, and whether it has come back.

    Parameters
    ----------
    name : str
    steady_s : float
        Who runs for so long has come back [s].
    """

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
        """Why it is not believed to be well; empty while it is."""
        if self._ends < PATIENCE or self._is_steady():
            return ""
        return f"{self.name} ended {self._ends} times in a row, last: {self._why}"

    def _is_steady(self) -> bool:
        return self._started_at is not None and time.monotonic() - self._started_at >= self._steady_s


class Worker:
    """A thread that runs until it is told to stop, whatever it raises.

    Parameters
    ----------
    name : str
    run : callable
        Returns when ``stop`` is set; called again when it raises or returns before.
    stop : threading.Event
    restarted : callable
        Is given the name at each further start.
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
        """Why the thread is not believed to be well; empty while it is, or before it was started."""
        if self._thread.ident is not None and not self._thread.is_alive() and not self._stop.is_set():
            return f"the thread {self._restarts.name} is gone"
        return self._restarts.complaint()

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._restarts.started()
            why = "returned"
            try:
                self._run()
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on
                why = describe(error)
                say("worker_failed", error, worker=self._restarts.name)
            if self._stop.is_set():
                return
            if self._stop.wait(self._restarts.ended(why)):
                return
            self._restarted(self._restarts.name)


class Child:
    """A process that this one keeps running; it ends with this one, as its end of the pipe does.

    Parameters
    ----------
    name : str
    target : callable
        Called in the process with ``settings``, its end of the pipe and a copy of the other end, which it closes at once.
    settings : object
    heard : callable
        Is given what the process sends; what is a string is a complaint of its own, and is kept.
    restarted : callable
        Is given the name at each further start.
    stop_s : float
        How long an orderly end may take [s].
    steady_s : float
        Who runs for so long has come back [s].
    """

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        name: str,
        target: Callable[[Any, Connection, Connection], None],
        settings: object,
        *,
        heard: Callable[[Any], object],
        restarted: Callable[[str], object],
        stop_s: float,
        steady_s: float = STEADY_S,
    ) -> None:
        self.name = name
        self._target = target
        self._settings = settings
        self._heard = heard
        self._restarted = restarted
        self._stop_s = stop_s
        self._stopping = threading.Event()
        self._restarts = Restarts(name, steady_s)
        self._own = ""
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._watcher = Worker(f"{name}-watcher", self._watch, self._stopping, restarted)

    def start(self) -> None:
        """Start the process; `watch` it once every process is started, since a fork is safe only while there is no thread."""
        context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(  # type: ignore[attr-defined]  # both contexts have it
            target=self._target, args=(self._settings, theirs, self._pipe), name=self.name, daemon=True
        )
        self._process.start()
        self._restarts.started()
        theirs.close()

    def watch(self) -> None:
        """Hear the process from now on, and start it again when it ends."""
        self._watcher.start()

    def stop(self) -> None:
        """Let the process finish what it has in hand, and wait for it."""
        self._stopping.set()
        if self._pipe is not None:
            send(self._pipe, None)
        self._watcher.join(self._stop_s)
        if self._process is not None:
            self._process.join(1.0)
            self._kill("killed")

    def complaint(self) -> str:
        """Why it is not believed to be well; empty while it is."""
        return self._restarts.complaint() or self._own or self._watcher.complaint()

    def _watch(self) -> None:
        while True:
            self._hear()
            if self._stopping.is_set():
                return
            self._own = ""
            if self._stopping.wait(self._restarts.ended(self._how_it_ended())):
                return
            self._restarted(self.name)
            self.start()

    def _hear(self) -> None:
        """Pass on what the process sends until its end of the pipe is closed."""
        pipe = self._pipe
        while pipe is not None:
            try:
                item = pipe.recv()
            except (EOFError, OSError):
                return
            if isinstance(item, str):
                self._own = f"{self.name}: {item}" if item else ""
                continue
            try:
                self._heard(item)
            except Exception as error:  # noqa: BLE001 - a report that cannot be counted is no reason to go deaf
                say("report_failed", error, worker=self.name)

    def _how_it_ended(self) -> str:
        if self._process is None:
            return "never started"
        self._process.join(1.0)
        self._kill("process_without_pipe")
        return f"exit status {self._process.exitcode}"

    def _kill(self, event: str) -> None:
        if self._process is not None and self._process.is_alive():
            _log.error(
                event, worker=self.name, detail=f"did not end within {self._stop_s:.0f} s; it resumes at its cursor"
            )
            self._process.kill()
            self._process.join()


def send(pipe: Connection, item: object) -> None:
    """Send; nothing where the other process is gone."""
    try:
        pipe.send(item)
    except (BrokenPipeError, OSError):
        _log.warning("other_process_gone")


def wait_for_end(pipe: Connection, stop: threading.Event) -> None:
    """Set ``stop`` when the other end says so or is gone."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        pass
    finally:
        stop.set()
