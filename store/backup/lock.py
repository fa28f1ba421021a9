"""Locks of backup and restore: a file next to what is written, held while it is."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold a lock file, made when absent and removed afterwards; false where another process holds it.

    Raises
    ------
    OSError
        It cannot be made, or it is a symbolic link.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    is_held = False
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_held = _is_named(descriptor, path)
        yield is_held
    finally:
        if is_held:
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _is_named(descriptor: int, path: Path) -> bool:
    """Whether the file is still the one of that name: its last holder removes it."""
    with suppress(FileNotFoundError):
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    return False
