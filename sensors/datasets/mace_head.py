"""AGAGE gas chromatograph at Mace Head (Ireland), January and February 2012, with a flag for every value.

Fixed columns after four header lines and a line of names: ten of time, inlet, standard, then value and flag of ten species.
A flag has four characters. In the first, ``F``, ``T`` and ``*`` occur only where the file no longer has the value; the
file does not explain them, and they are **not** letters of HJ 212: all become ``D``, so that it stays visible that
a value was removed by hand. The third, ``B`` (baseline) or ``P`` (pollution), describes the air and not the
instrument, and gets no letter. Times are taken for UTC (the file is stamped in GMT); an injection is an instant.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.reading import Status
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

CADENCE_S = 2400
"""Median step between injections [s]."""
REMOVED = frozenset("FT*")
FLAG_LENGTH = 4

_HEADER_LINES = 5
_FIRST_SPECIES = 13
_MISSING = frozenset({"nan"})
_HALOCARBONS = {
    "CFC-11": "trichlorofluoromethane", "CFC-113": "1_1_2_trichloro_1_2_2_trifluoroethane", "CHCl3": "trichloromethane",
    "CH3CCl3": "1_1_1_trichloroethane", "CCl4": "tetrachloromethane",
}  # fmt: skip
_COLUMNS = (
    table.DatasetColumn("CH4", "gcmd1", "ch4", "ppb"),
    table.DatasetColumn("CFC-12", "gcmd1", "dichlorodifluoromethane", "ppt"),
    table.DatasetColumn("N2O", "gcmd1", "n2o", "ppb"),
    *table.columns_of("gcmd1", "ppt", _HALOCARBONS),
    *table.columns_of("gcmd1", "ppb", {"H2": "h2", "CO": "co"}),
)
_INSTRUMENTS = (table.instrument_for(_COLUMNS, "gcmd1", NetworkCode.GHG, CADENCE_S, "GC-MD"),)

STATIONS = (table.station_for("agage-mhd", "梅斯角", "Mace Head", _INSTRUMENTS),)


def read(path: Path) -> Iterator[Reading]:
    """Readings in the order of the file, injections without a value and without a flag left out; raises `DatasetError`."""
    return table.read_dataset(path, "macehead.12.C", _rows, _observed)


def _observed(row: table.Row) -> Iterator[table.Observed]:
    at = row.moment("yyyy", "year, month, day, hour and minute of a calendar time", lambda: _time(row))
    values, status = _values(row)
    if values or status:
        yield table.Observed(STATIONS[0], table.interval_of(row, "yyyy", at), {"gcmd1": values}, {"gcmd1": status})


def _rows(path: Path) -> Iterator[table.Row]:
    names: list[str] = []
    for line, text in enumerate(table.read_lines(path, "ascii"), start=1):
        cells = text.strip("\0\x1a").split()
        if line == _HEADER_LINES:
            names = _names(path, cells)
        if line <= _HEADER_LINES or not cells:
            continue
        yield table.row_of(path, line, names, cells)
    if not names:
        msg = f"{path.name}: fewer than {_HEADER_LINES} lines, expected a header"
        raise table.DatasetError(msg)


def _names(path: Path, cells: list[str]) -> list[str]:
    """Column names, each flag by its species."""
    species = [column.name for column in _COLUMNS]
    if cells[_FIRST_SPECIES::2] != species:
        msg = f"{path.name}, line {_HEADER_LINES}: expected the species {', '.join(species)}"
        raise table.DatasetError(msg)
    flags = [f"{name} Flag" for name in species]
    return [*cells[:_FIRST_SPECIES], *(name for pair in zip(species, flags, strict=True) for name in pair)]


def _time(row: table.Row) -> datetime:
    year, month, day, hour, minute = (int(row.cells[name]) for name in ("yyyy", "mm", "dd", "hh", "mi"))
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def _values(row: table.Row) -> tuple[dict[str, float], dict[str, str]]:
    values: dict[str, float] = {}
    status: dict[str, str] = {}
    for column in _COLUMNS:
        flag = row.cells[f"{column.name} Flag"]
        if len(flag) != FLAG_LENGTH or flag[0] not in REMOVED | {"-"}:
            row.fail(f"{column.name} Flag", "four characters, the first of them one of - F T *")
        value = row.number(column.name, _MISSING)
        if value is not None:
            values[column.parameter] = table.canonical(value, column.parameter, column.unit)
        if flag[0] in REMOVED:
            status[column.parameter] = Status.FAULT.value
    return values, status
