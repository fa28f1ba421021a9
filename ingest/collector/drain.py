"""The drain process: everything behind the raw log, until it is stopped or the intake is gone."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ingest.backlog.attempt import Watchdog
from ingest.collector.drain_loop import Drain
from ingest.completeness.repair import Repairer
from ingest.mqtt import HeartbeatListener
from ingest.pipeline import Pipeline
from ingest.process.complaint import complaint
from ingest.process.heartbeat_thread import HeartbeatThread
from ingest.process.lock import locked
from ingest.process.report import StartFailure, send, wait_for_end
from ingest.writer import Writer
from schemas.struct_use import prepare_structs
from store.error import StoreError
from store.influx.reading import ReadingStore
from store.rawlog import RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.process.settings import CollectorSettings

_COLLECT_AFTER = (50_000, 20, 50)
"""Of `gc.set_threshold`: a batch makes tens of thousands of containers without cycles, and collecting after every 700 of them, as is
Python's default, took a quarter of the drain's processor time."""


INTAKE_SILENT_S = 120.0
"""A working intake sends a sign of life every few seconds; one commit may wait half a minute. Project's choice."""


class _Intake:
    """State of the intake as reported through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self.stop = threading.Event()
        self.words = ""
        self.received_at = time.monotonic()
        self.is_lost = False
        keywords = {"on_complaint": self._note, "lost": self._lose}
        threading.Thread(target=wait_for_end, args=(pipe, self.stop), kwargs=keywords, daemon=True).start()

    def complaint(self) -> str:
        """Its last reported problem, or that it hangs."""
        silent_s = time.monotonic() - self.received_at
        if silent_s > INTAKE_SILENT_S:
            return complaint("worker", "silent", lasts_s=silent_s, name="intake")
        return self.words

    def _note(self, words: str) -> None:
        self.words, self.received_at = words, time.monotonic()

    def _lose(self) -> None:
        self.is_lost = True


def drain(settings: CollectorSettings, pipe: Connection) -> None:
    """Drain until stopped or the other end of the pipe is closed."""
    prepare_structs()
    intake = _Intake(pipe)
    # after a crash the drain of the former collector may still be at its last batch
    with locked(settings.rawlog_dir / "drain.lock", wait_for=intake.stop):
        if intake.stop.is_set():
            return
        try:
            state = StateStore(settings.state_url)
            state.migrate()
        except StoreError as error:
            send(pipe, StartFailure(str(error)))
            return
        with state:
            _drain(settings, state, pipe, intake)


def _drain(settings: CollectorSettings, state: StateStore, pipe: Connection, intake: _Intake) -> None:
    state.quarantine.limit = settings.quarantine_max_items
    state.quarantine.limit_bytes = settings.quarantine_max_bytes
    gc.set_threshold(*_COLLECT_AFTER)
    stop, dog = intake.stop, Watchdog()
    with ExitStack() as ends:
        log = RawLog(settings.rawlog_dir)
        ends.callback(log.close)
        store = ReadingStore(settings)
        ends.callback(store.close)
        store.on_answer(dog.alive)
        work = Drain(Pipeline(settings, log, writer=Writer(store, stop, dog.alive), state=state))
        restarted = work.caught.restarted
        repair = Repairer(settings, store=store, state=state, backlog=work.backlog, stop=stop, restarted=restarted)
        beats = HeartbeatListener(settings, f"{settings.mqtt_client_id}-beats"[:48])
        # for the whole collector: the intake has no database, and this process ends with it
        complaints = (intake.complaint, work.complaint, repair.complaint)
        heartbeat = ends.enter_context(
            HeartbeatThread(settings.process_name, settings.state_url, complaints, restarted, others=beats.take)
        )
        ends.callback(repair.join)
        ends.callback(dog.close)
        repair.start()
        ends.enter_context(beats)
        work.run(lambda item: send(pipe, item))
        heartbeat.is_requested = not intake.is_lost
