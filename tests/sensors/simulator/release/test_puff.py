from __future__ import annotations

import numpy as np
import pytest

from sensors.simulator.release.mixing import Mixing, mixing_of
from sensors.simulator.release.puff import Emission, unit_excess

MINUTES = np.ones(240)
AIR = mixing_of(3 * MINUTES, 200 * MINUTES, 15 * MINUTES, 800 * MINUTES)
WEST = np.stack([3 * MINUTES, 0 * MINUTES], axis=-1)


def emission(minutes: int = 240, height_m: float = 10.0) -> Emission:
    return Emission(rate_kg_h=np.where(np.arange(240) < minutes, 100.0, 0.0), axis_m=height_m * MINUTES)


def test_matter_passes_through_a_plane_downwind_as_it_is_released() -> None:
    """Flux through a plane 3 km downwind, of a well-mixed layer: wind x depth x width integral of the concentration."""
    shallow = Mixing(AIR.lateral, 50 * AIR.vertical, AIR.vertical_memory_s, 200 * MINUTES)
    across_km = np.arange(-3.0, 3.01, 0.1)
    line = [unit_excess((3.0, float(y)), emission(), WEST, shallow)[-60:].mean() for y in across_km]
    flux_kg_h = 3.0 * 200.0 * float(np.sum(line)) * 100.0 * 3600 / 1e9
    assert flux_kg_h == pytest.approx(100.0, rel=0.03)


def test_excess_is_proportional_to_the_rate_and_falls_with_the_distance() -> None:
    near, far = (unit_excess((x, 0.0), emission(), WEST, AIR)[-1] for x in (2.0, 8.0))
    doubled = Emission(rate_kg_h=2 * emission().rate_kg_h, axis_m=emission().axis_m)
    assert near > 3 * far > 0
    assert unit_excess((2.0, 0.0), doubled, WEST, AIR)[-1] == pytest.approx(2 * near)


def test_a_plume_arrives_after_the_way_of_its_wind_and_ends_as_late() -> None:
    series = unit_excess((5.4, 0.0), emission(90), WEST, AIR)
    arrival = int(np.argmax(series > 0.5 * series.max()))
    assert 22 <= arrival <= 38
    assert series[arrival + 40 : 110].min() > 0
    assert series[150:].max() < 0.01 * series.max()


def test_a_high_source_adds_less_nearby_than_a_low_one() -> None:
    low, high = (unit_excess((1.0, 0.0), emission(height_m=h), WEST, AIR)[-1] for h in (5.0, 250.0))
    assert high < 0.5 * low


def test_wind_that_turns_takes_the_plume_to_another_place() -> None:
    turned = WEST.copy()
    turned[120:] = (0.0, 3.0)
    series = unit_excess((0.0, 3.0), emission(), turned, AIR)
    assert series[:120].max() < 0.01 * series[200:].mean()


def test_nothing_comes_from_a_source_that_is_upwind_of_nothing() -> None:
    assert unit_excess((-3.0, 0.0), emission(), WEST, AIR).max() < 1e-6
