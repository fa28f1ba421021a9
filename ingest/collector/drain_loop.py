"""The loop of the drain: one thread decodes a batch while another stores the batch before it."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from ingest.backlog.attempt import DEATHS, Attempts
from ingest.backlog.disk import DiskWatch
from ingest.backlog.dual_cursor import waiting
from ingest.bookkeeping import Steps
from ingest.correction.shared_points import SharedPoints
from ingest.process.report import DrainReport
from ingest.process.retry import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.pipeline import DecodedBatch, Pipeline

    _Report = Callable[[DrainReport], None]
    _Pending = Future[DrainReport | None]

_SHARED_POINTS_EVERY_S = 20.0
_SHARED_POINTS_BACK = timedelta(minutes=10)
"""How far back points of a share group are settled again: each collector looks several times. Project's choice."""
_log = structlog.get_logger("ingest.pipeline")


class Drain:
    """Runs a `Pipeline` until its writer is stopped; the batch at hand is stored before."""

    def __init__(self, path: Pipeline) -> None:
        self.path = path
        self.caught = path.caught
        self.complaint = path.complaint
        self._settings = path.settings
        self._stop = path.writer.stop
        self._steps = Steps(self.caught, _log)
        self._disk = DiskWatch(path.settings, path.state)
        self._shared = (
            SharedPoints(path.settings, path.writer.store, path.state, path.overwrites.origins)
            if path.settings.mqtt_share
            else None
        )
        self._shared_at = 0.0

    def run(self, report: _Report) -> None:
        """Drain until stopped; ``report`` is given what became of every batch."""
        attempts = Attempts(self._settings.rawlog_dir / "drain.attempt", self.path.cursors.cursors)
        if attempts.deaths >= DEATHS:
            self._go_one_by_one(attempts, report)
        self._loop(report)
        attempts.close()

    def backlog(self) -> int:
        """Messages kept and not yet stored [1]."""
        return waiting(self.path.log)

    def _go_one_by_one(self, attempts: Attempts, report: _Report) -> None:
        """Process the messages that may have been in hand at the last deaths singly: at most two batches of each cursor."""
        most = min(self.backlog(), 4 * self._settings.drain_batch)
        _log.error("one_at_a_time", deaths=attempts.deaths, messages=most)
        try:
            # what does not depend on the message must not happen with one in hand
            self.path.prepare()
        except StoppedError:
            return
        for _ in range(most):
            batch = None if self._stop.is_set() else self.path.decode_next(attempts)
            if batch is None:
                return
            outcome = self.path.store(batch)
            if outcome is not None:
                report(outcome)

    def _loop(self, report: _Report) -> None:
        pending: _Pending | None = None
        with ThreadPoolExecutor(1, "settle") as pool:
            while not self._stop.is_set():
                self.path.writer.alive()
                self._steps("disk", lambda: self._disk.look(datetime.now(UTC)))
                if pending is not None and self.path.cursors.is_backlog_read:
                    _forward(pending, report)
                    pending = None
                    self._join()
                batch = self.path.decode_next()
                _forward(pending, report)
                pending = None if batch is None else pool.submit(self.path.store, batch)
                if batch is None:
                    self._join()
                    _forward(pool.submit(self._idle), report)
                self._pause_after(batch)
            _forward(pending, report)
            pool.submit(self.path.bookkeeping.close).result()

    def _pause_after(self, batch: DecodedBatch | None) -> None:
        is_short = batch is None or len(batch.decoded) < self._settings.drain_batch // 8
        if is_short and (batch is None or not self.path.cursors.is_open):
            self._stop.wait(self._settings.drain_idle_ms / 1_000)

    def _idle(self) -> DrainReport | None:
        """Work of the storing thread while there is nothing to read and no batch under way."""
        bookkeeping = self.path.bookkeeping
        bookkeeping.look()
        if time.monotonic() - self._shared_at >= _SHARED_POINTS_EVERY_S:
            bookkeeping.attempt("reconcile", self.settle_shared_points)
        # the last batch may have counted what came behind it, or nothing at all
        lag = self.path.lag.measure() if self.path.lag.last != 0 else None
        errors, restarts = bookkeeping.take_errors(), self.caught.take_restarts()
        if lag is None and not errors and not restarts:
            return None
        return DrainReport(lag=lag, errors=errors, restarts=restarts)

    def settle_shared_points(self) -> None:
        """Settle points again about which several collectors of the share group hold messages; outside a group nothing."""
        self._shared_at = time.monotonic()
        if self._shared is None:
            return
        outcome = self._shared.settle(datetime.now(UTC) - _SHARED_POINTS_BACK)
        self.path.writer.write(outcome.readings)

    def _join(self) -> None:
        def join() -> None:
            if self.path.cursors.join():
                _log.info("caught_up")

        self._steps("join", join)


def _forward(pending: _Pending | None, report: _Report) -> None:
    """Wait for a batch that is being stored, and report it."""
    outcome = None if pending is None else pending.result()
    if outcome is not None:
        report(outcome)
