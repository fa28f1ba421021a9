"""What processes do that a test starts: in a module that is imported in a moment, since each of them imports it."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from ingest.process.report import DrainReport, StartFailure, send, wait_for_end

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ingest.process.settings import CollectorSettings


def starts(settings: CollectorSettings) -> int:
    path = settings.run_dir / "starts"
    return len(path.read_bytes()) if path.exists() else 0


def note_start(settings: CollectorSettings) -> int:
    with (settings.run_dir / "starts").open("ab") as file:
        file.write(b".")
    return starts(settings)


def die(settings: CollectorSettings, pipe: Connection) -> None:
    """Work that has begun, and ends the process at once."""
    note_start(settings)
    send(pipe, DrainReport(messages=1))
    os._exit(7)


def die_four_times(settings: CollectorSettings, pipe: Connection) -> None:
    if note_start(settings) <= 4:
        os._exit(7)
    send(pipe, DrainReport(messages=5))
    work(settings, pipe)


def work(settings: CollectorSettings, pipe: Connection) -> None:
    """Work until told to stop, and leave word of it."""
    stop = threading.Event()
    note_start(settings)
    wait_for_end(pipe, stop, lost=(settings.run_dir / "lost").touch)
    (settings.run_dir / "ended").touch()


def hang(settings: CollectorSettings, _pipe: Connection) -> None:
    note_start(settings)
    while True:
        time.sleep(60)


def cannot_begin(_settings: CollectorSettings, pipe: Connection) -> None:
    send(pipe, StartFailure("no such database"))
