"""A schematic map: stations and city names on an equirectangular frame, drawn as SVG, no tiles.

Marks that would cover each other are pushed apart, so positions are approximate by a few kilometres, as the page states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from console.view.link import LinkState, StationHealth
from schemas.city import City, cities

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 560.0, 430.0, 34.0
_APART, _ROUNDS = 12.0, 40
_NEAR = 26.0
_MIN_SPAN_DEG = 0.5
_LETTER, _LINE, _MARK = 7.5, 14.0, 7.0
"""Width of a Latin letter (a Chinese character has two), height of a line, radius of a mark [px]."""


class Mark(NamedTuple):
    """A station on the map, in pixels of the view box."""

    row: StationHealth
    x: float
    y: float


class Label(NamedTuple):
    """A city's name on the map: the middle of its line, at the base."""

    city: City
    x: float
    y: float


class GridLine(NamedTuple):
    """A line of the graticule with its text in degrees; ``vertical`` is a meridian."""

    vertical: bool
    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchematicMap:
    """Everything the template draws; ``outside`` counts stations that have no place on it."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]
    lines: tuple[GridLine, ...]
    outside: int


class _Box(NamedTuple):
    """Room for a label: the middle of its base line, and its width."""

    x: float
    y: float
    width: float

    def covers(self, mark: Mark) -> bool:
        is_outside = abs(mark.x - self.x) > self.width / 2 + _MARK
        return not is_outside and self.y - _LINE - _MARK < mark.y < self.y + _MARK

    def meets(self, other: _Box) -> bool:
        return abs(self.x - other.x) < (self.width + other.width) / 2 and abs(self.y - other.y) < _LINE

    @property
    def is_inside(self) -> bool:
        return self.width / 2 <= self.x <= WIDTH - self.width / 2 and _LINE <= self.y <= HEIGHT


@dataclass(frozen=True, slots=True)
class _Frame:
    west: float
    north: float
    per_lon: float
    per_lat: float
    left: float
    top: float

    def x(self, lon: float) -> float:
        return self.left + (lon - self.west) * self.per_lon

    def y(self, lat: float) -> float:
        return self.top + (self.north - lat) * self.per_lat


def schematic_map(rows: Sequence[StationHealth]) -> SchematicMap:
    """Lay out the stations that have coordinates; live stations set the frame, data sets elsewhere are left out."""
    placed = [row for row in rows if row.station.lon is not None and row.station.lat is not None]
    framing = [row for row in placed if row.state is not LinkState.ARCHIVE] or placed
    if not framing:
        return SchematicMap(width=WIDTH, height=HEIGHT, marks=(), labels=(), lines=(), outside=len(rows))
    lons = [row.station.lon or 0.0 for row in framing]
    lats = [row.station.lat or 0.0 for row in framing]
    frame = _frame((min(lons), max(lons)), (min(lats), max(lats)))
    marks = [Mark(row=row, x=frame.x(row.station.lon or 0.0), y=frame.y(row.station.lat or 0.0)) for row in placed]
    inside = [mark for mark in marks if 0 <= mark.x <= WIDTH and 0 <= mark.y <= HEIGHT]
    spread = _spread(inside)
    return SchematicMap(
        width=WIDTH,
        height=HEIGHT,
        marks=tuple(spread),
        labels=tuple(_labels(frame, spread)),
        lines=tuple(_graticule(frame)),
        outside=len(rows) - len(inside),
    )


def _frame(lons: tuple[float, float], lats: tuple[float, float]) -> _Frame:
    lon_span, lat_span = (max(high - low, _MIN_SPAN_DEG) for low, high in (lons, lats))
    lon_mid, lat_mid = sum(lons) / 2, sum(lats) / 2
    shrink = math.cos(math.radians(lat_mid))
    per_lat = min((WIDTH - 2 * MARGIN) / (lon_span * shrink), (HEIGHT - 2 * MARGIN) / lat_span)
    return _Frame(lon_mid, lat_mid, per_lat * shrink, per_lat, WIDTH / 2, HEIGHT / 2)


def _labels(frame: _Frame, marks: Sequence[Mark]) -> list[Label]:
    """Names of the cities on the map, each around its marks where it covers the fewest marks and names."""
    taken: dict[City, _Box] = {}
    for city in cities().values():
        x, y = frame.x(city.lon), frame.y(city.lat)
        if MARGIN / 2 <= x <= WIDTH - MARGIN / 2 and MARGIN / 2 <= y <= HEIGHT - MARGIN / 2:

            def cost(box: _Box) -> int:
                covered = sum(box.covers(mark) for mark in marks)
                return covered + 3 * sum(map(box.meets, taken.values())) + 9 * (not box.is_inside)

            taken[city] = min(_rooms(city, x, y, marks), key=cost)
    return [Label(city=city, x=box.x, y=box.y) for city, box in taken.items()]


def _rooms(city: City, x: float, y: float, marks: Sequence[Mark]) -> list[_Box]:
    """Places of a name around the marks of its city, the best first: above, below, to the right, to the left, further above."""
    near = [mark for mark in marks if abs(mark.x - x) < _NEAR and abs(mark.y - y) < _NEAR]
    xs, ys = [x, *(mark.x for mark in near)], [y, *(mark.y for mark in near)]
    width = _LETTER * max(2 * len(city.name_zh), len(city.name_en))
    above, below, side = min(ys) - 11, max(ys) + _LINE + _MARK, width / 2 + 11
    spots = [(x + shift, base) for base in (above, below) for shift in (0, 24, -24)]
    spots += [(max(xs) + side, y + 5), (min(xs) - side, y + 5), (x, above - _LINE), (x, below + _LINE)]
    return [_Box(place, base, width) for place, base in spots]


def _graticule(frame: _Frame) -> list[GridLine]:
    step = next(step for step in (0.25, 0.5, 1, 2, 5, 10, 30, 90) if step * frame.per_lat >= HEIGHT / 6 or step == 90)  # noqa: PLR2004 - degrees
    lines: list[GridLine] = []
    for vertical, size, origin, per in (
        (True, WIDTH, frame.west, frame.per_lon),
        (False, HEIGHT, frame.north, frame.per_lat),
    ):
        low, high = origin - size / 2 / per, origin + size / 2 / per
        for index in range(math.ceil(low / step), math.floor(high / step) + 1):
            degrees = index * step
            lines.append(
                GridLine(
                    vertical=vertical,
                    at=frame.x(degrees) if vertical else frame.y(degrees),
                    text=_degrees(degrees, vertical=vertical),
                )
            )
    return lines


def _degrees(value: float, *, vertical: bool) -> str:
    positive, negative = ("E", "W") if vertical else ("N", "S")
    return f"{abs(value):g}°{positive if value >= 0 else negative}"


def _spread(marks: Sequence[Mark]) -> list[Mark]:
    """Push marks apart until none is nearer than `_APART` to another, or the rounds are over; deterministic."""
    spots = [[mark.x, mark.y] for mark in marks]
    for _ in range(_ROUNDS):
        moved = [_push(spots, first, second) for first in range(len(spots)) for second in range(first)]
        if not any(moved):
            break
    return [Mark(row=mark.row, x=round(x, 1), y=round(y, 1)) for mark, (x, y) in zip(marks, spots, strict=True)]


def _push(spots: list[list[float]], first: int, second: int) -> bool:
    dx, dy = spots[first][0] - spots[second][0], spots[first][1] - spots[second][1]
    distance = math.hypot(dx, dy)
    if distance >= _APART:
        return False
    if distance < 0.01:  # noqa: PLR2004 - the same place: a direction that differs from pair to pair
        dx, dy, distance = math.cos(first), math.sin(first), 1.0
    move = (_APART - min(distance, _APART)) / 2 + 0.05
    for index, sign in ((first, 1), (second, -1)):
        spots[index][0] = min(max(spots[index][0] + sign * dx / distance * move, 8), WIDTH - 8)
        spots[index][1] = min(max(spots[index][1] + sign * dy / distance * move, 8), HEIGHT - 8)
    return True
