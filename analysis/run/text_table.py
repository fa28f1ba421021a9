"""Tables in comma or tab separated text files, read strictly: a message names file, line and column."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TIME_FORMS = ("ISO8601", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%y %H:%M", "%m/%d/%y")
_MISSING_WORDS = {"", "na", "nan"}
_LARGEST = 1e100
"""No concentration, wind or coordinate is larger; squares of larger numbers exceed the range of a float."""
_YEARS = (1900, 2199)
MOST_COLUMNS = 2000
"""No table of species or of a year of days has more; project choice."""
_SHOWN = 40
"""Characters of a cell in a message."""


class TextTableError(ValueError):
    """A file that is no table; the message names file, line and column."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """Cells of a file.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Of the columns, unique and printable; that of the first may be empty.
    lines : tuple of int
        Line of each row in the file, from 1.
    rows : tuple of list of str
        Cells, as many as names.
    """

    path: Path
    names: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[list[str], ...]

    def texts(self, name: str) -> list[str]:
        """Cells of a column without spaces around them."""
        column = self.names.index(name)
        return [row[column].strip() for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """Cells of a column as numbers; blank, NA and NaN are missing (NaN). Raises `TextTableError`."""
        cells = zip(self.lines, self.texts(name), strict=True)
        return [self._number(line, name, text) for line, text in cells]

    def place(self, row: int, name: str) -> str:
        """File, line and column of a cell, for messages."""
        return f"{self.path}, line {self.lines[row]}, {name}"

    def _number(self, line: int, name: str, text: str) -> float:
        if text.lower() in _MISSING_WORDS:
            return math.nan
        try:
            # float() reads 1_000 as a number
            number = float(text.replace("_", "?"))
        except ValueError:
            msg = f"{self.path}, line {line}, {name}: {_short(text)} is no number"
            raise TextTableError(msg) from None
        if abs(number) > _LARGEST:
            msg = f"{self.path}, line {line}, {name}: {_short(text)}, expected a number within ±{_LARGEST:g}"
            raise TextTableError(msg)
        return number


def read_table(path: Path) -> TextTable:
    """Read a table.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark; first line: names. Separated by tabs where the first line has one, else by commas.

    Returns
    -------
    TextTable
        Without empty lines; it may have no rows.

    Raises
    ------
    TextTableError
        If it cannot be read, a row has another number of cells than the header, or a name is blank, twice or not printable.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        msg = f"{path}: {why}"
        raise TextTableError(msg) from error
    lines = text.split("\n")
    rows = list(_rows(path, lines, "\t" if "\t" in lines[0] else ","))
    names = tuple(name.strip() for name in rows[0][1]) if rows else ()
    if len(names) > MOST_COLUMNS:
        msg = f"{path}: {len(names)} columns; {MOST_COLUMNS} at most"
        raise TextTableError(msg)
    _check_names(path, names)
    for number, row in rows[1:]:
        if len(row) != len(names):
            msg = f"{path}, line {number}: {len(row)} columns, the header has {len(names)}"
            raise TextTableError(msg)
    return TextTable(path, names, tuple(number for number, _ in rows[1:]), tuple(row for _, row in rows[1:]))


def moments_of(texts: Sequence[str]) -> pd.DatetimeIndex:
    """Moments that texts of one form name, UTC; without an offset they are UTC, NaT where a text has another form.

    Parameters
    ----------
    texts : sequence of str
        As 2026-11-22, 2026-11-22T08:00[+08:00] or, as in the files of EPA PMF, 11/22/2026 [08:00]. A number alone is none.

    Examples
    --------
    >>> moments_of(["2026-11-22T08:00+08:00", "2026-11-22", "46348"])
    DatetimeIndex(['2026-11-22 00:00:00+00:00', '2026-11-22 00:00:00+00:00',
                                         'NaT'],
                  dtype='datetime64[us, UTC]', freq=None)
    """
    column = pd.Series([text if any(sign in text for sign in "-/") else "" for text in texts], dtype=str)
    read = [pd.to_datetime(column, format=form, utc=True, errors="coerce") for form in _TIME_FORMS]
    best = max(read, key=lambda found: found.notna().sum())
    return pd.DatetimeIndex(best.where(best.dt.year.between(*_YEARS)))


def _rows(path: Path, lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield reader.line_num, row
    except csv.Error as error:
        msg = f"{path}, line {reader.line_num}: {error}; a quotation mark that is not closed joins lines"
        raise TextTableError(msg) from error


def _check_names(path: Path, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names, 1):
        if not name.isprintable() or (not name and number > 1):
            msg = f"{path}: column {number} is named {_short(name)}, expected a name of printable signs"
            raise TextTableError(msg)
        if name in names[: number - 1]:
            msg = f"{path}: column {_short(name)} is given twice"
            raise TextTableError(msg)


def _short(text: str) -> str:
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
