"""A process says at intervals in the state database that it is there and what is wrong with it (`alerts.process` reads it)."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from ingest.patience import Trouble
from ingest.supervise import Worker
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from store.state import Process, StateStore

BEAT_S = 15.0
_LAST_WORD_S = 3.0
_FIRST_S = 2.0
_log = structlog.get_logger("ingest.vital")


class Vital:
    """The thread that says it.

    Parameters
    ----------
    name : str
        As `store.state.Process` has it.
    state_url : str
    complaints : sequence of callable
        Each says what is wrong; empty where all is well.
    restarted : callable
        Is given the thread's name should it have to be started again.
    every_s : float
        How often [s].
    """

    def __init__(
        self,
        name: str,
        state_url: str,
        complaints: Sequence[Callable[[], str]],
        restarted: Callable[[str], object] = lambda _: None,
        *,
        every_s: float = BEAT_S,
    ) -> None:
        self._name = name
        self._state_url = state_url
        self._complaints = complaints
        self._every_s = every_s
        self._started_at = datetime.now(UTC)
        self._restarts: int | None = None
        self._added = 0
        self._stop = threading.Event()
        self._worker = Worker("vital", self._run, self._stop, restarted)

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def restarted(self) -> None:
        """Count a restart of a part of this process."""
        self._added += 1

    def close(self) -> None:
        """Say that this process ends because it was told to; a database that does not answer is not waited for."""
        self._stop.set()
        self._worker.join(_LAST_WORD_S)

    def _run(self) -> None:
        from store.state import StateStore

        trouble = Trouble(_log)
        with StateStore(self._state_url) as state:
            while True:
                try:
                    self._beat(state)
                except StoreError as error:
                    trouble.say("cannot_beat", detail=str(error))
                else:
                    trouble.end()
                # a new database is made by another part of the same start
                if self._stop.wait(self._every_s if self._restarts is not None else min(self._every_s, _FIRST_S)):
                    break
            try:
                state.end_process(self._name)
            except StoreError as error:
                _log.warning("end_not_noted", detail=str(error))

    def _beat(self, state: StateStore) -> None:
        if self._restarts is None:
            self._restarts = state.begin_process(self._process(0))
        state.note_process(self._process(self._restarts + self._added))

    def _process(self, restarts: int) -> Process:
        from store.state import Process

        return Process(
            name=self._name,
            host=socket.gethostname(),
            pid=os.getpid(),
            started_at=self._started_at,
            beat_at=datetime.now(UTC),
            every_s=self._every_s,
            restarts=restarts,
            complaint="; ".join(filter(None, (complaint() for complaint in self._complaints))),
        )
