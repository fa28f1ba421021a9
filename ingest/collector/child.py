"""The processes behind the intake: the drain and the surveyor. Started before anything is imported that only they need.

A fork starts at once, with what both sides need imported, but is safe only while there is no other thread: at the start of the
collector. Restarted after an accident, a process is spawned.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from math import inf
from typing import TYPE_CHECKING

import structlog

from ingest.process.guard import say
from ingest.process.lock import let_go_of_copies
from ingest.process.log import configure_logging
from ingest.process.report import StartFailure, send, send_if_room
from ingest.process.supervise import STEADY_S, Restarts, Worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from ingest.process.report import DrainReport
    from ingest.process.settings import CollectorSettings

    _Work = Callable[[CollectorSettings, Connection], None]

_DRAIN_STOP_S = 20.0
_HOUSEKEEPING_STOP_S = 10.0
_HOUSEKEEPING_LONGEST_S = 7_200.0
"""What a round may take [s]; the sheet of months, settled anew, takes longer and is complained about meanwhile. Project's choice."""
_our_ends: list[Connection] = []
"""Ends of pipes that are this process's."""
_log = structlog.get_logger("ingest.collector")


class Child:
    """A process that this one keeps running; it ends with this one, as its end of the pipe does.

    Parameters
    ----------
    name : str
    work : callable
        What the process does, until told to stop or until the other end of its pipe is gone.
    settings : CollectorSettings
    stop_s : float
        How long an orderly end may take [s].
    steady_s : float
        Who runs for so long has come back [s].
    silent_s : float
        Who sends nothing for so long hangs [s].
    """

    def __init__(
        self,
        name: str,
        work: _Work,
        settings: CollectorSettings,
        *,
        stop_s: float,
        steady_s: float = STEADY_S,
        silent_s: float = inf,
    ) -> None:
        self.name = name
        self._work = work
        self._settings = settings
        self._stop_s = stop_s
        self._silent_s = silent_s
        self._last_report_at = time.monotonic()
        self._stopping = threading.Event()
        self._is_requested = True
        self._restarts = Restarts(name, steady_s)
        self._problem = ""
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._watcher: Worker | None = None
        self._on_report: Callable[[DrainReport], object] = lambda _: None
        self._restarted: Callable[[str], object] = lambda _: None
        self._failed: Callable[[], object] = lambda: None
        self._has_worked = False
        self.failure = ""
        """Why it could not begin at all."""
        self.starts = 0
        """How often it was started."""

    def start(self) -> None:
        """Start the process; what it sends waits in the pipe until `follow`."""
        self._process, self._pipe = _start(self._work, self._settings, self.name)
        self._restarts.started()
        self._last_report_at = time.monotonic()
        self.starts += 1

    def follow(
        self,
        restarted: Callable[[str], object],
        *,
        on_report: Callable[[DrainReport], object] = lambda _: None,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """Hear the process from a thread of its own, and start it again when it ends.

        Parameters
        ----------
        restarted : callable
            Is given the name at each further start.
        heard : callable
            Is given the reports.
        failed : callable
            Called should the process not be able to begin at all.
        """
        self._restarted, self._on_report, self._failed = restarted, on_report, failed
        self._watcher = Worker(f"{self.name}-watcher", self._watch, self._stopping, restarted)
        self._watcher.start()

    def send_line(self, words: str) -> None:
        """Send the process what this one complains about; nothing while it is gone, or reads nothing of what it was sent."""
        if self._pipe is not None and not self._pipe.closed:
            send_if_room(self._pipe, words)

    def stop(self, *, is_requested: bool = True) -> None:
        """Let the process finish what it has in hand, and wait for it.

        Parameters
        ----------
        is_told : bool
            This process ends because it was told to, and not because it fails.
        """
        self._is_requested = is_requested
        self._stopping.set()
        self._send_end()
        if self._watcher is not None:
            self._watcher.join(self._stop_s)
        if self._process is not None:
            self._process.join(1.0 if self._watcher is not None else self._stop_s)
            self._kill(f"did not end within {self._stop_s:.0f} s; it resumes at its cursor")

    def _send_end(self) -> None:
        if self._pipe is not None and not self._pipe.closed:
            send(self._pipe, None if self._is_requested else StartFailure("the intake fails"))

    def complaint(self) -> str:
        """Why it is not believed to be well; empty while it is."""
        watcher = "" if self._watcher is None else self._watcher.complaint()
        return self._restarts.complaint() or self._problem or watcher or self._silence()

    def _silence(self) -> str:
        silent_s = time.monotonic() - self._last_report_at
        return f"{self.name}: nothing heard for {silent_s // 60:.0f} min" if silent_s > self._silent_s else ""

    def _watch(self) -> None:
        while True:
            failure = self._receive()
            if self._stopping.is_set():
                return
            if failure and not self._has_worked:
                self.failure = failure
                self._failed()
                self._stopping.wait()
                return
            why = f"{failure or 'ended'}, {self._how_it_ended()}"
            self._problem = ""
            if self._stopping.wait(self._restarts.ended(why)):
                return
            self._restarted(self.name)
            self.start()
            if self._stopping.is_set():  # told meanwhile: the new one does not know
                self._send_end()

    def _receive(self) -> str:
        """Pass on what the process sends until it has closed its end; why it could not begin, if it says so."""
        pipe, failure = self._pipe, ""
        while pipe is not None and not pipe.closed:
            try:
                item = pipe.recv()
                self._last_report_at = time.monotonic()
            except (EOFError, OSError):
                pipe.close()
                break
            if isinstance(item, StartFailure):
                failure = item.detail
            elif isinstance(item, str):
                self._problem = f"{self.name}: {item}" if item else ""
            else:
                self._has_worked = True
                self._count(item)
        return failure

    def _count(self, report: DrainReport) -> None:
        try:
            self._on_report(report)
        except Exception as error:  # noqa: BLE001 - a report that cannot be counted is no reason to go deaf
            say("report_failed", error, worker=self.name)

    def _how_it_ended(self) -> str:
        if self._process is None:
            return "never started"
        self._process.join(1.0)
        self._kill("has closed its pipe and is still there")
        return f"exit status {self._process.exitcode}"

    def _kill(self, why: str) -> None:
        if self._process is not None and self._process.is_alive():
            _log.error("killed", worker=self.name, detail=why)
            self._process.kill()
            self._process.join()


def drain_process(settings: CollectorSettings) -> Child:
    """The draining process."""
    return Child("drain", _drain, settings, stop_s=_DRAIN_STOP_S)


def housekeeping_process(settings: CollectorSettings) -> Child:
    """The surveying process, which fails in its rounds, if it does."""
    every_s = settings.survey_every_s
    silent_s = 2 * every_s + _HOUSEKEEPING_LONGEST_S
    return Child(
        "survey", _housekeeping, settings, stop_s=_HOUSEKEEPING_STOP_S, steady_s=1.5 * every_s, silent_s=silent_s
    )


def _start(work: _Work, settings: CollectorSettings, name: str) -> tuple[BaseProcess, Connection]:
    """A process that does ``work``, and our end of its pipe."""
    context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
    ours, theirs = context.Pipe()
    _our_ends[:] = [ours, *(end for end in _our_ends if not end.closed)]
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # both contexts have it
        target=_begin, args=(work, settings, theirs, ours), name=name, daemon=True
    )
    process.start()
    theirs.close()
    return process, ours


def _begin(work: _Work, settings: CollectorSettings, pipe: Connection, others: Connection) -> None:
    """Entry of either process: lets go of what is the intake's before anything else, since that may die at any moment."""
    # a signal to the whole process group is the intake's to handle: it tells us when it has kept everything
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    let_go_of_copies()
    for end in {others, *_our_ends}:  # a copy of the other end would hide that the intake has died
        end.close()
    _our_ends.clear()
    configure_logging()
    work(settings, pipe)


def _drain(settings: CollectorSettings, pipe: Connection) -> None:
    from ingest.collector.drain import drain

    drain(settings, pipe)


def _housekeeping(settings: CollectorSettings, pipe: Connection) -> None:
    from ingest.collector.housekeeping import housekeeping

    housekeeping(settings, pipe)
