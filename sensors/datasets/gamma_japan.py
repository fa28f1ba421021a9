"""Ambient gamma dose rate with rain and wind at 20 Japanese stations, July and August 2026.

The file gives one UTC time for each 10-minute value but not which end of the ten minutes it is, so a reading is an
instant. Values are missing: the steps are multiples of ten minutes, 50 minutes in the median. ``-9`` is no value;
calm (``静穏``) has no direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.moment import parse_moment
from schemas.network import Station
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Reading

MEDIAN_STEP_S = 3000
POINTS = ("北", "北北東", "北東", "東北東", "東", "東南東", "南東", "南南東",
          "南", "南南西", "南西", "西南西", "西", "西北西", "北西", "北北西")  # fmt: skip
"""Where the wind comes from, every 22.5 degrees from north."""
CALM = "静穏"

_MISSING = frozenset({"", "-9", "-9.0"})
_COLUMNS = (
    table.DatasetColumn("air_dose_rate", "gamma1", "gamma_dose_rate", "uSv/h"),
    table.DatasetColumn("counting_rate", "gamma1", "counting_rate", "1/min"),
    table.DatasetColumn("wind_speed", "gamma1", "wind_speed", "m/s"),
    table.DatasetColumn("precipitation", "gamma1", "rain", "mm"),
)
_DIRECTION = table.DatasetColumn("wind_direction", "gamma1", "wind_direction", "deg")
_PLACES = (
    # id, name, romanised, lon, lat, altitude [m]: from stations_weather.csv of the data set
    ("01110007600", "ヘロカルウス", "Herokarusu", 140.522618, 43.037827, 123.0),
    ("02110002600", "千歳平", "Chitosetai", 141.285950, 40.887368, 76.0),
    ("02110005600", "吹越", "Fukkoshi", 141.246559, 41.028332, 20.0),
    ("02110008600", "老部", "Oippe", 141.384800, 41.157179, 23.0),
    ("02110020600", "谷地頭", "Yachigashira", 141.364694, 40.784280, 27.0),
    ("04110002600", "小屋取", "Koyadori", 141.498611, 38.406667, 57.0),
    ("04110005600", "寄磯", "Yoriiso", 141.522778, 38.390556, 27.0),
    ("04110029600", "石巻稲井", "Ishinomakiinai", 141.336111, 38.446389, 1.0),
    ("04110031600", "河南", "Kanan", 141.243333, 38.455556, 2.0),
    ("04110033600", "北上", "Kitakami", 141.428333, 38.567222, 23.0),
    ("04110036600", "涌谷", "Wakuya", 141.223333, 38.554722, 5.0),
    ("04110038600", "志津川", "Shizugawa", 141.477222, 38.642222, 43.0),
    ("07110049600", "南相馬市萱浜", "Minamisoma Kaibama", 140.993424, 37.634417, 20.0),
    ("08110013600", "鴻巣", "Konosu", 140.463690, 36.468303, 43.0),
    ("08110025600", "平和", "Heiwa", 140.659325, 36.596873, 23.0),
    ("08110032600", "松平", "Matsudaira", 140.487432, 36.586512, 48.0),
    ("08110035600", "大貫", "Onuki", 140.552447, 36.308476, 32.0),
    ("08110041600", "上冨田", "Kamitomita", 140.472543, 36.208479, 33.0),
    ("08110052600", "鯉淵", "Koibuchi", 140.370751, 36.340506, 36.0),
    ("52120011600", "二又", "Futamata", 141.302800, 40.987790, 27.0),
)

STATIONS = tuple(
    Station(
        id=f"jp-{source_id}",
        name_zh=name,
        name_en=romanised,
        lon=lon,
        lat=lat,
        altitude_m=altitude_m,
        late_window_h=0,
        instruments=(table.instrument_for((*_COLUMNS, _DIRECTION), "gamma1", NetworkCode.RAD, MEDIAN_STEP_S),),
    )
    for source_id, name, romanised, lon, lat, altitude_m in _PLACES
)
_BY_SOURCE_ID = {station.id.removeprefix("jp-"): station for station in STATIONS}


def read(path: Path) -> Iterator[Reading]:
    """Readings in the order of the file, station by station; raises `DatasetError`."""
    return table.read_dataset(path, "ramis_20stations.csv*", _rows, _observed)


def _rows(file: Path) -> Iterator[table.Row]:
    return table.read_table(file, ["station_id", "time_utc", "wind_direction", *(column.name for column in _COLUMNS)])


def _observed(row: table.Row) -> Iterator[table.Observed]:
    station = _BY_SOURCE_ID.get(row.cells["station_id"])
    if station is None:
        row.fail("station_id", "one of the 20 stations of the data set")
    at = row.moment("time_utc", "a UTC time as 2026-07-08T00:20:00Z", lambda: parse_moment(row.cells["time_utc"]))
    values = table.values_of(row, _COLUMNS, _MISSING)
    if row.cells["wind_direction"] not in {"", CALM}:
        direction_deg = row.direction_deg("wind_direction", POINTS, f"{CALM} or one of {' '.join(POINTS)}")
        values.setdefault("gamma1", {})["wind_direction"] = direction_deg
    yield table.Observed(station, table.interval_of(row, "time_utc", at), values)
