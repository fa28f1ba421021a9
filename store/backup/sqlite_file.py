"""SQLite files: copies of databases in use, checks of copies."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from store.backup.copy import make_file
from store.error import BackupError
from store.rawlog.day_file import sync

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PAGES = 2_000
"""Pages between two reports of progress: 8 MiB."""
_BUSY_TIMEOUT_S = 30.0


def copy_sqlite(source: Path, target: Path, report: Callable[[int], object] = lambda _: None) -> None:
    """Copy a SQLite database as of one moment, while other processes read and write it.

    A read transaction is held over all steps, so that the copy is a snapshot and writers are neither blocked nor restart
    it (WAL mode; https://www.sqlite.org/backup.html).

    Parameters
    ----------
    source, target : Path
        ``target`` must not exist.
    report : callable
        Takes the number of bytes copied since the last call [B].

    Raises
    ------
    FileNotFoundError
        There is no ``source``.
    BackupError
    """
    if not source.exists():
        raise FileNotFoundError(source)
    make_file(target)
    try:
        with closing(_open(source)) as reader, closing(sqlite3.connect(target, isolation_level=None)) as writer:
            writer.execute("PRAGMA synchronous = OFF")  # it is synchronised once, below
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            page = int(reader.execute("PRAGMA page_size").fetchone()[0])
            left = [int(reader.execute("PRAGMA page_count").fetchone()[0])]

            def progress(_status: int, remaining: int, _total: int) -> None:
                report((left[0] - remaining) * page)
                left[0] = remaining

            reader.backup(writer, pages=_PAGES, progress=progress)
    except sqlite3.Error as error:
        is_readonly = str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        hint = "; run it as the user of the parts: a reader needs write access to the database" if is_readonly else ""
        msg = f"{source} cannot be copied to {target}: {error}{hint}"
        raise BackupError(msg) from error
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    sync(target)


def fold(path: Path) -> None:
    """Fold the write-ahead log of a database that no process uses into it, as far as it can be read: one file is moved, not three."""
    with suppress(sqlite3.Error), closing(_open(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def check_sqlite(path: Path) -> str:
    """What ``PRAGMA quick_check`` finds wrong in a copy that no process writes; empty: nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            first = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if first == "ok" else first


def database_bytes(path: Path) -> int:
    """Size of a SQLite file with its write-ahead log, an upper bound of its copy [B]; 0 where it is gone."""
    total = 0
    for item in (path, path.with_name(f"{path.name}-wal")):
        with suppress(FileNotFoundError):
            total += item.stat().st_size
    return total


def revision_of(path: Path) -> str:
    """Schema revision of a copy of a SQLite state that no process writes.

    Raises
    ------
    BackupError
        It is no state database.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        msg = f"{path} is no state database: {error}"
        raise BackupError(msg) from error
    return str(row[0]) if row else ""


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None
    )
