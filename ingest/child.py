"""The processes behind the intake: the drain and the surveyor. Started before anything is imported that only they need.

A fork starts at once, with what both sides need imported, but is safe only while there is no other thread: at the start of the
collector. Restarted after an accident, a process is spawned.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from typing import TYPE_CHECKING

import structlog

from ingest.lock import let_go_of_copies
from ingest.log import configure_logging
from ingest.report import StartFailure, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from ingest.metrics import Metrics
    from ingest.report import DrainReport
    from ingest.settings import CollectorSettings

    _Started = tuple[BaseProcess, Connection]

_STOP_S = 20.0
_SURVEY_STOP_S = 10.0
_RESTART_FIRST_S = 0.5
_RESTART_MAX_S = 30.0
_our_ends: list[Connection] = []
"""Ends of pipes that are this process's."""
_log = structlog.get_logger("ingest.collector")


class DrainProcess:
    """The draining process, its reports, and its restart should it ever end unasked.

    Parameters
    ----------
    settings : CollectorSettings
    """

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._metrics: Metrics | None = None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="drain-reports", daemon=True)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._has_worked = False
        self._ended: Callable[[], object] = lambda: None
        self.failure = ""
        """Why it could not begin at all."""

    def start(self) -> None:
        """Start the process; its reports wait in the pipe until `follow`."""
        self._process, self._pipe = _start(_drain, self._settings, "drain")

    def follow(self, metrics: Metrics, end: Callable[[], object]) -> None:
        """Count its reports from a thread of their own; ``end`` is called should it not be able to begin."""
        self._metrics, self._ended = metrics, end
        self._watcher.start()

    def stop(self) -> None:
        """Let the process finish the batch at hand and wait for it."""
        self._stopping.set()
        if self._pipe is not None:
            send(self._pipe, None)
        if self._watcher.is_alive():
            self._watcher.join(_STOP_S)
        if self._process is not None:
            self._process.join(1.0 if self._metrics is not None else _STOP_S)
            if self._process.is_alive():
                _log.error("drain_killed", detail=f"did not end within {_STOP_S:.0f} s; it resumes at its cursor")
                self._process.kill()
                self._process.join()

    def _watch(self) -> None:
        pause_s = _RESTART_FIRST_S
        while True:
            started = time.monotonic()
            failure = self._hear()
            if self._stopping.is_set():
                return
            if failure and not self._has_worked:
                self.failure = failure
                self._ended()
                return
            if time.monotonic() - started > _RESTART_MAX_S:
                pause_s = _RESTART_FIRST_S
            _log.error("drain_ended", exitcode=self._exit_code(), detail=failure, restart_in_s=pause_s)
            if self._metrics is not None:
                self._metrics.restarts.inc()
            if self._stopping.wait(pause_s):
                return
            pause_s = min(2 * pause_s, _RESTART_MAX_S)
            self.start()

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        self._process.join(1.0)
        return self._process.exitcode

    def _hear(self) -> str:
        """Count and log reports until the process has closed its end; why it could not begin, if it says so."""
        pipe, failure = self._pipe, ""
        while pipe is not None:
            try:
                report: DrainReport | StartFailure = pipe.recv()
            except (EOFError, OSError):
                pipe.close()
                break
            if isinstance(report, StartFailure):
                failure = report.detail
                continue
            self._has_worked = True
            self._note(report)
        return failure

    def _note(self, report: DrainReport) -> None:
        if self._metrics is not None:
            self._metrics.drained(report)
        if not report.messages:
            return  # the lag alone, while there is nothing to do
        _log.info(
            "batch",
            messages=report.messages,
            readings=report.readings,
            values=report.values,
            rejected=report.rejected,
            retries=report.retries,
            lag=report.lag,
            decode_s=round(report.decode_s, 4),
            write_s=round(report.write_s, 4),
        )


class SurveyProcess:
    """The surveying process; ends with the one that started it."""

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start, unless switched off."""
        if self._settings.survey_every_s:
            self._process, self._pipe = _start(_survey, self._settings, "survey")

    def stop(self) -> None:
        """Let it finish the part at hand."""
        if self._pipe is not None:
            send(self._pipe, None)
        if self._process is not None:
            self._process.join(_SURVEY_STOP_S)
            if self._process.is_alive():
                self._process.kill()  # it goes on at its cursor
                self._process.join()


def _start(work: Callable[[CollectorSettings, Connection], None], settings: CollectorSettings, name: str) -> _Started:
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


def _begin(
    work: Callable[[CollectorSettings, Connection], None],
    settings: CollectorSettings,
    pipe: Connection,
    others: Connection,
) -> None:
    """Entry of either process: lets go of what is the intake's before anything else, since that may die at any moment."""
    # a signal to the whole process group is the intake's to handle: it tells us when it has kept everything
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    let_go_of_copies()
    for end in {others, *_our_ends}:  # a copy of the other end would hide that the intake has died
        end.close()
    _our_ends.clear()
    configure_logging()
    work(settings, pipe)


def _drain(settings: CollectorSettings, pipe: Connection) -> None:
    from ingest.drain import drain

    drain(settings, pipe)


def _survey(settings: CollectorSettings, pipe: Connection) -> None:
    from ingest.survey import survey

    survey(settings, pipe)
