"""The collector as a program: one process takes messages in, a second one drains the raw log (docs/decisions/0002)."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from ingest.error import LockedError
from ingest.log import configure_logging
from ingest.metrics import DrainReport, Metrics
from ingest.mqtt import Subscriber
from ingest.pipeline import Drain, intake
from ingest.repair import Repairer
from ingest.share import Cover
from ingest.survey import SurveyProcess
from ingest.writer import Writer
from store.influx import InfluxStore
from store.rawlog import RawLog, free_bytes
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from ingest.settings import CollectorSettings

_STOP_S = 20.0
_RESTART_FIRST_S = 0.5
_RESTART_MAX_S = 30.0
_LOCK_POLL_S = 0.2
_log = structlog.get_logger("ingest.collector")
#: Open lock files of this process; a fork must let go of its copies, or it would hold the lock when the intake has died.
_lock_files: set[int] = set()


def collect(settings: CollectorSettings, stop: threading.Event) -> None:
    """Run the collector until ``stop`` is set.

    Raises
    ------
    LockedError
        Another collector works in the same run directory.
    IngestError, store.error.StoreError, schemas.network.NetworkFileError
        Something that a person has to mend before a start makes sense.
    """
    stations = len(settings.stations.station_list)
    settings.rawlog_dir.mkdir(parents=True, exist_ok=True)
    with _locked(settings.rawlog_dir / "intake.lock"):
        with StateStore(settings.state_url) as state:
            state.migrate()
        metrics = Metrics()
        survey = SurveyProcess(settings)
        survey.start()
        drain = DrainProcess(settings, metrics)
        drain.start()
        try:
            metrics.serve(settings.metrics_host, settings.metrics_port)
            _take_in(settings, metrics, stop, stations)
        finally:
            drain.stop()
            survey.stop()
    _log.info("stopped")


def _take_in(settings: CollectorSettings, metrics: Metrics, stop: threading.Event, stations: int) -> None:
    log = RawLog(settings.rawlog_dir, reserve_bytes=settings.disk_reserve_bytes)
    metrics.disk_free.set_function(lambda: free_bytes(settings.rawlog_dir))
    cover = Cover(settings, log, metrics) if settings.mqtt_share and settings.mqtt_cover_after_s else None

    def connection_changed(is_connected: bool) -> None:  # noqa: FBT001 - a state, not an option
        metrics.connected.set(is_connected)
        if is_connected and cover is not None:
            cover.announce()

    subscriber = Subscriber(settings, connection_changed)
    subscriber.start()
    if cover is not None:
        cover.start()
    _log.info("started", broker=settings.mqtt_url, topic=settings.subscription, stations=stations)
    try:
        intake(subscriber, log, metrics, stop)
    finally:
        if cover is not None:
            cover.close()
        subscriber.close()
        log.close()


class DrainProcess:
    """The draining process, its reports, and its restart should it ever end unasked."""

    def __init__(self, settings: CollectorSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="drain-reports", daemon=True)
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Start the process and the thread that hears it."""
        self._spawn()
        self._watcher.start()

    def stop(self) -> None:
        """Let the process finish the batch at hand and wait for it."""
        self._stopping.set()
        if self._pipe is not None:
            _send(self._pipe, None)
        self._watcher.join(_STOP_S)
        if self._process is not None:
            self._process.join(1.0)
            if self._process.is_alive():
                _log.error("drain_killed", detail=f"did not end within {_STOP_S:.0f} s; it resumes at its cursor")
                self._process.kill()
                self._process.join()

    def _spawn(self) -> None:
        # a fork starts at once, with everything imported, but is safe only while there is no other thread
        context = multiprocessing.get_context("fork" if threading.active_count() == 1 else "spawn")
        self._pipe, theirs = context.Pipe()
        ours = self._pipe
        process = context.Process(target=drain, args=(self._settings, theirs, ours), name="drain", daemon=True)  # type: ignore[attr-defined]  # both contexts have it
        process.start()
        self._process = process
        theirs.close()

    def _watch(self) -> None:
        pause_s = _RESTART_FIRST_S
        while True:
            started = time.monotonic()
            self._hear()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > _RESTART_MAX_S:
                pause_s = _RESTART_FIRST_S
            _log.error("drain_ended", exitcode=self._exit_code(), restart_in_s=pause_s)
            self._metrics.restarts.inc()
            if self._stopping.wait(pause_s):
                return
            pause_s = min(2 * pause_s, _RESTART_MAX_S)
            self._spawn()

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        self._process.join(1.0)
        return self._process.exitcode

    def _hear(self) -> None:
        """Count and log reports until the process has closed its end."""
        pipe = self._pipe
        while pipe is not None:
            try:
                report: DrainReport = pipe.recv()
            except (EOFError, OSError):
                return
            self._metrics.drained(report)
            if not report.messages:
                continue  # the lag alone, while there is nothing to do
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


def drain(settings: CollectorSettings, pipe: Connection, others: Connection) -> None:
    """Drain until told to stop or the other end of the pipe is gone (entry of the draining process)."""
    others.close()  # our copy of the other end, which would hide that the intake has died
    for descriptor in _lock_files:
        os.close(descriptor)
    _lock_files.clear()
    # a signal to the whole process group is the intake's to handle: it tells us when it has kept everything
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure_logging()
    stop = threading.Event()
    threading.Thread(target=_wait_for_end, args=(pipe, stop), daemon=True).start()
    # after a crash the drain of the former collector may still be at its last batch
    with _locked(settings.rawlog_dir / "drain.lock", wait_for=stop), StateStore(settings.state_url) as state:
        if stop.is_set():
            return
        state.quarantine_limit = settings.quarantine_max_items
        state.quarantine_limit_bytes = settings.quarantine_max_bytes
        log = RawLog(settings.rawlog_dir)
        store = InfluxStore(settings)
        work = Drain(settings, log, writer=Writer(store, stop), state=state, stop=stop)
        repair = Repairer(settings, store=store, state=state, backlog=work.backlog, stop=stop)
        try:
            repair.start()
            work.run(lambda item: _send(pipe, item))
        finally:
            repair.join()
            store.close()
            log.close()


def _wait_for_end(pipe: Connection, stop: threading.Event) -> None:
    try:
        pipe.recv()
    except (EOFError, OSError):
        pass
    finally:
        stop.set()


def _send(pipe: Connection, item: DrainReport | None) -> None:
    try:
        pipe.send(item)
    except (BrokenPipeError, OSError):
        _log.warning("other_process_gone")


@contextmanager
def _locked(path: Path, wait_for: threading.Event | None = None) -> Iterator[None]:
    """Hold a lock that ends with the process; with an event, wait for the lock until the event is set."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    _lock_files.add(descriptor)
    try:
        while not _is_locked(descriptor):
            if wait_for is None:
                msg = f"{path.parent}: another collector works here; SKYGROUND_RUN_DIR gives each its own directory"
                raise LockedError(msg)
            if wait_for.wait(_LOCK_POLL_S):
                break
        yield
    finally:
        _lock_files.discard(descriptor)
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
