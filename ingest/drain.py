"""The draining process: everything behind the raw log, until it is told to stop or the intake is gone."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from ingest.attempt import Watchdog
from ingest.lock import locked
from ingest.pipeline import Drain
from ingest.repair import Repairer
from ingest.report import StartFailure, send, wait_for_end
from ingest.vital import Vital
from ingest.writer import Writer
from store.error import StoreError
from store.influx_reading import ReadingStore
from store.rawlog import RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.settings import CollectorSettings


def drain(settings: CollectorSettings, pipe: Connection) -> None:
    """Drain until told to stop or the other end of the pipe is gone."""
    stop, said = threading.Event(), deque([""], maxlen=1)
    threading.Thread(target=wait_for_end, args=(pipe, stop, said.append), daemon=True).start()
    # after a crash the drain of the former collector may still be at its last batch
    with locked(settings.rawlog_dir / "drain.lock", wait_for=stop):
        if stop.is_set():
            return
        try:
            state = StateStore(settings.state_url)
            state.migrate()
        except StoreError as error:
            send(pipe, StartFailure(str(error)))
            return
        with state:
            _drain(settings, state, pipe, stop=stop, said=said)


def _drain(
    settings: CollectorSettings, state: StateStore, pipe: Connection, *, stop: threading.Event, said: deque[str]
) -> None:
    state.quarantine_limit = settings.quarantine_max_items
    state.quarantine_limit_bytes = settings.quarantine_max_bytes
    log = RawLog(settings.rawlog_dir)
    store = ReadingStore(settings)
    dog = Watchdog()
    writer = Writer(store, stop, dog.alive)
    work = Drain(settings, log, writer=writer, state=state, stop=stop, alive=dog.alive)
    restarted = work.caught.restarted
    repair = Repairer(settings, store=store, state=state, backlog=work.backlog, stop=stop, restarted=restarted)
    # for the whole collector: its intake knows no database, and this process ends with it
    complaints = (lambda: said[-1], repair.complaint)
    vital = Vital(f"collector/{settings.mqtt_client_id}", settings.state_url, complaints, restarted)
    try:
        repair.start()
        vital.start()
        work.run(lambda item: send(pipe, item))
    finally:
        dog.close()
        repair.join()
        vital.close()
        store.close()
        log.close()
