"""Where a front moves to."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.case.event import Advance, advance_of, group_events
from schemas.network import Station
from tests.analysis.case.event.scene import line, rise, station

SPEED_M_S = 3.0
SIDE_KM = 80.0


def front(seed: int, *, count: int = 9, noise_h: float = 0.5) -> tuple[dict[str, Station], dict[str, float], float]:
    """Stations, onsets by whole hours, and the direction of a front over them; for another number of stations other seeds."""
    rng = np.random.Generator(np.random.PCG64(seed))
    places = rng.uniform(-SIDE_KM / 2, SIDE_KM / 2, (count, 2))
    towards = float(rng.uniform(0, 360))
    along = places @ np.array([np.sin(np.radians(towards)), np.cos(np.radians(towards))])
    onset = along / (SPEED_M_S * 3.6) + noise_h * rng.standard_normal(count)
    stations = {f"s{number}": station(f"s{number}", *place) for number, place in enumerate(places)}
    return stations, dict(zip(stations, map(float, np.floor(onset)), strict=True)), towards


def holds(found: Advance, towards: float) -> bool:
    low, high = found.towards_deg.low, found.towards_deg.high
    return (towards - low) % 360 <= (high - low) % 360


def test_the_direction_of_a_front_is_in_its_interval_in_nine_of_ten() -> None:
    found = [(advance_of(onset, stations), towards) for stations, onset, towards in map(front, range(300))]
    told = [(item, towards) for item, towards in found if item is not None]
    assert len(told) > 270
    covered = np.mean([holds(item, towards) for item, towards in told])
    assert 0.84 <= covered <= 0.96  # 0.90 of 1,500 other fronts
    speeds = np.mean([item.speed_m_s.low <= SPEED_M_S <= item.speed_m_s.high for item, _ in told])
    assert 0.85 <= speeds <= 0.97


def test_onsets_that_have_nothing_to_do_with_the_place_give_no_direction() -> None:
    told = 0
    for seed in range(1000, 1200):
        stations, onset, _ = front(seed)
        rng = np.random.Generator(np.random.PCG64(seed))
        shuffled = dict(zip(onset, rng.permutation([*onset.values()]), strict=True))
        told += advance_of(shuffled, stations) is not None
    assert told / 200 <= 0.08


@pytest.mark.parametrize("count", [1, 3])
def test_fewer_than_four_stations_tell_no_direction(count: int) -> None:
    stations, onset, _ = front(2000, count=count)
    assert advance_of(onset, stations) is None


def test_stations_on_one_line_tell_no_direction() -> None:
    stations = line(0, 10, 20, 30, 40, 50)
    assert advance_of({name: float(number) for number, name in enumerate(stations)}, stations) is None


def test_onsets_in_the_same_hour_tell_no_direction() -> None:
    stations, onset, _ = front(2001)
    assert advance_of(dict.fromkeys(onset, 3.0), stations) is None


def test_stations_without_coordinates_are_left_out() -> None:
    stations, onset, _ = front(2002)
    without = {name: Station(id=name, instruments=()) for name in stations}
    assert advance_of(onset, without) is None


def test_an_event_has_the_advance_of_its_front() -> None:
    stations = {f"s{x}{y}": station(f"s{x}{y}", 20 * x, 20 * y) for x in range(3) for y in range(3)}
    rises = [rise(name, "pm25", 2 * int(name[1]), 24) for name in stations]
    (event,) = group_events(rises, stations)
    assert event.span.advance_deg == pytest.approx(90, abs=5)
    assert event.span.advance_m_s == pytest.approx(20 / 2 / 3.6, rel=0.1)
