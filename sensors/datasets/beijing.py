"""Beijing Multi-Site Air Quality: hourly gases, particles and weather, March 2013 to February 2017.

Times are the start of the hour in civil time of Beijing (UTC+8); the file says only ``hour`` 0 to 23. CO is in ug/m3 as
the other gases. Wind directions are of 16 points. The stations' places are not in the files.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.network import Station
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

ZONE = timezone(timedelta(hours=8))

_TIME = ("year", "month", "day", "hour")
_FILES = "PRSA_Data_*.csv*"
_MISSING = frozenset({"NA", ""})
_COLUMNS = (
    *table.columns_of(
        "gas1", "ug/m3", {"PM2.5": "pm25", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3"}
    ),
    table.DatasetColumn("TEMP", "met1", "temperature", "degC"),
    table.DatasetColumn("PRES", "met1", "pressure", "hPa"),
    table.DatasetColumn("DEWP", "met1", "dew_point", "degC"),
    table.DatasetColumn("RAIN", "met1", "rain", "mm"),
    table.DatasetColumn("WSPM", "met1", "wind_speed", "m/s"),
)
_DIRECTION = table.DatasetColumn("wd", "met1", "wind_direction", "deg")
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
            table.instrument_for(_COLUMNS, "gas1", NetworkCode.GAS, 3600),
            table.instrument_for((*_COLUMNS, _DIRECTION), "met1", NetworkCode.MET, 3600),
        ),
    )
    for name_en, name_zh in _NAMES
)
_BY_NAME = dict(zip((name for name, _ in _NAMES), STATIONS, strict=True))


def read(path: Path) -> Iterator[Reading]:
    """Readings of one station's file, or of all such files of a folder one after another; raises `DatasetError`."""
    return table.read_dataset(path, _FILES, _rows, _observed)


def read_values(path: Path) -> Iterator[tuple[table.Row, datetime, dict[str, float]]]:
    """Row, UTC start of its hour and values by parameter, of any site of this layout; path and errors as `read`."""
    for file in table.files_at(path, _FILES):
        for row in _rows(file):
            by_instrument = _values(row)
            yield row, _moment(row), {name: value for part in by_instrument.values() for name, value in part.items()}


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, [*_TIME, "wd", "station", *(column.name for column in _COLUMNS)])


def _observed(row: table.Row) -> Iterator[table.Observed]:
    station = _BY_NAME.get(row.cells["station"])
    if station is None:
        row.fail("station", f"one of {', '.join(_BY_NAME)}")
    yield table.Observed(station, table.interval_of(row, "year", _moment(row), table.HOUR), _values(row))


def _values(row: table.Row) -> dict[str, dict[str, float]]:
    values = table.values_of(row, _COLUMNS, _MISSING)
    if row.cells["wd"] not in _MISSING:
        direction_deg = row.direction_deg("wd", table.POINTS, f"one of {', '.join(table.POINTS)}")
        values.setdefault("met1", {})["wind_direction"] = direction_deg
    return values


def _moment(row: table.Row) -> datetime:
    return row.moment("year", "year, month, day and hour of a calendar time", lambda: _start(row))


def _start(row: table.Row) -> datetime:
    year, month, day, hour = (int(row.cells[name]) for name in _TIME)
    return datetime(year, month, day, hour, tzinfo=ZONE)
