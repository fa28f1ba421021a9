from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from analysis.receptor.source_map.cell import cell_grid, potential, residence
from analysis.receptor.source_map.method import source_map
from analysis.receptor.source_map.result import MapMethod
from analysis.receptor.trajectory.integrator import Trajectories, TrajectoryEnd

DAYS = 40
WEST, NORTH = 0, 1


@cache
def fan() -> Trajectories:
    """Straight back trajectories of 24 h, 20 km an hour, each from a direction of its own."""
    start = np.arange(DAYS * 24)
    bearing = np.random.Generator(np.random.PCG64(2)).uniform(0.0, 360.0, len(start))
    age = np.arange(25.0)
    lon = 120.0 + np.sin(np.radians(bearing))[:, None] * age * 0.24
    lat = 40.0 + np.cos(np.radians(bearing))[:, None] * age * 0.18
    return Trajectories(
        start_s=start * 3600.0, age_h=-age, lon=lon, lat=lat, level=0 * lon, end=(TrajectoryEnd.COMPLETE,) * len(start)
    )


def samples(kind: int) -> np.ndarray:
    """Dirty air where the path has passed a place 2.4 degrees to the west, or noise."""
    rng = np.random.Generator(np.random.PCG64(3))
    noise = 30.0 * np.exp(0.2 * rng.standard_normal(DAYS * 24))
    if kind != WEST:
        return np.asarray(noise)
    passed = np.hypot((fan().lon - 117.6) * 0.77, fan().lat - 40.0).min(axis=1) < 0.3
    return np.asarray(noise + 60.0 * passed)


@pytest.mark.parametrize("method", MapMethod)
def test_each_method_peaks_towards_the_place_that_dirty_air_has_passed(method: MapMethod) -> None:
    found = source_map(method, fan(), np.zeros(DAYS * 24, dtype=np.int64), samples(WEST), seed=1)
    assert found.peak is not None
    # all paths are straight: the direction is known, the distance is not
    assert found.peak.lat == pytest.approx(40.0, abs=0.6)
    assert found.peak.lon < 119.0
    assert found.peak.low <= found.peak.value <= found.peak.high
    assert found.peak.days >= 3


@pytest.mark.parametrize("method", MapMethod)
def test_noise_has_no_peak(method: MapMethod) -> None:
    found = source_map(method, fan(), np.zeros(DAYS * 24, dtype=np.int64), samples(NORTH), seed=1)
    assert (found.peak, found.is_testable, found.rotations) == (None, True, DAYS - 1)


def test_a_constant_concentration_has_no_peak() -> None:
    found = source_map(MapMethod.CWT, fan(), np.zeros(DAYS * 24, dtype=np.int64), np.full(DAYS * 24, 5.0), seed=1)
    assert found.peak is None
    assert np.nanmax(found.value) == pytest.approx(5.0)


def test_values_are_means_over_the_samples_of_the_paths_through_a_cell() -> None:
    value = samples(WEST)
    value[5] = np.nan
    found = source_map(MapMethod.CWT, fan(), np.zeros(len(value), dtype=np.int64), value, seed=1)
    cell = int(found.cells.index(np.array([117.6]), np.array([40.1]))[0])
    hours = residence(fan(), found.cells).toarray()[:, cell]
    known = np.isfinite(value)
    assert found.value[cell] == pytest.approx((hours[known] * value[known]).sum() / hours[known].sum())
    assert found.points[cell] == hours[known].sum()
    assert found.samples == len(value) - 1


def test_the_transport_potential_of_a_path_integrates_to_one() -> None:
    cells = cell_grid(fan(), 0.25)
    wide = cell_grid(fan(), 0.25)
    table = potential(fan(), wide, spread_km_h=1.0)
    _, lat = cells.centres()
    area = (0.25 * 111.195) ** 2 * np.cos(np.radians(lat))
    inner = np.abs(fan().lat[:, -1] - 40.0) < 0.5
    inner &= np.abs(fan().lon[:, -1] - 120.0) < 5.0
    assert (table[inner] * area).sum(axis=1) == pytest.approx(1.0, abs=0.12)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(ValueError, match="960 trajectories, 960 stations, 3 samples"):
        source_map(MapMethod.CWT, fan(), np.zeros(DAYS * 24, dtype=np.int64), np.ones(3), seed=1)
    with pytest.raises(ValueError, match="no sample has both"):
        source_map(MapMethod.CWT, fan(), np.zeros(DAYS * 24, dtype=np.int64), np.full(DAYS * 24, np.nan), seed=1)
    with pytest.raises(ValueError, match="larger cells or shorter trajectories"):
        cell_grid(fan(), 0.01)
