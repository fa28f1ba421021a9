"""Target of a backup: free space, a name that appears when the backup is whole, leftovers of one that was killed."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from store.backup.copy import FOLDER_MODE
from store.backup.lock import held
from store.error import BackupError
from store.rawlog.day_file import sync

if TYPE_CHECKING:
    from pathlib import Path

_MARGIN_BYTES = 16 * 1024**2
_MARGIN_SHARE = 50
"""Growth of the sources while they are copied: a 50th, and 16 MiB."""
_DRAFT = ".partial"
_LOCK = ".lock"


def check_space(directory: Path, size_bytes: int, reserve_bytes: int = 0) -> None:
    """Raise `BackupError` where a file system would have less than the reserve left behind so many bytes."""
    needed = size_bytes + size_bytes // _MARGIN_SHARE + _MARGIN_BYTES
    free = free_bytes(directory)
    if free - reserve_bytes < needed:
        kept = f", of which {mib(reserve_bytes)} are kept in reserve" if reserve_bytes else ""
        msg = f"{directory}: {mib(needed)} are needed, {mib(free)} are free{kept}"
        raise BackupError(msg)


def free_bytes(directory: Path) -> int:
    """Free bytes on the file system of a directory that may not exist yet [B]; raises `BackupError`."""
    try:
        existing = next(item for item in (directory, *directory.absolute().parents) if item.exists())
        return shutil.disk_usage(existing).free
    except OSError as error:
        msg = f"{directory}: {error.strerror}"
        raise BackupError(msg) from error


def check_target(target: Path, *used: Path) -> None:
    """Raise `BackupError` where a backup must not be written to ``target``.

    Parameters
    ----------
    used : Path
        Directories that it must not be in: the run directory, the raw log (which may be a link to another disk).
    """
    try:
        _check_target(target, used)
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        msg = f"{target}: {getattr(error, 'strerror', None) or error}; name a new directory"
        raise BackupError(msg) from error


def _check_target(target: Path, used: tuple[Path, ...]) -> None:
    resolved = target.resolve()
    for directory in used:
        if resolved.is_relative_to(directory.resolve()):
            msg = f"{target} is in {directory}, which is backed up: a failed disk would take both; name a directory on another disk"
            raise BackupError(msg)
    if target.is_symlink():
        msg = f"{target} is a symbolic link; name the directory itself"
        raise BackupError(msg)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{target} exists and is not an empty directory; name a new one"
        raise BackupError(msg)
    if (
        target.absolute().name in ("", "..") or target.is_mount()
    ):  # the draft next to it would be on another file system
        msg = f"{target} cannot be replaced by a backup (a mount point, or no name); name a new directory in it"
        raise BackupError(msg)


def mib(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 1024**2:,.1f} MiB"


class Draft:
    """A directory under a temporary name next to its target, which gets the target's name when it is whole.

    Drafts that killed processes left in the same directory are removed by the next one, whatever its target.

    Parameters
    ----------
    target : Path
        Absent or an empty directory.
    """

    def __init__(self, target: Path) -> None:
        self._target = target.absolute()
        self.path = self._target.with_name(f".{self._target.name}{_DRAFT}")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            is_alone = self._begin()
        except OSError as error:
            self._stack.close()
            msg = f"{self._target.parent}: no directory can be made in it: {error.strerror}"
            raise BackupError(msg) from error
        if not is_alone:
            self._stack.close()
            msg = f"another backup to {self._target} is running"
            raise BackupError(msg)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._stack.close()

    def _begin(self) -> bool:
        """Take the lock and make the directory; false where another process has the lock."""
        self._target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(self._target.parent)
        if not self._stack.enter_context(held(_lock_of(self.path))):
            return False
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=FOLDER_MODE)
        return True

    def publish(self) -> None:
        """Give the directory its name, durably."""
        for folder in [*(item for item in self.path.iterdir() if item.is_dir()), self.path]:
            sync(folder)
        self.path.rename(self._target)  # replaces an empty directory, refuses any other
        sync(self._target.parent)


def _lock_of(draft: Path) -> Path:
    return draft.with_name(draft.name + _LOCK)


def _remove_leftovers(parent: Path) -> None:
    """Remove drafts of this user whose lock no process holds."""
    for lock in parent.glob(f".*{_DRAFT}{_LOCK}"):
        draft = lock.with_name(lock.name.removesuffix(_LOCK))
        with suppress(OSError):
            if lock.lstat().st_uid != os.geteuid():
                continue
            with held(lock) as is_left:
                if is_left and draft.lstat().st_uid == os.geteuid():
                    shutil.rmtree(draft, ignore_errors=True)
