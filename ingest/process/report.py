"""Messages between the processes of a collector, through pipes."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

import msgspec
import structlog

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from multiprocessing.connection import Connection

_log = structlog.get_logger("ingest.report")


class DrainReport(msgspec.Struct, frozen=True):
    """Outcome of one batch of the raw log, sent from the drain to the intake.

    Attributes
    ----------
    messages, readings, values : int
        Messages read, readings and values stored [1].
    superseded : int
        Readings not written, since messages of higher rank are stored at their times [1].
    rejected : dict of str to int
        Quarantine entries by reason.
    errors : dict of str to int
        Exceptions that were caught behind the cursor, by step.
    restarts : dict of str to int
        Starts of threads that had ended, by name.
    retries : int
        Writes that had to be repeated.
    lag : int or None
        Messages still to be read; None where not counted this time.
    decode_s, write_s : float
        Time spent [s].
    """

    messages: int = 0
    readings: int = 0
    values: int = 0
    rejected: dict[str, int] = msgspec.field(default_factory=dict)
    errors: dict[str, int] = msgspec.field(default_factory=dict)
    restarts: dict[str, int] = msgspec.field(default_factory=dict)
    retries: int = 0
    superseded: int = 0
    lag: int | None = None
    decode_s: float = 0.0
    write_s: float = 0.0


class StartFailure(msgspec.Struct, frozen=True):
    """The drain cannot begin: a database cannot be used, and the configuration has to be corrected."""

    detail: str


def send(pipe: Connection, item: DrainReport | StartFailure | str | None) -> None:
    """Send to the other process.

    Parameters
    ----------
    item : DrainReport, StartFailure, str or None
        None: stop in order; `StartFailure`: stop since this process fails; text: the problems of this process, empty where
        there are none.
    """
    try:
        pipe.send(item)
    except (BrokenPipeError, OSError):
        _log.warning("other_process_gone")


def send_if_room(pipe: Connection, words: str) -> None:
    """Send a text that may be dropped: a process that hangs reads nothing, and a full pipe would block this one."""
    try:
        has_room = bool(select.select([], [pipe], [], 0.0)[1])
    except (OSError, ValueError):  # closed meanwhile
        return
    if has_room:
        send(pipe, words)


def wait_for_end(
    pipe: Connection,
    stop: threading.Event,
    on_complaint: Callable[[str], object] = lambda _: None,
    *,
    lost: Callable[[], object] = lambda: None,
) -> None:
    """Set ``stop`` when the other process requests it or is gone.

    ``on_complaint`` is called with the problems of the other process; ``lost``, where that has failed or is gone, before ``stop`` is set.
    """
    try:
        while isinstance(item := pipe.recv(), str):
            on_complaint(item)
        if item is not None:
            lost()
    except (EOFError, OSError):
        lost()
    finally:
        stop.set()
