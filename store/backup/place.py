"""Where a backup goes: space, a name that appears when the backup is whole, leftovers of one that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Self

from store.backup.copy import FOLDER_MODE, sync
from store.error import BackupError

if TYPE_CHECKING:
    from types import TracebackType

_MARGIN_BYTES = 16 * 1024**2
_MARGIN_SHARE = 0.02
"""Growth of the sources while they are copied."""


def check_space(directory: Path, size_bytes: int, reserve_bytes: int = 0) -> None:
    """Raise `BackupError` where a file system would have less than the reserve left behind so many bytes."""
    needed = size_bytes + int(size_bytes * _MARGIN_SHARE) + _MARGIN_BYTES
    free = free_bytes(directory)
    if free - reserve_bytes < needed:
        kept = f", of which {mib(reserve_bytes)} are kept in reserve" if reserve_bytes else ""
        msg = f"{directory}: {mib(needed)} are needed, {mib(free)} are free{kept}"
        raise BackupError(msg)


def free_bytes(directory: Path) -> int:
    """Free bytes on the file system of a directory that may not exist yet [B]."""
    existing = next(item for item in (directory, *directory.absolute().parents) if item.exists())
    return shutil.disk_usage(existing).free


def check_target(target: Path, run_dir: Path) -> None:
    """Raise `BackupError` where a backup must not be written to ``target``."""
    resolved = target.resolve()
    if resolved.is_relative_to(run_dir.resolve()):
        msg = f"{target} lies in the run directory {run_dir}: a disk that fails takes both; name a directory elsewhere"
        raise BackupError(msg)
    if target.is_symlink():
        msg = f"{target} is a symbolic link; name the directory itself"
        raise BackupError(msg)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} exists and is not an empty directory; name a new one"
        raise BackupError(msg)


def mib(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 1024**2:,.1f} MiB"


class Draft:
    """A directory under a temporary name next to its target, which gets the target's name when it is whole.

    A draft that a killed process left behind is removed by the next one for the same target.

    Parameters
    ----------
    target : Path
        Absent or an empty directory.
    """

    def __init__(self, target: Path) -> None:
        self._target = target.absolute()
        self.path = self._target.with_name(f".{self._target.name}.partial")
        self._lock = -1

    def __enter__(self) -> Self:
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(mode=FOLDER_MODE)
        except OSError as error:
            self._release()
            msg = f"{self.path}: {error.strerror}"
            raise BackupError(msg) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._release()

    def publish(self) -> None:
        """Give the directory its name, durably."""
        for folder in [*(item for item in self.path.iterdir() if item.is_dir()), self.path]:
            sync(folder)
        self.path.rename(self._target)  # replaces an empty directory, refuses any other
        sync(self._target.parent)

    def _locked(self) -> int:
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            msg = f"another backup to {self._target} is running"
            raise BackupError(msg) from None
        return lock

    def _release(self) -> None:
        if self._lock >= 0:
            Path(f"{self.path}.lock").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1
