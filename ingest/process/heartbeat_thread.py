"""Stores heartbeats and problems of a process in the state database (`alerts` reads them)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import msgspec
import structlog

from ingest.process.guard import say
from ingest.process.heartbeat import HEARTBEAT_S, HeartbeatSource
from ingest.process.outage import Outage
from ingest.process.supervise import Worker
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ingest.process.heartbeat import Heartbeat
    from store.state import StateStore

_LAST_WORD_S = 3.0
_FIRST_S = 2.0
_log = structlog.get_logger("ingest.vital")


class HeartbeatThread:
    """The thread that stores heartbeats, in a ``with`` block: leaving it by an exception is not an orderly end.

    Parameters
    ----------
    name, complaints, every_s
        As of `ingest.process.heartbeat.HeartbeatSource`.
    state_url : str
    restarted : callable
        Called with the thread's name when it is restarted.
    others : callable
        Heartbeats of processes that cannot reach the database, since the last call.
    """

    def __init__(
        self,
        name: str,
        state_url: str,
        complaints: Sequence[Callable[[], str]],
        restarted: Callable[[str], object] = lambda _: None,
        *,
        others: Callable[[], Iterable[Heartbeat]] = tuple,
        every_s: float = HEARTBEAT_S,
    ) -> None:
        self._source = HeartbeatSource(name, complaints, every_s)
        self._state_url = state_url
        self._others = others
        self._has_begun = False
        self._stop = threading.Event()
        self._worker = Worker("vital", self._run, self._stop, restarted)
        self.is_requested = True
        """Whether the process ends in order; one that does not is reported missing until it is back."""

    def __enter__(self) -> Self:
        """Start the thread."""
        self._worker.start()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Store the orderly end of this process; a database that does not answer is not waited for."""
        self.is_requested = self.is_requested and error is None
        self._stop.set()
        self._worker.join(_LAST_WORD_S)

    def _run(self) -> None:
        from store.state import StateStore

        trouble = Outage(_log)
        with StateStore(self._state_url) as state:
            while True:
                try:
                    self._beat(state)
                except StoreError as error:
                    trouble.say("cannot_beat", detail=str(error))
                else:
                    trouble.end()
                # a new database is made by another part of the same start
                if self._stop.wait(self._source.every_s if self._has_begun else min(self._source.every_s, _FIRST_S)):
                    break
            if self.is_requested:
                try:
                    state.processes.end(self._source.name)
                except StoreError as error:
                    _log.warning("end_not_noted", detail=str(error))

    def _beat(self, state: StateStore) -> None:
        note_heartbeat(state, self._source.next())
        self._has_begun = True
        for other in self._others():
            try:
                note_heartbeat(state, other)
            except Exception as error:  # noqa: BLE001 - what another sends costs that one
                say("beat_not_noted", error, process=other.name)


def note_heartbeat(state: StateStore, beat: Heartbeat) -> None:
    """Store a heartbeat; one that marks an orderly end deletes the process.

    Raises
    ------
    StoreError
    """
    from store.state import Process, ProcessState

    if beat.is_end:
        state.processes.end(beat.name)
        return
    fields = msgspec.structs.asdict(beat)
    del fields["is_end"]
    item = Process(**fields)
    # of a process that ended before it was known, only its last heartbeat is left at the broker
    state.processes.note(item, only_known=item.state(datetime.now(UTC)) is ProcessState.GONE)
