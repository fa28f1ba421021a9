"""Which processes use a run directory: locks that parts hold, files that are open, heartbeats in the state."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from store.error import StateError
from store.state import StateStore
from store.state import postgres as state_postgres
from store.state.process import ProcessState

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_WORDS = 4
"""Words of a command line that are shown."""
_LOCKS = {"intake.lock": "collector", "drain.lock": "collector (drain)"}


def running(run_dir: Path, state_url: str, state_file: Path | None) -> list[str]:
    """Processes that use the raw log, the state or Airflow of a run directory.

    Parameters
    ----------
    state_file : Path or None
        File of a SQLite state; None: the state is in PostgreSQL.
    """
    rawlog = run_dir / "rawlog"
    found = [*lock_holders(rawlog), *open_by(rawlog, [state_file] if state_file else []), *airflow(run_dir)]
    if state_file is None or state_file.exists():
        with suppress(StateError), StateStore(state_url) as state:  # one that is damaged is restored over
            found += state_postgres.sessions(state.database) if state_file is None else []
            found += beating(state, datetime.now(UTC))
    return list(dict.fromkeys(found))


def airflow(run_dir: Path) -> list[str]:
    """Processes of Airflow whose tasks would use a run directory; between two tasks no file of it is open."""
    return [
        _shown(process)
        for process in _others()
        if "airflow" in _read(process / "cmdline") and run_dir.resolve() == _run_dir_of(process)
    ]


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
    for process in _others():
        targets = _targets(process)
        if any(item in wanted or item.startswith(inside) for item in targets):
            found.append(_shown(process))
    return found


def beating(state: StateStore, now: datetime) -> list[str]:
    """Processes with a recent heartbeat; one of this host that has ended is none, one of another host counts until it is overdue."""
    host = socket.gethostname()
    return [
        f"{item.name} (process {item.pid} on {item.host}, heartbeat {item.beat_at:%H:%M:%SZ})"
        for item in state.processes.list()
        if item.state(now) is not ProcessState.GONE and (item.host != host or (_PROC / str(item.pid)).exists())
    ]


def _others() -> Iterator[Path]:
    return (process for process in _PROC.glob("[0-9]*") if int(process.name) != os.getpid())


def _shown(process: Path) -> str:
    return f"process {process.name} ({_command(process)})"


def _run_dir_of(process: Path) -> Path | None:
    """Run directory in the environment of a process."""
    for entry in _read(process / "environ").split("\0"):
        name, _, value = entry.partition("=")
        if name == "SKYGROUND_RUN_DIR":
            with suppress(OSError, RuntimeError):
                return ((process / "cwd").readlink() / value).resolve()
    return None


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_bytes().decode(errors="replace")
    return ""


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
    words = _read(process / "cmdline").replace("\0", " ").split()
    return " ".join(word if index else Path(word).name for index, word in enumerate(words[:_WORDS])) or "ended"
