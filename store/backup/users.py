"""Which processes use a run directory: locks that parts hold, files that are open, heartbeats in the state."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from store.state.process import ProcessState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from store.state import StateStore

_PROC = Path("/proc")
_WORDS = 4
"""Words of a command line that are shown."""
_LOCKS = {"intake.lock": "collector", "drain.lock": "collector (drain)"}


def lock_holders(rawlog: Path) -> list[str]:
    """Parts that hold a lock of a raw log."""
    return [part for name, part in _LOCKS.items() if _is_held(rawlog / name)]


def open_by(directory: Path, files: list[Path]) -> list[str]:
    """Other processes that have one of the files, or a file of the directory, open: number and command.

    Linux only, and only processes whose descriptors this user may read.
    """
    wanted = {str(item.resolve()) for item in files}
    inside = f"{directory.resolve()}/"
    found: list[str] = []
    for process in _PROC.glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        targets = _targets(process)
        if any(item in wanted or item.startswith(inside) for item in targets):
            found.append(f"process {process.name} ({_command(process)})")
    return found


def beating(state: StateStore, now: datetime) -> list[str]:
    """Processes of this host that the state has heard of lately."""
    host = socket.gethostname()
    return [
        f"{item.name} (process {item.pid})"
        for item in state.processes.list()
        if item.host == host and item.state(now) is not ProcessState.GONE and (_PROC / str(item.pid)).exists()
    ]


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _targets(process: Path) -> Iterator[str]:
    with suppress(OSError):  # it has ended, or belongs to another user
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def _command(process: Path) -> str:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").split()
        return " ".join(word if index else Path(word).name for index, word in enumerate(words[:_WORDS]))
    return "ended"
