"""The park of a staged province: its stations, its registry, and the truth about its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest

from analysis.case.registry import parse_registry
from schemas.geodesy import great_circle_km
from sensors.simulator import Province, Truth, parse_truth
from sensors.simulator.layout import all_stations
from sensors.simulator.park import draw_enterprises, park_stations, registry_toml, stage_releases
from sensors.simulator.story import Story
from sensors.simulator.world import Site, World

AT = datetime(2026, 11, 28, 2, 17, tzinfo=UTC)
HOUR = AT.replace(minute=0)
END = HOUR + timedelta(days=1)


@pytest.fixture(scope="module")
def staged() -> Province:
    return Province(42, HOUR - timedelta(days=3), END, story=Story(at=AT, history_end=HOUR, end=END))


@pytest.fixture(scope="module")
def truth(staged: Province) -> Truth:
    return staged.truth()


def test_neighbours_in_the_park_are_three_to_five_km_apart_and_measure_voc_and_methane() -> None:
    stations = park_stations(42)
    for station in stations:
        nearest = min(
            great_circle_km(station.lon or 0, station.lat or 0, other.lon or 0, other.lat or 0)
            for other in stations
            if other is not station
        )
        assert 2.0 < nearest < 5.0
    for network in ("voc", "ghg", "gas"):
        assert sum(any(item.network == network for item in station.instruments) for station in stations) >= 3


def test_the_registry_of_the_park_is_read_by_the_attribution_and_holds_enterprises_that_release_nothing() -> None:
    enterprises = draw_enterprises(42)
    registry = parse_registry(registry_toml(enterprises), "registry")
    assert [item.id for item in registry.enterprises] == [item.id for item in enterprises]
    assert len({item.kind for item in enterprises}) > 10


def test_every_staged_plume_of_the_park_reaches_three_stations_and_has_its_enterprise(truth: Truth) -> None:
    known = {item.id: item for item in draw_enterprises(42)}
    plumes = [item for item in truth.staged if item.enterprise_id]
    assert len(plumes) == 6
    assert sum(item.end <= HOUR for item in plumes) == 3
    for item in plumes:
        enterprise = known[item.enterprise_id or ""]
        assert (item.cause, item.lon, item.lat) == (enterprise.kind, enterprise.longitude, enterprise.latitude)
        reached = next(
            found for found in truth.releases if (enterprise.id in found.id, found.start) == (True, item.start)
        )
        assert len(reached.reached) >= 3
        assert len(item.stations) >= 2
    for first, second in combinations(plumes, 2):
        assert first.end <= second.start or second.end <= first.start


def test_the_staged_events_are_of_all_classes_and_read_back_as_written(truth: Truth) -> None:
    assert {item.event for item in truth.staged} == {"plume", "haze", "ozone", "fault"}
    assert parse_truth(truth.json_lines()) == truth


def test_a_province_without_a_story_has_no_park_and_no_staged_events() -> None:
    plain = Province(42, HOUR - timedelta(days=1), HOUR)
    assert not any(item.id in {park.id for park in park_stations(42)} for item in plain.stations)
    assert plain.truth().staged == ()


def test_only_stations_near_the_park_have_a_wind_with_meander() -> None:
    story = Story(at=AT, history_end=HOUR, end=END)
    plain = World(42, HOUR - timedelta(days=2), END, story)
    released = World(42, plain.start, END, story, releases=stage_releases(42, HOUR, plain.weather))
    times = HOUR.timestamp() + 300.0 * np.arange(12)
    for station_id, is_same in (("ln-dd-01", True), ("ln-jz-01", False)):
        station = next(item for item in all_stations(42) if item.id == station_id)
        winds = [Site(world, station).field("wind_east", times) for world in (plain, released)]
        assert np.array_equal(*winds) is is_same
