"""Layout CSV: one line a valid time and node of a regular grid.

The head names ``valid_time``, ``reference_time``, ``lon``, ``lat`` and quantities with their unit, as ``air_temperature [K]``: CF standard
names or parameters of the registry. Times are ISO 8601 with a zone. An empty cell is a missing value; an amount (mm, J m⁻²) is a sum since
the preceding valid time; everything else holds at its time.
"""

from __future__ import annotations

import csv
import io
import math
import re
from typing import TYPE_CHECKING

import numpy as np

from schemas.bounds import is_number
from schemas.moment import BoundsError, parse_moment
from sensors.weather_forecast.error import hour_text, refuse
from sensors.weather_forecast.quantity import Per, known_names, known_units, quantity_of, unit_of
from sensors.weather_forecast.run import Cell, RunField, WeatherRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sensors.weather_forecast.quantity import Quantity, Unit

BYTES_MAX = 100_000_000
"""Largest file [bytes]; project choice."""
_LINES_MAX = 1_000_000
_KEYS = ("valid_time", "reference_time", "lon", "lat")
_HEADED = re.compile(r"(?P<name>\w+)\s*[\[(](?P<unit>[^\])]*)[\])]")


def is_table(head: bytes) -> bool:
    """Whether the first bytes of a file are a head of this layout."""
    return b"valid_time" in head.partition(b"\n")[0]


def read_reference(path: Path) -> int:
    """Forecast reference time of a file [h since 1970]; raises `WeatherForecastError`."""
    rows = _rows(path)
    header = _header(path, rows)
    line, cells = next(rows, (1, []))
    if not cells:
        refuse(path.name, "no_time")
    return _hour(f"{path.name}:{line}", "reference_time", cells[header.index("reference_time")])


def read_table(path: Path, _places: object = None) -> WeatherRun:
    """The part of a run that is in a file.

    Raises
    ------
    WeatherForecastError
        Names file, line and column, and what was expected.
    """
    rows = _rows(path)
    header = _header(path, rows)
    columns = {place: _column(path, name) for place, name in enumerate(header) if name not in _KEYS}
    _check_twice(path, header, columns)
    keys = [header.index(name) for name in _KEYS]
    reference_h: int | None = None
    nodes: dict[int, dict[tuple[float, float], list[float]]] = {}
    for line, cells in rows:
        place = f"{path.name}:{line}"
        valid, reference, lon, lat = (cells[key] for key in keys)
        at = _hour(place, "reference_time", reference)
        if reference_h not in {None, at}:
            refuse(place, "references", count=2)
        reference_h = at
        hour = _hour(place, "valid_time", valid)
        if nodes and hour < next(reversed(nodes)):
            refuse(place, "unsorted_time", at=hour_text(hour))
        node = _number(place, "lon", lon), _number(place, "lat", lat)
        if node in nodes.setdefault(hour, {}):
            refuse(place, "duplicate_node", at=hour_text(hour), lon=node[0], lat=node[1])
        nodes[hour][node] = [_number(place, header[key], cells[key], can_miss=True) for key in columns]
    if reference_h is None:
        refuse(path.name, "no_time")
    return _run(path, reference_h, nodes, list(columns.values()))


def _run(
    path: Path,
    reference_h: int,
    nodes: dict[int, dict[tuple[float, float], list[float]]],
    columns: list[tuple[Quantity, Unit]],
) -> WeatherRun:
    valid_h = np.array(sorted(nodes), dtype=np.int64)
    known = {node for at in nodes.values() for node in at}
    lon, lat = (np.array(sorted({node[axis] for node in known})) for axis in (0, 1))
    values = np.full((len(columns), len(valid_h), len(lat), len(lon)), np.nan, np.float32)
    for row, hour in enumerate(map(int, valid_h)):
        block = _block(path, hour, nodes[hour], lon, lat)
        values[:, row] = block.reshape(len(lat), len(lon), len(columns)).transpose(2, 0, 1)
    fields = {
        quantity.code: RunField(
            values=values[place] * np.float32(unit.factor) + np.float32(unit.offset),
            cell=Cell.SUM if unit.per is Per.AMOUNT else Cell.POINT,
        )
        for place, (quantity, unit) in enumerate(columns)
    }
    return WeatherRun(place=path.name, reference_h=reference_h, valid_h=valid_h, lat=lat, lon=lon, fields=fields)


def _block(
    path: Path,
    hour: int,
    nodes: dict[tuple[float, float], list[float]],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Values of one time in the order of latitude and longitude; refuses a node that is missing."""
    wanted = [(float(x), float(y)) for y in lat for x in lon]
    absent = [node for node in wanted if node not in nodes]
    if absent:
        refuse(path.name, "missing_node", at=hour_text(hour), lon=absent[0][0], lat=absent[0][1], count=len(absent))
    return np.array([nodes[node] for node in wanted], dtype=float)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Lines with their number, all as wide as the first."""
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    width = 0
    try:
        for cells in reader:
            width = width or len(cells)
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != width:
                refuse(f"{path.name}:{reader.line_num}", "cells", count=len(cells), expected=width)
            if reader.line_num > _LINES_MAX:
                refuse(path.name, "many_lines", most=_LINES_MAX)
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        refuse(f"{path.name}:{reader.line_num}", "unreadable", detail=str(error))


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8-sig") if size <= BYTES_MAX else ""
    except (OSError, UnicodeDecodeError) as error:
        refuse(path.name, "unreadable", detail=str(getattr(error, "strerror", None) or error))
    if size > BYTES_MAX:
        refuse(path.name, "large_file", size=size, most=BYTES_MAX)
    return text


def _header(path: Path, rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    _, header = next(rows, (1, []))
    absent = [name for name in _KEYS if name not in header]
    if absent:
        refuse(f"{path.name}:1", "no_axis", axis=", ".join(absent), expected=", ".join(_KEYS))
    return header


def _column(path: Path, head: str) -> tuple[Quantity, Unit]:
    found = _HEADED.fullmatch(head)
    name, text = (found["name"], found["unit"]) if found else (head, "")
    quantity = quantity_of(name)
    if quantity is None:
        refuse(f"{path.name}:1", "name", name=head, expected=known_names())
    unit = unit_of(quantity, text)
    if unit is None:
        refuse(f"{path.name}:1: {name}", "unit", unit=text or "-", expected=known_units(quantity))
    return quantity, unit


def _check_twice(path: Path, header: list[str], columns: dict[int, tuple[Quantity, Unit]]) -> None:
    seen: dict[str, str] = {}
    for place, (quantity, _) in columns.items():
        if quantity.code in seen:
            refuse(f"{path.name}:1: {header[place]}", "twice", other=seen[quantity.code])
        seen[quantity.code] = header[place]
    if not columns:
        refuse(path.name, "no_variable")


def _hour(place: str, column: str, text: str) -> int:
    try:
        moment = parse_moment(text)
    except BoundsError as error:
        refuse(f"{place}: {column}", "moment", found=error.found, expected=error.expected)
    hours, rest = divmod(moment.timestamp(), 3600)
    if rest:
        refuse(f"{place}: {column}", "no_whole_hour", at=text)
    return int(hours)


def _number(place: str, column: str, text: str, *, can_miss: bool = False) -> float:
    if can_miss and text in {"", "NaN", "nan"}:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not is_number(value):
        refuse(f"{place}: {column}", "number", found=text[:40])
    return value
