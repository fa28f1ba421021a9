"""The child processes of the intake: drain and housekeeping, forked before the imports that only they need.

A fork starts at once with the shared imports done, but is safe only while there is one thread: at the start of the collector.
A restarted process is spawned. Decision 0014 gives the reason why supervisor does not keep them.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import structlog

from ingest.process.complaint import complaint
from ingest.process.guard import say
from ingest.process.lock import close_inherited_locks
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
"""Longest round without a problem report [s]; reconciling months again takes longer and is reported. Project's choice."""
_our_ends: list[Connection] = []
"""This process's ends of pipes."""
_log = structlog.get_logger("ingest.collector")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a process may take [s].

    Attributes
    ----------
    stop_s : float
        To end in order.
    steady_s : float
        Running for so long counts as recovered.
    silent_s : float
        A process that sends nothing for so long hangs.
    """

    stop_s: float
    steady_s: float = STEADY_S
    silent_s: float = inf


class Child:
    """A process that this one keeps running; it ends when this one does, since the pipe closes.

    Parameters
    ----------
    work : callable
        Work of the process, until stopped or until the other end of its pipe is closed.
    """

    def __init__(self, name: str, work: _Work, settings: CollectorSettings, patience: Patience) -> None:
        self.name = name
        self._work = work
        self._settings = settings
        self._patience = patience
        self._last_report_at = time.monotonic()
        self._stopping = threading.Event()
        self._is_requested = True
        self._restarts = Restarts(name, patience.steady_s)
        self._problem = ""
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._watcher: Worker | None = None
        self._on_report: Callable[[DrainReport], object] = lambda _: None
        self._restarted: Callable[[str], object] = lambda _: None
        self._failed: Callable[[], object] = lambda: None
        self._has_worked = False
        self.failure = ""
        """Why it could not begin."""
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
        """Read reports in a thread and restart the process when it ends.

        ``restarted`` is called with the name at each restart, ``on_report`` with each report, ``failed`` when it cannot begin.
        """
        self._restarted, self._on_report, self._failed = restarted, on_report, failed
        self._watcher = Worker(f"{self.name}-watcher", self._watch, self._stopping, restarted)
        self._watcher.start()

    def send_line(self, words: str) -> None:
        """Send the process the intake's problems; dropped while it is gone or does not read."""
        if self._pipe is not None and not self._pipe.closed:
            send_if_room(self._pipe, words)

    def stop(self, *, is_requested: bool = True) -> None:
        """End the process after the batch at hand, and wait for it.

        Parameters
        ----------
        is_requested : bool
            This process ends in order, not because of a failure.
        """
        self._is_requested = is_requested
        self._stopping.set()
        self._send_end()
        if self._watcher is not None:
            self._watcher.join(self._patience.stop_s)
        if self._process is not None:
            self._process.join(1.0 if self._watcher is not None else self._patience.stop_s)
            self._kill(f"did not end within {self._patience.stop_s:.0f} s; it resumes at its cursor")

    def _send_end(self) -> None:
        if self._pipe is not None and not self._pipe.closed:
            send(self._pipe, None if self._is_requested else StartFailure("the intake fails"))

    def complaint(self) -> str:
        """What is wrong with it; empty where nothing is."""
        watcher = "" if self._watcher is None else self._watcher.complaint()
        return self._restarts.complaint() or self._problem or watcher or self._silence()

    def _silence(self) -> str:
        silent_s = time.monotonic() - self._last_report_at
        return (
            complaint("worker", "silent", lasts_s=silent_s, name=self.name)
            if silent_s > self._patience.silent_s
            else ""
        )

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
            if self._stopping.is_set():  # requested meanwhile: the new process has not received it
                self._send_end()

    def _receive(self) -> str:
        """Pass on reports until the process closes its end; the reason where it could not begin."""
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
                self._problem = item
            else:
                self._has_worked = True
                self._count(item)
        return failure

    def _count(self, report: DrainReport) -> None:
        try:
            self._on_report(report)
        except Exception as error:  # noqa: BLE001 - a report that cannot be counted must not stop the reading
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
    return Child("drain", _drain, settings, Patience(stop_s=_DRAIN_STOP_S))


def housekeeping_process(settings: CollectorSettings) -> Child:
    """The housekeeping process; its failures are those of its rounds."""
    every_s = settings.survey_every_s
    silent_s = 2 * every_s + _HOUSEKEEPING_LONGEST_S
    patience = Patience(stop_s=_HOUSEKEEPING_STOP_S, steady_s=1.5 * every_s, silent_s=silent_s)
    return Child("survey", _housekeeping, settings, patience)


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
    """Entry of either process: first closes what belongs to the intake, which may die at any moment."""
    # the intake handles signals to the process group: it ends its children once it has kept everything
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    close_inherited_locks()
    for end in {others, *_our_ends}:  # an open copy of the other end would hide the intake's death
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
