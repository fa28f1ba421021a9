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
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from schemas.bounds import NUMBER_MAX, bounded_interval, is_number
from schemas.moment import BoundsError, bounded_moment
from schemas.network import Instrument, Station
from schemas.parameter import parameter
from schemas.reading import Reading
from schemas.table_row import TableRow
from schemas.units import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from schemas.interval import Interval
    from schemas.message import NetworkCode

HOUR = timedelta(hours=1)
POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
"""Where the wind comes from, every 22.5 degrees from north."""

_SECTOR_DEG = 22.5
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


class Row(TableRow):
    """One line of a data set; `fail` raises `DatasetError`."""

    __slots__ = ()
    error = DatasetError

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

    def moment(self, column: str, expected: str, parse: Callable[[], datetime]) -> datetime:
        """UTC time that ``parse`` reads from the row; fails at a column where ``parse`` raises `ValueError` or `OverflowError`."""
        try:
            return parse().astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(column, expected)

    def direction_deg(self, column: str, points: Sequence[str], expected: str) -> float:
        """Direction of a cell that names one of 16 points, ordered as `POINTS` [deg]."""
        if self.cells[column] not in points:
            self.fail(column, expected)
        return points.index(self.cells[column]) * _SECTOR_DEG


@dataclass(frozen=True, slots=True)
class Observed:
    """Values of one station in a row.

    Attributes
    ----------
    values : dict of str to dict of str to float
        By instrument and parameter, in canonical units; an instrument without a value is absent.
    status : dict of str to dict of str to str
        Letters by instrument and parameter; only those that are not normal.
    """

    station: Station
    interval: Interval
    values: dict[str, dict[str, float]]
    status: dict[str, dict[str, str]] = field(default_factory=dict)


def read_dataset(
    path: Path, pattern: str, rows: Callable[[Path], Iterator[Row]], observed: Callable[[Row], Iterator[Observed]]
) -> Iterator[Reading]:
    """Readings of every row of the files at a path, numbered by instrument from 1.

    Parameters
    ----------
    path : Path
        A file, or a folder with files that match ``pattern``.
    pattern : str
    rows : callable
        Rows of a file.
    observed : callable
        Values of each station in a row.

    Raises
    ------
    DatasetError
        At the first line that is not as expected.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for file in files_at(path, pattern):
        for item in (item for row in rows(file) for item in observed(row)):
            station = item.station
            for instrument in station.instruments:
                if instrument.id in item.values or instrument.id in item.status:
                    counts[station.id, instrument.id] += 1
                    yield Reading(
                        instrument.network.value,
                        station.id,
                        instrument.id,
                        item.interval,
                        item.values.get(instrument.id, {}),
                        item.status.get(instrument.id, {}),
                        counts[station.id, instrument.id],
                    )


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
        yield row_of(path, line, header, cells)


def row_of(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    """Row of a line; raises `DatasetError` where the line has another number of cells than the header."""
    if len(cells) != len(header):
        msg = f"{path.name}, line {line}: {len(cells)} cells, expected {len(header)}"
        raise DatasetError(msg)
    return Row(path, line, dict(zip(header, cells, strict=True)))


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


def columns_of(instrument_id: str, unit: str, codes: Mapping[str, str]) -> tuple[DatasetColumn, ...]:
    """Columns of one instrument and unit; ``codes`` is the parameter by the column's name."""
    return tuple(DatasetColumn(name, instrument_id, code, unit) for name, code in codes.items())


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


def station_for(station_id: str, name_zh: str, name_en: str, instruments: Iterable[Instrument]) -> Station:
    """Station of which readings of any age are accepted; its place is not in the file."""
    return Station(id=station_id, name_zh=name_zh, name_en=name_en, late_window_h=0, instruments=tuple(instruments))
