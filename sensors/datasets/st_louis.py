"""Hourly PM2.5 components of the St Louis supersite, June 2001 to March 2002: a sample set of EPA PMF.

The file has 418 hours chosen from the period, not every hour. Times are taken for the start of the hour in Central
Standard Time; the file names no zone. Concentrations below the detection limit were replaced by constants before the file was
made (OC 0.25, EC 0.25, NO3 1.31 and the like occur many times), so runs of equal values are no stuck instrument.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

ZONE = timezone(timedelta(hours=-6))

_MISSING = frozenset({"", "-999"})
_METALS = {
    "Cd": "cadmium", "Cu": "copper", "Fe": "iron", "Mn": "manganese", "Ni": "nickel", "Pb": "lead", "Se": "selenium", "Zn": "zinc",
}  # fmt: skip
_COLUMNS = (
    table.DatasetColumn("Mass", "mass1", "pm25", "ug/m3"),
    *table.columns_of("ions1", "ug/m3", {"SO4": "sulfate", "NO3": "nitrate"}),
    *table.columns_of("ocec1", "ug/m3", {"OC": "oc", "EC": "ec"}),
    *table.columns_of("metals1", "ug/m3", _METALS),
)
_INSTRUMENTS = tuple(
    table.instrument_for(_COLUMNS, name, NetworkCode.PM, 3600) for name in ("mass1", "ions1", "ocec1", "metals1")
)

STATIONS = (table.station_for("us-st-louis", "圣路易斯超级站", "St Louis supersite", _INSTRUMENTS),)


def read(path: Path) -> Iterator[Reading]:
    """Readings in the order of the file; raises `DatasetError`."""
    return table.read_dataset(path, "Dataset-StLouis-con.csv*", _rows, _observed)


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, ["Date", *(column.name for column in _COLUMNS)])


def _observed(row: table.Row) -> Iterator[table.Observed]:
    start = row.moment("Date", "a time as 6/22/2001 0:00", lambda: _start(row.cells["Date"]))
    values = table.values_of(row, _COLUMNS, _MISSING)
    yield table.Observed(STATIONS[0], table.interval_of(row, "Date", start, table.HOUR), values)


def _start(cell: str) -> datetime:
    return datetime.strptime(cell, "%m/%d/%Y %H:%M").replace(tzinfo=ZONE)
