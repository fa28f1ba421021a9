"""Files of the raw log: opening, creation, detection of files that were moved or deleted."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from store.error import RawLogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

DAY_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
    redelivered INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS message_received ON message (received_us);
"""
_BUSY_TIMEOUT_S = 30.0
#: Pages in the write-ahead log before it is folded into the file: 16 MiB, so that one large batch causes one checkpoint.
_CHECKPOINT_PAGES = 4_000
_COMPANIONS = ("-wal", "-shm")


class DayFile:
    """One day's file, open.

    Parameters
    ----------
    day : date
    path : Path
        Made when absent.
    schema : str
        Of a new file.
    """

    def __init__(self, day: date, path: Path, schema: str) -> None:
        self.day = day
        self.path = path
        self.connection = connect(path, schema)
        self.is_counted = False
        """Whether its last row was compared with the cursors."""
        self._file = _inode(path)
        self._log = 0

    def is_in_place(self) -> bool:
        """Whether the file and its write-ahead log are still those that were opened."""
        log = _inode(_companion(self.path, "-wal"))
        self._log = self._log or log  # it appears with the first use
        return (_inode(self.path), log) == (self._file, self._log)

    def fold(self) -> None:
        """Fold the write-ahead log into the file as far as readers permit."""
        with suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def connect(path: Path, schema: str) -> sqlite3.Connection:
    """Open a file, made when absent."""
    if not path.exists():
        _create(path, schema)
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise into `RawLogError`, with the place."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        msg = f'raw log {place}: {error}; free space, permissions and the file\'s health decide what to do (runbook, "Raw log damaged")'
        raise RawLogError(msg) from error


def _create(path: Path, schema: str) -> None:
    """Make a file under another name and link it when complete: SQLite cannot switch to WAL while a second connection is open."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(schema)
        _set_aside(path)
        with suppress(FileExistsError):  # another process or thread was faster; its file is as good
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


def _set_aside(path: Path) -> None:
    """Rename the write-ahead log that a moved file left behind: SQLite would apply it to the new file."""
    for suffix in _COMPANIONS:
        left = _companion(path, suffix)
        with suppress(FileNotFoundError):
            if not path.exists():
                left.rename(left.with_name(f"{left.name}.left"))


def _companion(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _inode(path: Path) -> int:
    """Inode of a file; 0: none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def sync(path: Path) -> None:
    """Make the bytes of a file durable, or the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
