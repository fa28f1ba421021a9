"""Locks that end with the process: one collector a run directory, one drain a raw log."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ingest.process.error import LockedError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

_POLL_S = 0.2
_held: set[int] = set()
"""Open lock files of this process; a fork closes its copies, or it would hold the lock after the death of its parent."""


@contextmanager
def locked(path: Path, wait_for: threading.Event | None = None, *, owner: str = "collector") -> Iterator[None]:
    """Hold a lock; with an event, wait for the lock until the event is set.

    Parameters
    ----------
    owner : str
        Program of the lock, for the error.

    Raises
    ------
    LockedError
        Another process holds it, and there is no event.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    _held.add(descriptor)
    try:
        while not _is_locked(descriptor):
            if wait_for is None:
                msg = f"{path.parent}: another {owner} works here; SKYGROUND_RUN_DIR gives each its own directory"
                raise LockedError(msg)
            if wait_for.wait(_POLL_S):
                break
        yield
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def close_inherited_locks() -> None:
    """Close the copies of a parent's lock files, in a process that was forked."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
