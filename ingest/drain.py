"""The draining process: everything behind the raw log, until it is told to stop or the intake is gone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ingest.lock import locked
from ingest.pipeline import Drain
from ingest.repair import Repairer
from ingest.report import StartFailure, send, wait_for_end
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
    stop = threading.Event()
    threading.Thread(target=wait_for_end, args=(pipe, stop), daemon=True).start()
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
            _drain(settings, state, pipe, stop)


def _drain(settings: CollectorSettings, state: StateStore, pipe: Connection, stop: threading.Event) -> None:
    state.quarantine_limit = settings.quarantine_max_items
    state.quarantine_limit_bytes = settings.quarantine_max_bytes
    log = RawLog(settings.rawlog_dir)
    store = ReadingStore(settings)
    work = Drain(settings, log, writer=Writer(store, stop), state=state, stop=stop)
    repair = Repairer(settings, store=store, state=state, backlog=work.backlog, stop=stop)
    try:
        repair.start()
        work.run(lambda item: send(pipe, item))
    finally:
        repair.join()
        store.close()
        log.close()
