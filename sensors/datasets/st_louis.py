"""Hourly PM2.5 components of the St Louis supersite, June 2001 to March 2002: a sample set of EPA PMF.

The file has 418 hours chosen from the period, not every hour. Times are taken for the start of the hour in Central
Standard Time; the file names no zone. Concentrations below the detection limit were replaced by constants before the file was
made (OC 0.25, EC 0.25, NO3 1.31 and the like occur many times), so runs of equal values are no stuck instrument.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.network import Station
from sensors.datasets.table import (
    DatasetColumn,
    Numbering,
    Row,
    files_at,
    instrument_for,
    interval_of,
    read_table,
    readings_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

ZONE = timezone(timedelta(hours=-6))

_MISSING = frozenset({"", "-999"})
_HOUR = timedelta(hours=1)
_COLUMNS = (
    DatasetColumn("Mass", "mass1", "pm25", "ug/m3"),
    DatasetColumn("SO4", "ions1", "sulfate", "ug/m3"),
    DatasetColumn("NO3", "ions1", "nitrate", "ug/m3"),
    DatasetColumn("OC", "ocec1", "oc", "ug/m3"),
    DatasetColumn("EC", "ocec1", "ec", "ug/m3"),
    DatasetColumn("Cd", "metals1", "cadmium", "ug/m3"),
    DatasetColumn("Cu", "metals1", "copper", "ug/m3"),
    DatasetColumn("Fe", "metals1", "iron", "ug/m3"),
    DatasetColumn("Mn", "metals1", "manganese", "ug/m3"),
    DatasetColumn("Ni", "metals1", "nickel", "ug/m3"),
    DatasetColumn("Pb", "metals1", "lead", "ug/m3"),
    DatasetColumn("Se", "metals1", "selenium", "ug/m3"),
    DatasetColumn("Zn", "metals1", "zinc", "ug/m3"),
)

STATIONS = (
    Station(
        id="us-st-louis",
        name_zh="圣路易斯超级站",
        name_en="St Louis supersite",
        late_window_h=0,
        instruments=tuple(
            instrument_for(_COLUMNS, name, NetworkCode.PM, 3600) for name in ("mass1", "ions1", "ocec1", "metals1")
        ),
    ),
)


def read(path: Path) -> Iterator[Reading]:
    """Readings in the order of the file.

    Raises
    ------
    DatasetError
        At the first line that is not as expected.
    """
    numbering = Numbering()
    for file in files_at(path, "Dataset-StLouis-con.csv*"):
        for row in read_table(file, ["Date", *(column.name for column in _COLUMNS)]):
            start = _start(row)
            values = values_of(row, _COLUMNS, _MISSING)
            yield from readings_of(STATIONS[0], interval_of(row, "Date", start, _HOUR), values, numbering)


def _start(row: Row) -> datetime:
    try:
        return datetime.strptime(row.cells["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        row.fail("Date", "a time as 6/22/2001 0:00")
