"""The thread of the watch that follows the raw log; mails and stored hours, which take seconds, hold it up nowhere."""

from __future__ import annotations

import gc
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from alerts.rules.baseline import Baselines
from alerts.stream.follow import collector_settings
from alerts.stream.reader import BATCH, StreamReader
from ingest.process.guard import describe, say
from ingest.process.lock import locked
from store.error import StoreError
from store.rawlog import RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.stream.configuration import Configuration
    from alerts.stream.reader import StepDone

IDLE_S = 0.075
"""Pause at the end of the log [s]."""
RETRY_S = 2.0
JOIN_S = 10.0
STEP = "stream"
_ERRORS_SHOWN = 3
_COLLECT_AFTER = (50_000, 20, 50)
"""As of the drain (`ingest.collector.drain`): a batch makes thousands of containers without cycles."""


class StreamThread:
    """Follows the log until stopped; where it fails it begins again at its snapshot.

    Parameters
    ----------
    current : Configuration
        Renewed by another thread.
    stop : threading.Event
    after : callable
        Called with the number of transitions that were stored.

    Attributes
    ----------
    baselines : Baselines
        To be filled by another thread.
    on_left : callable
        Called when something was left to the pass over stored values, which is then to be done at once.
    on_caught_up : callable
        Called at the end of a backlog; returns when that pass is done, or has taken too long.
    errors : dict of str to str
        By the step ``stream``: why it fails, or which rules raised in the last step that found something.
    """

    def __init__(self, current: Configuration, stop: threading.Event, after: Callable[[int], object]) -> None:
        self.baselines = Baselines()
        self.errors: dict[str, str] = {}
        self._current, self._stop, self._after = current, stop, after
        self.on_left: Callable[[], object] = lambda: None
        self.on_caught_up: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="watch-stream", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end after ``stop``: the last snapshot is written."""
        self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except StoreError as error:
                self.errors = {STEP: f"{type(error).__name__}: {error}"}
            except Exception as error:  # noqa: BLE001 - logged, alarmed by the rounds, tried again
                self.errors = {STEP: describe(error)}
                say("watch_step_failed", error, step=STEP)
            self._stop.wait(RETRY_S)

    def _follow(self) -> None:
        directory = collector_settings(self._current.settings).rawlog_dir
        with ExitStack() as ends:
            log = RawLog(directory)
            ends.callback(log.close)
            ends.enter_context(locked(directory / "watch.lock", wait_for=self._stop, owner="watch"))
            if self._stop.is_set():
                return
            state = ends.enter_context(StateStore(self._current.settings.state_url))
            state.migrate()
            reader = StreamReader(self._current, log, state, self.baselines, datetime.now(UTC))
            self.errors = {}
            gc.set_threshold(*_COLLECT_AFTER)
            while not self._stop.is_set():
                done = reader.step(datetime.now(UTC))
                self._report(done)
                if done.messages < BATCH:
                    self._stop.wait(IDLE_S)
            reader.keep()

    def _report(self, done: StepDone) -> None:
        """Note errors of a step, and let the others know what it found."""
        if done.errors:
            self.errors = {STEP: "; ".join(done.errors[:_ERRORS_SHOWN])}
        elif done.stored:
            self.errors = {}
        if done.stored:
            self._after(len(done.stored))
        if done.is_caught_up:
            self.on_caught_up()
        elif done.is_left:
            self.on_left()
