"""Hourly CO2 at 150 m above the ground of the ICOS tower Svartberget (Sweden), June 2017 to April 2019.

Times are UTC and, as ICOS stamps its hours, the start of the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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

SITE = "SVB"

_MISSING = frozenset({"", "nan", "-999.99"})
_HOUR = timedelta(hours=1)
_COLUMNS = (DatasetColumn("co2", "co2-150m", "co2", "ppm"),)

STATIONS = (
    Station(
        id="icos-svb",
        name_zh="斯瓦特贝里",
        name_en="Svartberget",
        late_window_h=0,
        instruments=(instrument_for(_COLUMNS, "co2-150m", NetworkCode.GHG, 3600, "ICOS instrument 464"),),
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
    for file in files_at(path, "svb_co2_hourly.csv*"):
        for row in read_table(file, ["DateTime", "#Site", "SamplingHeight", "co2"]):
            if row.cells["#Site"] != SITE:
                row.fail("#Site", SITE)
            start = _start(row)
            values = values_of(row, _COLUMNS, _MISSING)
            yield from readings_of(STATIONS[0], interval_of(row, "DateTime", start, _HOUR), values, numbering)


def _start(row: Row) -> datetime:
    try:
        return datetime.strptime(row.cells["DateTime"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        row.fail("DateTime", "a time as 2017-06-01 00:00:00")
