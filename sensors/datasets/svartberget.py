"""Hourly CO2 at 150 m above the ground of the ICOS tower Svartberget (Sweden), June 2017 to April 2019.

Times are UTC and, as ICOS stamps its hours, the start of the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

SITE = "SVB"

_MISSING = frozenset({"", "nan", "-999.99"})
_COLUMNS = (table.DatasetColumn("co2", "co2-150m", "co2", "ppm"),)
_INSTRUMENTS = (table.instrument_for(_COLUMNS, "co2-150m", NetworkCode.GHG, 3600, "ICOS instrument 464"),)

STATIONS = (table.station_for("icos-svb", "斯瓦特贝里", "Svartberget", _INSTRUMENTS),)


def read(path: Path) -> Iterator[Reading]:
    """Readings in the order of the file; raises `DatasetError`."""
    return table.read_dataset(path, "svb_co2_hourly.csv*", _rows, _observed)


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, ["DateTime", "#Site", "SamplingHeight", "co2"])


def _observed(row: table.Row) -> Iterator[table.Observed]:
    if row.cells["#Site"] != SITE:
        row.fail("#Site", SITE)
    start = row.moment("DateTime", "a time as 2017-06-01 00:00:00", lambda: _start(row.cells["DateTime"]))
    values = table.values_of(row, _COLUMNS, _MISSING)
    yield table.Observed(STATIONS[0], table.interval_of(row, "DateTime", start, table.HOUR), values)


def _start(cell: str) -> datetime:
    return datetime.strptime(cell, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
