"""The raw log: every message as received, committed to disk before the broker is acknowledged (level L0).

One SQLite file in WAL mode per UTC day, only ever appended to and read by cursor ``(day, rowid)``. Days never go back:
a message stamped before the newest file (a clock that stepped) goes into the newest file, so a reader that has moved on
to it misses nothing. One process writes to a directory at a time; any number reads.

Files may be moved, deleted and put back while they are open. Nothing is appended at or before a named cursor, so that a new file is read from
its first message. A batch counts as on disk only while its file still has its name (`store.rawlog.day_file`).
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from store.error import DiskReserveError
from store.rawlog import query
from store.rawlog.day_file import DAY_SCHEMA, DayFile, connect, explained
from store.rawlog.directory import days_of, free_bytes
from store.rawlog.message import BEGINNING, LoggedMessage, Position, by_day, from_row, to_micros

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from schemas.message import RawMessage


_CURSORS = "cursors.sqlite"
_CURSOR_SCHEMA = "CREATE TABLE IF NOT EXISTS cursor (name TEXT PRIMARY KEY, day TEXT NOT NULL, row INTEGER NOT NULL);"
_INSERT = "INSERT INTO message (received_us, topic, payload, redelivered) VALUES (?, ?, ?, ?)"
_INSERT_AT = "INSERT INTO message (id, received_us, topic, payload, redelivered) VALUES (?, ?, ?, ?, ?)"
_LEAP = 1_000_000
"""Rows left free where a file holds fewer than a cursor has passed, for readers of the file before it."""
_SELECT = "SELECT id, received_us, topic, payload, redelivered FROM message WHERE id > ? ORDER BY id LIMIT ?"


class RawLog:
    """Append-only log of messages in a directory; threads may share it.

    Parameters
    ----------
    directory : Path
        Made when absent.
    reserve_bytes : int
        Nothing is appended while less than this would stay free [B]: a full disk also stops the drain, the state database
        and the repair.
    free : callable
        Returns the free space, by default of the file system [B].
    """

    def __init__(self, directory: Path, *, reserve_bytes: int = 0, free: Callable[[Path], int] = free_bytes) -> None:
        self._directory = directory
        self._reserve_bytes = reserve_bytes
        self._free = free
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: DayFile | None = None
        self._reader: DayFile | None = None
        self._appended = BEGINNING
        with explained(directory / _CURSORS):
            directory.mkdir(parents=True, exist_ok=True)
            self._cursors = connect(directory / _CURSORS, _CURSOR_SCHEMA)

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
        with self._write_lock, explained(self._directory):
            self._check_reserve(sum(len(item.payload) for item in batch))
            newest = max(self.days(), default=date.min)
            if self._writer is None:
                newest = max(newest, self._passed().day)
            for day, messages in by_day(batch, newest):
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
        with self._read_lock, explained(self._directory):
            for day in [day for day in self.days() if day >= cursor.day]:
                after = cursor.row if day == cursor.day else 0
                with (
                    explained(self._directory / f"{day}.sqlite"),
                    closing(self._reading(day).execute(_SELECT, (after, limit - len(found)))) as rows,
                ):
                    for row in rows:
                        room -= len(row[3])
                        if room < 0 and found:
                            return found
                        found.append(from_row(day, row))
                if len(found) >= limit:
                    break
        return found

    def cursor(self, name: str) -> Position:
        """Position of a named cursor; `BEGINNING` for one that never moved."""
        with self._write_lock, explained(self._directory):
            row = self._cursors.execute("SELECT day, row FROM cursor WHERE name = ?", (name,)).fetchone()
        return Position(date.fromisoformat(row[0]), row[1]) if row else BEGINNING

    def advance(self, name: str, position: Position) -> None:
        """Move a named cursor, durably; an earlier position rewinds it, so that history is read again."""
        with self._write_lock, explained(self._directory / _CURSORS), self._cursors:
            self._cursors.execute(
                "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET day = excluded.day, row = excluded.row",
                (name, position.day.isoformat(), position.row),
            )

    def drop_cursor(self, name: str) -> None:
        """Forget a named cursor, durably; harmless where there is none."""
        with self._write_lock, explained(self._directory / _CURSORS), self._cursors:
            self._cursors.execute("DELETE FROM cursor WHERE name = ?", (name,))

    def position_before(self, moment: datetime) -> Position:
        """Position to rewind a cursor to so that everything received from ``moment`` (aware) on is read again."""
        return query.position_before(self._directory, moment)

    def end(self) -> Position:
        """Position of the newest message; `BEGINNING` for an empty log."""
        return query.end_of(self._directory)

    def count(self, start: datetime, end: datetime) -> int:
        """Messages received in ``[start, end)`` (aware), redelivered ones included."""
        return query.count_between(self._directory, start, end)

    def find(
        self, topics: Collection[str], windows: Sequence[tuple[datetime, datetime]], *, most: int
    ) -> list[LoggedMessage]:
        """Messages of some topics received in some windows; as in `store.rawlog.query.find_messages`."""
        return query.find_messages(self._directory, topics, windows, most=most)

    def count_after(self, cursor: Position) -> int:
        """Messages after ``cursor``."""
        return query.count_after(self._directory, cursor)

    def prune(self, before: datetime) -> list[date]:
        """Delete whole days before ``before`` (aware) that every named cursor has passed; returns the days deleted.

        Without a cursor no reader is known, and nothing is deleted.
        """
        with self._write_lock, self._read_lock, explained(self._directory):
            slowest = self._cursors.execute("SELECT min(day) FROM cursor").fetchone()[0]
            limit = min(before.astimezone(UTC).date(), date.fromisoformat(slowest)) if slowest else date.min
            # the newest file stays: its name is the day that the log has reached
            doomed = [day for day in self.days()[:-1] if day < limit]
            self._close_days()
            for day in doomed:
                for suffix in ("-shm", "-wal", ""):
                    (self._directory / f"{day}.sqlite{suffix}").unlink(missing_ok=True)
        return doomed

    def days(self) -> list[date]:
        """Days that have a file, ascending."""
        return days_of(self._directory)

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
        rows = [(to_micros(item.received_at), item.topic, item.payload, item.redelivered) for item in messages]
        with explained(self._directory / f"{day}.sqlite"):
            file = self._writing(day)
            with file.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                first = self._first_row(file)
                if first is not None:
                    connection.execute(_INSERT_AT, (first, *rows.pop(0)))
                connection.executemany(_INSERT, rows)
                last = connection.execute("SELECT max(id) FROM message").fetchone()[0]
            file.is_counted = True
            if not file.is_in_place():
                self._let_go()
                msg = "moved or deleted while it was open; the batch is written again"
                raise FileNotFoundError(msg)
        self._appended = Position(day, last)
        return self._appended

    def _first_row(self, file: DayFile) -> int | None:
        """Row of the next message where the file holds fewer than a cursor has passed; None where it follows by itself."""
        if file.is_counted:
            return None
        passed = self._passed()
        if passed.day != file.day:
            return None
        last = file.connection.execute("SELECT max(id) FROM message").fetchone()[0] or 0
        return passed.row + _LEAP if last < passed.row else None

    def _passed(self) -> Position:
        """The farthest position of any cursor and of this object's own appends."""
        rows = self._cursors.execute("SELECT day, row FROM cursor").fetchall()
        return max([self._appended, *(Position(date.fromisoformat(day), row) for day, row in rows)])

    def _writing(self, day: date) -> DayFile:
        if self._writer is None or self._writer.day != day:
            if self._writer is not None:
                self._writer.connection.close()
                self._writer = None
            self._writer = self._open(day)
        return self._writer

    def _reading(self, day: date) -> sqlite3.Connection:
        if self._reader is None or self._reader.day != day or not self._reader.is_in_place():
            if self._reader is not None:
                self._reader.connection.close()
                self._reader = None
            self._reader = self._open(day)
        return self._reader.connection

    def _open(self, day: date) -> DayFile:
        return DayFile(day, self._directory / f"{day}.sqlite", DAY_SCHEMA)

    def _let_go(self) -> None:
        """Close files that have lost their names, after their write-ahead logs are folded in."""
        if self._writer is not None:
            self._writer.fold()
        with self._read_lock:
            self._close_days()

    def _close_days(self) -> None:
        for held in (self._writer, self._reader):
            if held is not None:
                held.connection.close()
        self._writer = self._reader = None
