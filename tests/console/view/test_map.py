from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from console.view.link import Rejected, StationHealth, station_health
from console.view.map import HEIGHT, WIDTH, schematic_map
from schemas.city import cities
from tests.console.build import NOW, station


def _row(number: int, lon: float | None, lat: float | None, **more: object) -> StationHealth:
    return station_health(
        station(f"s-{number}", lon=lon, lat=lat, **more), {}, NOW, rejected=Rejected(), completeness={}
    )


def test_stations_at_one_place_are_drawn_apart() -> None:
    marks = schematic_map([_row(number, 123.4, 41.8) for number in range(5)]).marks
    gaps = [math.dist((one.x, one.y), (two.x, two.y)) for one in marks for two in marks if one is not two]
    assert min(gaps) > 9


def test_a_distant_data_set_does_not_set_the_frame() -> None:
    found = schematic_map([_row(1, 121.6, 38.9), _row(2, 123.4, 41.8), _row(3, 14.0, 56.1, late_window_h=0)])
    assert (len(found.marks), found.outside) == (2, 1)


def test_names_of_neighbouring_cities_do_not_cover_each_other() -> None:
    near = [city for code, city in cities().items() if code.startswith("21")]
    rows = [_row(number, near[number % 14].lon, near[number % 14].lat) for number in range(70)]
    labels = schematic_map(rows).labels
    pairs = [(one, two) for one in labels for two in labels if one is not two]
    assert len(labels) == 14
    assert not [pair for pair in pairs if abs(pair[0].x - pair[1].x) < 28 and abs(pair[0].y - pair[1].y) < 14]


def test_without_coordinates_there_is_nothing_to_draw() -> None:
    assert schematic_map([_row(1, None, None)]).outside == 1


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=1, max_size=12))
def test_every_mark_is_inside_the_frame(places: list[tuple[float, float]]) -> None:
    found = schematic_map([_row(number, *place) for number, place in enumerate(places)])
    assert all(0 <= mark.x <= WIDTH and 0 <= mark.y <= HEIGHT for mark in found.marks)
