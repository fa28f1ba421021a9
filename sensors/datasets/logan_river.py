"""Water quality of the Logan River Observatory (Utah), every 15 minutes, with the technician's corrections and labels.

One file a station and year, named as ``MainStreet2019.csv``, plain or gzip. A time, then for every variable a column ``X`` as logged; in
labelled files also ``X_cor``, what the technician made of it, and ``X_qual``, the reason: not empty is an anomaly. ``NULL``, ``NA``,
``NaN`` and an empty cell are missing values. The logger writes -9999 and 7999 where the sensor gave nothing usable; `read_labelled`
keeps them, since a technician labels them, and `read` leaves them out.

Times are taken for mountain standard time (UTC-7) all year, which the files do not state. Stage is in cm there.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from schemas.message import NetworkCode
from schemas.network import Station
from schemas.parameter import parameter
from schemas.units import convert
from sensors.datasets import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from schemas.reading import Reading

CADENCE_S = 900
ZONE = timezone(timedelta(hours=-7))
CORRECTED, LABEL = "_cor", "_qual"
#: Written by the logger where there is no usable value.
SENTINELS = frozenset({-9999.0, 7999.0})

_TIME = "datetime"
_DAY_DIGEST = 12
_NOTHING = frozenset({"", "null", "na", "nan", "none"})
_COLUMNS = (
    table.DatasetColumn("temp", "sonde", "water_temperature", "degC"),
    table.DatasetColumn("cond", "sonde", "water_conductivity", "uS/cm"),
    table.DatasetColumn("ph", "sonde", "ph", "1"),
    table.DatasetColumn("do", "sonde", "dissolved_oxygen", "mg/L"),
    table.DatasetColumn("turb", "sonde", "turbidity", "NTU"),
    table.DatasetColumn("stage", "sonde", "water_level", "cm"),
)
#: Parameter of the registry by the variable's name in the files.
PARAMETERS: Mapping[str, str] = MappingProxyType({column.name: column.parameter for column in _COLUMNS})
_ALIASES = {"mainstreet": "ms", "franklinbasin": "fb", "tonygrove": "tg", "blacksmithfork": "bsf", "waterlab": "wl"}
_NAMES = {
    "ms": ("洛根河主街", "Logan River, Main Street"),
    "fb": ("洛根河富兰克林盆地", "Logan River, Franklin Basin"),
    "tg": ("洛根河托尼格罗夫", "Logan River, Tony Grove"),
    "bsf": ("黑史密斯河", "Blacksmith Fork"),
    "wl": ("洛根河水实验室", "Logan River, Water Laboratory"),
}

STATIONS = tuple(
    Station(
        id=f"logan-{place}",
        name_zh=zh,
        name_en=en,
        late_window_h=0,
        instruments=(table.instrument_for(_COLUMNS, "sonde", NetworkCode.ECO, CADENCE_S),),
    )
    for place, (zh, en) in _NAMES.items()
)
_STATIONS = dict(zip(_NAMES, STATIONS, strict=True))


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled file.

    Attributes
    ----------
    name : str
        Of the file, without its endings.
    station : str
        Short name, the same for a station's files of all years.
    digest : str
        SHA-256 of the rows as read; identifies the content whatever the name of the file.
    days : tuple of str
        Beginnings of the same of each civil day, so that a part of a file is known again too; of days with any value.
    times : array of datetime64[s]
        As in the file (UTC-7), ascending, unique.
    values : dict of str to array of float
        By the variable's name in the file; table.canonical unit if it is one of `PARAMETERS`, else the file's. NaN for nothing;
        sentinels are kept (in the unit converted to).
    labels : dict of str to array of bool
        Of the same variables; true where the technician labelled the value.
    dropped : int
        Rows left out since an earlier row has the same time.
    """

    name: str
    station: str
    digest: str
    days: tuple[str, ...]
    times: NDArray[np.datetime64]
    values: dict[str, NDArray[np.float64]]
    labels: dict[str, NDArray[np.bool_]]
    dropped: int


def read(path: Path) -> Iterator[Reading]:
    """Logged values as readings, in the order of the file; raises `DatasetError`, also for a file of an unknown station."""
    return table.read_dataset(path, "*[0-9].csv*", _rows_of_station, _observed)


def _rows_of_station(file: Path) -> Iterator[table.Row]:
    if station_of(file.name) not in _STATIONS:
        msg = f"{file.name}: expected a name that begins with one of {', '.join(sorted([*_ALIASES, *_NAMES]))}"
        raise table.DatasetError(msg)
    return _rows(file)


def _observed(row: table.Row) -> Iterator[table.Observed]:
    columns = [column for column in _COLUMNS if column.name in row.cells]
    cells = {column.name: "" if _is_unusable(row, column.name) else row.cells[column.name] for column in columns}
    start = _time(row).replace(tzinfo=ZONE)
    values = table.values_of(table.Row(row.path, row.line, cells), columns, frozenset({""}))
    yield table.Observed(_STATIONS[station_of(row.path.name)], table.interval_of(row, _TIME, start), values)


def read_labelled(path: Path) -> Labelled | None:
    """Read one file with its labels; None where no variable has both ``X_cor`` and ``X_qual``.

    Rows out of order are sorted; of rows with the same time the first is kept.

    Raises
    ------
    table.DatasetError
        If the file cannot be read, has no row, or a cell is neither a number nor nothing; names file, line and column.
    """
    rows = list(_rows(path))
    if not rows:
        msg = f"{path.name}: no row after the header, expected some"
        raise table.DatasetError(msg)
    variables = [name for name in rows[0].cells if {name + CORRECTED, name + LABEL} <= rows[0].cells.keys()]
    if not variables:
        return None
    times = np.array([_time(row) for row in rows], dtype="datetime64[s]")
    _, first = np.unique(times, return_index=True)
    values = {name: np.array([_number(row, name) for row in rows])[first] * _scale(name) for name in variables}
    labels = {name: np.array([not _is_nothing(row.cells[name + LABEL]) for row in rows])[first] for name in variables}
    return Labelled(
        name=re.sub(r"\.csv.*$", "", path.name),
        station=station_of(path.name),
        digest=_digest(times[first], values),
        days=_day_digests(times[first], values),
        times=times[first],
        values=values,
        labels=labels,
        dropped=len(rows) - len(first),
    )


def station_of(name: str) -> str:
    """Short name of the station that a file is of: its name up to the first digit, long names shortened."""
    words = re.match(r"[A-Za-z_-]*", name)
    found = (words.group() if words else "").strip("_-").lower()
    return _ALIASES.get(found, found)


def _rows(path: Path) -> Iterator[table.Row]:
    """Rows with any cell; column names in lower case."""
    rows = table.read_cells(path)
    header = [name.strip().lower() for name in next(rows, (1, []))[1]]
    if _TIME not in header or len(set(header)) < len(header):
        msg = f"{path.name}, line 1: expected a column {_TIME} and no name twice, found {', '.join(header)[:200]!r}"
        raise table.DatasetError(msg)
    for line, cells in rows:
        yield table.row_of(path, line, header, cells)


def _time(row: table.Row) -> datetime:
    try:
        return datetime.fromisoformat(row.cells[_TIME].strip()).replace(tzinfo=None)
    except ValueError:
        row.fail(_TIME, "a time as 2019-01-01 00:15")


def _is_nothing(cell: str) -> bool:
    return cell.strip().lower() in _NOTHING


def _scale(name: str) -> float:
    """Factor from the file's unit to the table.canonical one; all units here differ by a factor only."""
    column = next((column for column in _COLUMNS if column.name == name), None)
    return 1.0 if column is None else convert(1.0, column.unit, parameter(column.parameter))


def _is_unusable(row: table.Row, column: str) -> bool:
    value = _number(row, column)
    return value != value or value in SENTINELS  # noqa: PLR0124 - NaN


def _number(row: table.Row, column: str) -> float:
    """Value of a cell, NaN for nothing."""
    cell = row.cells[column]
    if _is_nothing(cell):
        return float("nan")
    value = row.number(column, frozenset())
    return float("nan") if value is None else value


def _digest(times: NDArray[np.datetime64], values: dict[str, NDArray[np.float64]]) -> str:
    found = hashlib.sha256(times.astype(np.int64).tobytes())
    for name in sorted(values):
        found.update(name.encode() + values[name].tobytes())
    return found.hexdigest()


def _day_digests(times: NDArray[np.datetime64], values: dict[str, NDArray[np.float64]]) -> tuple[str, ...]:
    _, begins = np.unique(times.astype("datetime64[D]"), return_index=True)
    bounds = [*begins.tolist(), len(times)]
    parts = [
        (times[begin:end], {name: item[begin:end] for name, item in values.items()}) for begin, end in pairwise(bounds)
    ]
    return tuple(
        _digest(*part)[:_DAY_DIGEST] for part in parts if any(np.isfinite(item).any() for item in part[1].values())
    )
