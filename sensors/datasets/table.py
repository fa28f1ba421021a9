"""What the adapters of data sets share: reading text tables strictly, and turning cells into readings.

Errors::

    DatasetError    a file that is not what the adapter expects; names file, line and expectation
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from codecs import BOM_UTF8
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from schemas.bounds import NUMBER_MAX, bounded_interval, is_number
from schemas.moment import BoundsError, bounded_moment
from schemas.network import Instrument, Station
from schemas.parameter import parameter
from schemas.reading import Reading
from schemas.units import convert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from schemas.interval import Interval
    from schemas.message import NetworkCode

_NONE = timedelta(0)
_BLANKS = " \t\r\n\0\x1a"
"""Characters of an empty line; 1A is the end of a file of DOS."""
_EXTRA_DECIMALS = 3
"""Digits that a converted value keeps beyond those of the registry, so that converting back gives the file's figure."""


class DatasetError(ValueError):
    """A file of a data set that cannot be used as such."""


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """One column of a file: its name there, who measures it, what it is, in which unit the file has it."""

    name: str
    instrument_id: str
    parameter: str
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `fail` raises `DatasetError` with its place."""

    path: Path
    line: int
    cells: dict[str, str]

    def fail(self, column: str, expected: str) -> NoReturn:
        """Raise `DatasetError` for a cell."""
        msg = f"{self.path.name}, line {self.line}, column {column}: {self.cells.get(column)!r}, expected {expected}"
        raise DatasetError(msg)

    def number(self, column: str, missing: frozenset[str]) -> float | None:
        """Value of a cell; None for a missing value."""
        cell = self.cells[column].strip()
        if cell in missing:
            return None
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self.fail(column, f"a finite number, or one of {sorted(missing)} for no value")
        if not is_number(value):
            self.fail(column, f"an amount of at most {NUMBER_MAX:g}")
        return value


@dataclass(slots=True)
class Numbering:
    """Counts the readings of each instrument up from 1."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def next(self, station_id: str, instrument_id: str) -> int:
        """Number of the next reading."""
        self.counts[station_id, instrument_id] += 1
        return self.counts[station_id, instrument_id]


def files_at(path: Path, pattern: str) -> list[Path]:
    """Files to read: the path itself, or in a folder those that match, by name.

    Raises
    ------
    DatasetError
        If there is none.
    """
    found = sorted(path.glob(pattern)) if path.is_dir() else [path] if path.is_file() else []
    if not found:
        msg = f"{path}: expected a file, or a folder with files {pattern}"
        raise DatasetError(msg)
    return found


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[str]:
    """Lines of a text file, packed with gzip if its name ends in ``.gz``; a byte order mark in front is passed over.

    Raises
    ------
    DatasetError
        If it is not readable as such.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw:
            is_marked = raw.read(len(BOM_UTF8)) == BOM_UTF8
            raw.seek(0)
            with io.TextIOWrapper(raw, "utf-8-sig" if is_marked else encoding, newline="") as file:
                yield from file
    except UnicodeDecodeError as error:
        msg = f"{path.name}: {error}, expected text in {encoding}"
        raise DatasetError(msg) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        msg = f"{path.name}: {error}, expected a whole gzip file"
        raise DatasetError(msg) from error


def read_table(path: Path, columns: Sequence[str], encoding: str = "utf-8") -> Iterator[Row]:
    """Rows of a CSV file with one header line.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Must be there; others may be.
    encoding : str

    Raises
    ------
    DatasetError
        If a column is missing or a line has another number of cells than the header.
    """
    rows = read_cells(path, encoding)
    _, header = next(rows, (1, []))
    absent = [name for name in columns if name not in header]
    if absent:
        msg = f"{path.name}, line 1: expected the columns {', '.join(absent)} too, found {', '.join(header)[:200]!r}"
        raise DatasetError(msg)
    for line, cells in rows:
        if len(cells) != len(header):
            msg = f"{path.name}, line {line}: {len(cells)} cells, expected {len(header)}"
            raise DatasetError(msg)
        yield Row(path, line, dict(zip(header, cells, strict=True)))


def read_cells(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every line of a CSV file that is not empty; an empty line, wherever it is, is no data.

    Raises
    ------
    DatasetError
        If it is no CSV file.
    """
    reader = csv.reader(read_lines(path, encoding))
    try:
        for cells in reader:
            if any(cell.strip(_BLANKS) for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        msg = f"{path.name}, line {reader.line_num}: {error}, expected comma-separated values"
        raise DatasetError(msg) from error


def interval_of(row: Row, column: str, at: datetime, length: timedelta = _NONE) -> Interval:
    """Interval that begins at a row's time, or ends there where the length is negative; fails at that column beyond the bounds."""
    try:
        first = bounded_moment(at)
        return bounded_interval(*sorted((first, first + length)))
    except BoundsError as error:
        row.fail(column, error.expected)


def canonical(value: float, code: str, unit: str) -> float:
    """Value in the parameter's canonical unit, without the digits that only conversion makes."""
    known = parameter(code)
    if unit == known.unit:
        return value
    return round(convert(value, unit, known), known.decimals + _EXTRA_DECIMALS)


def values_of(row: Row, columns: Sequence[DatasetColumn], missing: frozenset[str]) -> dict[str, dict[str, float]]:
    """Values by instrument and parameter, canonical; an instrument without a value is absent."""
    values: dict[str, dict[str, float]] = {}
    for column in columns:
        value = row.number(column.name, missing)
        if value is not None:
            values.setdefault(column.instrument_id, {})[column.parameter] = canonical(
                value, column.parameter, column.unit
            )
    return values


def readings_of(
    station: Station, interval: Interval, values: dict[str, dict[str, float]], numbering: Numbering
) -> Iterator[Reading]:
    """A reading for each instrument that has a value."""
    for instrument in station.instruments:
        if instrument.id in values:
            yield Reading(
                instrument.network.value,
                station.id,
                instrument.id,
                interval,
                values[instrument.id],
                {},
                numbering.next(station.id, instrument.id),
            )


def instrument_for(
    columns: Sequence[DatasetColumn], instrument_id: str, network: NetworkCode, cadence_s: int, model: str = ""
) -> Instrument:
    """Instrument that reports every column it is named in."""
    return Instrument(
        id=instrument_id,
        network=network,
        cadence_s=cadence_s,
        parameters=tuple(column.parameter for column in columns if column.instrument_id == instrument_id),
        model=model,
    )
