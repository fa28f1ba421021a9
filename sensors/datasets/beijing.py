"""Beijing Multi-Site Air Quality: hourly gases, particles and weather, March 2013 to February 2017.

Times are the start of the hour in civil time of Beijing (UTC+8); the file says only ``hour`` 0 to 23. CO is in ug/m3 as
the other gases. Wind directions are of 16 points. The stations' places are not in the files.
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

ZONE = timezone(timedelta(hours=8))
POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
"""Where the wind comes from, every 22.5 degrees from north."""

_MISSING = frozenset({"NA", ""})
_HOUR = timedelta(hours=1)
_COLUMNS = (
    DatasetColumn("PM2.5", "gas1", "pm25", "ug/m3"),
    DatasetColumn("PM10", "gas1", "pm10", "ug/m3"),
    DatasetColumn("SO2", "gas1", "so2", "ug/m3"),
    DatasetColumn("NO2", "gas1", "no2", "ug/m3"),
    DatasetColumn("CO", "gas1", "co", "ug/m3"),
    DatasetColumn("O3", "gas1", "o3", "ug/m3"),
    DatasetColumn("TEMP", "met1", "temperature", "degC"),
    DatasetColumn("PRES", "met1", "pressure", "hPa"),
    DatasetColumn("DEWP", "met1", "dew_point", "degC"),
    DatasetColumn("RAIN", "met1", "rain", "mm"),
    DatasetColumn("WSPM", "met1", "wind_speed", "m/s"),
)
_DIRECTION = DatasetColumn("wd", "met1", "wind_direction", "deg")
_NAMES = (
    ("Aotizhongxin", "奥体中心"),
    ("Changping", "昌平"),
    ("Dingling", "定陵"),
    ("Dongsi", "东四"),
    ("Guanyuan", "官园"),
    ("Gucheng", "古城"),
    ("Huairou", "怀柔"),
    ("Nongzhanguan", "农展馆"),
    ("Shunyi", "顺义"),
    ("Tiantan", "天坛"),
    ("Wanliu", "万柳"),
    ("Wanshouxigong", "万寿西宫"),
)

STATIONS = tuple(
    Station(
        id=f"bj-{name_en.lower()}",
        name_zh=name_zh,
        name_en=name_en,
        city="110000",
        late_window_h=0,
        instruments=(
            instrument_for(_COLUMNS, "gas1", NetworkCode.GAS, 3600),
            instrument_for((*_COLUMNS, _DIRECTION), "met1", NetworkCode.MET, 3600),
        ),
    )
    for name_en, name_zh in _NAMES
)
_BY_NAME = dict(zip((name for name, _ in _NAMES), STATIONS, strict=True))


def read(path: Path) -> Iterator[Reading]:
    """Readings of one station's file, or of all such files of a folder one after another.

    Raises
    ------
    DatasetError
        At the first line that is not as expected.
    """
    numbering = Numbering()
    columns = ["year", "month", "day", "hour", "wd", "station", *(column.name for column in _COLUMNS)]
    for file in files_at(path, "PRSA_Data_*.csv*"):
        for row in read_table(file, columns):
            station = _BY_NAME.get(row.cells["station"])
            if station is None:
                row.fail("station", f"one of {', '.join(_BY_NAME)}")
            start = _start(row)
            values = values_of(row, _COLUMNS, _MISSING)
            direction = _direction(row)
            if direction is not None:
                values.setdefault("met1", {})["wind_direction"] = direction
            yield from readings_of(station, interval_of(row, "year", start, _HOUR), values, numbering)


def _start(row: Row) -> datetime:
    try:
        year, month, day, hour = (int(row.cells[name]) for name in ("year", "month", "day", "hour"))
        return datetime(year, month, day, hour, tzinfo=ZONE).astimezone(UTC)
    except (ValueError, OverflowError):
        row.fail("year", "year, month, day and hour of a calendar time")


def _direction(row: Row) -> float | None:
    name = row.cells["wd"]
    if name in _MISSING:
        return None
    if name not in POINTS:
        row.fail("wd", f"one of {', '.join(POINTS)}")
    return POINTS.index(name) * 22.5
