"""The raw log: every message as received, committed to disk before the broker is acknowledged (level L0).

One SQLite file in WAL mode per UTC day, only ever appended to and read by cursor ``(day, rowid)``. Days never go back:
a message stamped before the newest file (a clock that stepped) goes into the newest file, so a reader that has moved on
to it misses nothing. One process writes to a directory at a time; any number reads.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
import threading
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from schemas.message import RawMessage
from store.error import DiskReserveError, RawLogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FILE = re.compile(r"(\d{4}-\d\d-\d\d)\.sqlite")
_CURSORS = "cursors.sqlite"
_BUSY_TIMEOUT_S = 30.0
#: Pages in the write-ahead log before it is folded into the file: 16 MiB, so that one large batch causes one checkpoint.
_CHECKPOINT_PAGES = 4_000
_DAY_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
    redelivered INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS message_received ON message (received_us);
"""
_CURSOR_SCHEMA = "CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, day TEXT NOT NULL, row INTEGER NOT NULL);"
_INSERT = "INSERT INTO message (received_us, topic, payload, redelivered) VALUES (?, ?, ?, ?)"
_SELECT = "SELECT id, received_us, topic, payload, redelivered FROM message WHERE id > ? ORDER BY id LIMIT ?"


class Position(msgspec.Struct, frozen=True, order=True):
    """Place of a message in the log; as a cursor: everything up to and including it has been dealt with."""

    day: date
    row: int


#: Before the first message of any log.
BEGINNING = Position(date.min, 0)


class LoggedMessage(msgspec.Struct, frozen=True, gc=False):
    """A message and where it stands in the log."""

    position: Position
    message: RawMessage


def free_bytes(directory: Path) -> int:
    """Bytes that this user may still write on the file system of ``directory`` [B]."""
    return shutil.disk_usage(directory).free


class RawLog:
    """Append-only log of messages in a directory; threads may share it.

    Parameters
    ----------
    directory : Path
        Made when absent.
    reserve_bytes : int
        Nothing is appended while less than this would stay free [B]: a disk that is full to the last byte also stops the
        drain, the state database and whoever is to mend it.
    free : callable
        Says how much is free, by default of the file system [B].
    """

    def __init__(self, directory: Path, *, reserve_bytes: int = 0, free: Callable[[Path], int] = free_bytes) -> None:
        self._directory = directory
        self._reserve_bytes = reserve_bytes
        self._free = free
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: tuple[date, sqlite3.Connection] | None = None
        self._reader: tuple[date, sqlite3.Connection] | None = None
        with _explained(directory):
            directory.mkdir(parents=True, exist_ok=True)
            self._cursors = _connect(directory / _CURSORS, _CURSOR_SCHEMA)

    def append(self, batch: Sequence[RawMessage]) -> Position:
        """Append messages in order and return when they are on disk.

        Parameters
        ----------
        batch : sequence of RawMessage
            Not empty; ``received_at`` aware.

        Returns
        -------
        Position
            Of the last message.

        Raises
        ------
        DiskReserveError
            The disk is nearly full; nothing was written.
        RawLogError
            Nothing may be acknowledged; a batch that spans midnight may be there in part, and is appended again whole.
        """
        if not batch:
            msg = "append needs at least one message"
            raise ValueError(msg)
        with self._write_lock, _explained(self._directory):
            self._check_reserve(sum(len(item.payload) for item in batch))
            newest = max(self.days(), default=date.min)
            for day, messages in _by_day(batch, newest):
                position = self._append_day(day, messages)
        return position

    def read(self, cursor: Position, limit: int, *, max_bytes: int | None = None) -> list[LoggedMessage]:
        """Messages after ``cursor`` in log order, at most ``limit``; fewer or none at the end of the log.

        Parameters
        ----------
        max_bytes : int or None
            Stop before the payloads exceed so many bytes [B], but never before the first message.
        """
        found: list[LoggedMessage] = []
        room = max_bytes if max_bytes is not None else sys.maxsize
        with self._read_lock, _explained(self._directory):
            for day in [day for day in self.days() if day >= cursor.day]:
                after = cursor.row if day == cursor.day else 0
                with closing(self._reading(day).execute(_SELECT, (after, limit - len(found)))) as rows:
                    for row in rows:
                        room -= len(row[3])
                        if room < 0 and found:
                            return found
                        found.append(_from_row(day, row))
                if len(found) >= limit:
                    break
        return found

    def cursor(self, name: str) -> Position:
        """Position of a named cursor; `BEGINNING` for one that never moved."""
        with self._write_lock, _explained(self._directory):
            row = self._cursors.execute("SELECT day, row FROM cursor WHERE name = ?", (name,)).fetchone()
        return Position(date.fromisoformat(row[0]), row[1]) if row else BEGINNING

    def advance(self, name: str, position: Position) -> None:
        """Move a named cursor, durably; an earlier position rewinds it, so that history is read again."""
        with self._write_lock, _explained(self._directory), self._cursors:
            self._cursors.execute(
                "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET day = excluded.day, row = excluded.row",
                (name, position.day.isoformat(), position.row),
            )

    def drop_cursor(self, name: str) -> None:
        """Forget a named cursor, durably; harmless where there is none."""
        with self._write_lock, _explained(self._directory), self._cursors:
            self._cursors.execute("DELETE FROM cursor WHERE name = ?", (name,))

    def position_before(self, moment: datetime) -> Position:
        """Position to rewind a cursor to so that everything received from ``moment`` (aware) on is read again."""
        micros = _to_micros(moment)
        for day in [day for day in self.days() if day >= moment.astimezone(UTC).date()]:
            row = self._one(day, "SELECT min(id) FROM message WHERE received_us >= ?", (micros,))
            if row is not None:
                return Position(day, row - 1)
        return self.end()

    def end(self) -> Position:
        """Position of the newest message; `BEGINNING` for an empty log."""
        for day in reversed(self.days()):
            row = self._one(day, "SELECT max(id) FROM message", ())
            if row is not None:
                return Position(day, row)
        return BEGINNING

    def count(self, start: datetime, end: datetime) -> int:
        """Messages received in ``[start, end)`` (aware), redelivered ones included."""
        first = start.astimezone(UTC).date()
        bounds = (_to_micros(start), _to_micros(end))
        question = "SELECT count(*) FROM message WHERE received_us >= ? AND received_us < ?"
        return sum(self._one(day, question, bounds) or 0 for day in self.days() if day >= first)

    def count_after(self, cursor: Position) -> int:
        """Messages a reader at ``cursor`` has still to deal with."""
        question = "SELECT count(*) FROM message WHERE id > ?"
        days = [day for day in self.days() if day >= cursor.day]
        return sum(self._one(day, question, (cursor.row if day == cursor.day else 0,)) or 0 for day in days)

    def prune(self, before: datetime) -> list[date]:
        """Delete whole days before ``before`` (aware) that every named cursor has left behind; returns the days deleted.

        A log without a single cursor has not been read by anybody, and nothing is deleted.
        """
        with self._write_lock, self._read_lock, _explained(self._directory):
            slowest = self._cursors.execute("SELECT min(day) FROM cursor").fetchone()[0]
            limit = min(before.astimezone(UTC).date(), date.fromisoformat(slowest)) if slowest else date.min
            # the newest file stays: it says which day the log has reached
            doomed = [day for day in self.days()[:-1] if day < limit]
            self._close_days()
            for day in doomed:
                for suffix in ("-shm", "-wal", ""):
                    (self._directory / f"{day}.sqlite{suffix}").unlink(missing_ok=True)
        return doomed

    def days(self) -> list[date]:
        """Days that have a file, ascending."""
        matches = [_FILE.fullmatch(path.name) for path in self._directory.iterdir()]
        return sorted(date.fromisoformat(match[1]) for match in matches if match)

    def disk_usage(self) -> int:
        """Bytes the log occupies [B]."""
        total = 0
        for entry in os.scandir(self._directory):
            try:
                total += entry.stat().st_size
            except FileNotFoundError:  # a write-ahead log folded meanwhile
                continue
        return total

    def close(self) -> None:
        """Close the files; the log may be opened again."""
        with self._write_lock, self._read_lock:
            self._close_days()
            self._cursors.close()

    def _check_reserve(self, size: int) -> None:
        if not self._reserve_bytes:
            return
        free = self._free(self._directory)
        if free - size < self._reserve_bytes:
            msg = f"raw log {self._directory}: {free >> 20} MiB free, {self._reserve_bytes >> 20} MiB are kept in reserve; make room"
            raise DiskReserveError(msg)

    def _append_day(self, day: date, messages: Sequence[RawMessage]) -> Position:
        if self._writer is None or self._writer[0] != day:
            if self._writer is not None:
                self._writer[1].close()
                self._writer = None
            self._writer = (day, _connect(self._directory / f"{day}.sqlite", _DAY_SCHEMA))
        connection = self._writer[1]
        rows = [(_to_micros(item.received_at), item.topic, item.payload, item.redelivered) for item in messages]
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, rows)
            last = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
        return Position(day, last)

    def _reading(self, day: date) -> sqlite3.Connection:
        if self._reader is None or self._reader[0] != day:
            if self._reader is not None:
                self._reader[1].close()
                self._reader = None
            self._reader = (day, _connect(self._directory / f"{day}.sqlite", _DAY_SCHEMA))
        return self._reader[1]

    def _one(self, day: date, question: str, values: tuple[int, ...]) -> int | None:
        with (
            _explained(self._directory),
            closing(_connect(self._directory / f"{day}.sqlite", _DAY_SCHEMA)) as connection,
        ):
            answer: int | None = connection.execute(question, values).fetchone()[0]
            return answer

    def _close_days(self) -> None:
        for held in (self._writer, self._reader):
            if held is not None:
                held[1].close()
        self._writer = self._reader = None


def _connect(path: Path, schema: str) -> sqlite3.Connection:
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


def _create(path: Path, schema: str) -> None:
    """Make a file under another name and link it when complete: SQLite cannot switch to WAL while a second connection is open."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(schema)
        with suppress(FileExistsError):  # another process or thread was faster; its file is as good
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _by_day(batch: Sequence[RawMessage], newest: date) -> Iterator[tuple[date, Sequence[RawMessage]]]:
    """Split a batch where the day moves on; never backwards, never before ``newest``."""
    start, day = 0, max(newest, batch[0].received_at.astimezone(UTC).date())
    for index, message in enumerate(batch):
        reached = message.received_at.astimezone(UTC).date()
        if reached > day:
            if index > start:
                yield day, batch[start:index]
            start, day = index, reached
    yield day, batch[start:]


def _from_row(day: date, row: tuple[int, int, str, bytes, int]) -> LoggedMessage:
    message = RawMessage(row[2], row[3], _EPOCH + timedelta(microseconds=row[1]), bool(row[4]))
    return LoggedMessage(Position(day, row[0]), message)


def _to_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _sync_directory(directory: Path) -> None:
    """Make a new file's name durable, not only its bytes."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        msg = f"raw log {directory}: {error}; free space, permissions and the file's health decide what to do"
        raise RawLogError(msg) from error
