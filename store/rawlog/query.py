"""Questions about the messages of a raw log's directory; each opens the files it needs."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from store.rawlog.day_file import DAY_SCHEMA, connect, explained
from store.rawlog.directory import days_of
from store.rawlog.message import BEGINNING, LoggedMessage, Position, from_row, to_micros

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

_COUNT = "SELECT count(*) FROM message WHERE received_us >= ? AND received_us < ?"
_FIND = """SELECT id, received_us, topic, payload, redelivered FROM message
WHERE received_us >= ? AND received_us < ? AND topic IN (SELECT value FROM json_each(?))"""


def position_before(directory: Path, moment: datetime) -> Position:
    """Position to rewind a cursor to so that everything received from ``moment`` (aware) on is read again."""
    micros = to_micros(moment)
    for day in [day for day in days_of(directory) if day >= moment.astimezone(UTC).date()]:
        row = _one(directory, day, "SELECT min(id) FROM message WHERE received_us >= ?", (micros,))
        if row is not None:
            return Position(day, row - 1)
    return end_of(directory)


def end_of(directory: Path) -> Position:
    """Position of the newest message; `BEGINNING` for an empty log."""
    for day in reversed(days_of(directory)):
        row = _one(directory, day, "SELECT max(id) FROM message", ())
        if row is not None:
            return Position(day, row)
    return BEGINNING


def count_between(directory: Path, start: datetime, end: datetime) -> int:
    """Messages received in ``[start, end)`` (aware), redelivered ones included."""
    first = start.astimezone(UTC).date()
    bounds = (to_micros(start), to_micros(end))
    return sum(_one(directory, day, _COUNT, bounds) or 0 for day in days_of(directory) if day >= first)


def find_messages(
    directory: Path, topics: Collection[str], windows: Sequence[tuple[datetime, datetime]], *, most: int
) -> list[LoggedMessage]:
    """Messages of some topics that were received in any of the windows, in log order.

    Parameters
    ----------
    topics : collection of str
    windows : sequence of tuple of datetime
        Pairs ``[start, end)``, aware, without overlap.
    most : int
        Messages of any topic that are looked through, newest window first; a window that would exceed the rest is left out [1].
    """
    bounds = [(to_micros(start), to_micros(end)) for start, end in sorted(windows, reverse=True)]
    first = min((start.astimezone(UTC).date() for start, _ in windows), default=date.max)
    wanted = msgspec.json.encode(sorted(topics)).decode()
    found: list[LoggedMessage] = []
    for day in [day for day in reversed(days_of(directory)) if day >= first]:
        path = directory / f"{day}.sqlite"
        with explained(path), closing(connect(path, DAY_SCHEMA)) as connection:
            for window in bounds:
                passed = connection.execute(_COUNT, window).fetchone()[0]
                if 0 < passed <= most:
                    most -= passed
                    rows = connection.execute(_FIND, (*window, wanted))
                    found.extend(from_row(day, row) for row in rows)
    return sorted(found, key=lambda item: item.position)


def count_after(directory: Path, cursor: Position) -> int:
    """Messages after ``cursor``."""
    question = "SELECT count(*) FROM message WHERE id > ?"
    days = [day for day in days_of(directory) if day >= cursor.day]
    return sum(_one(directory, day, question, (cursor.row if day == cursor.day else 0,)) or 0 for day in days)


def _one(directory: Path, day: date, question: str, values: tuple[int, ...]) -> int | None:
    path = directory / f"{day}.sqlite"
    with explained(path), closing(connect(path, DAY_SCHEMA)) as connection:
        answer: int | None = connection.execute(question, values).fetchone()[0]
        return answer
