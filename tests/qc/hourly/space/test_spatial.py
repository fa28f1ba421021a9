from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.hourly.space.buddy import buddy_test
from qc.hourly.space.consistency import consistency_test
from qc.hourly.space.neighbours import StationCoordinates
from schemas.flag import Flag

if TYPE_CHECKING:
    from qc.hourly.space.neighbours import Compared

HOURS, STATIONS = 24, 20
BUDDY: dict[str, Any] = {
    "radius_km": 100,
    "height_m": 300,
    "min_neighbours": 4,
    "deviations": 5.0,
    "floor": 3.0,
    "relative": 0.1,
}
SPACE: dict[str, Any] = {**BUDDY, "min_neighbours": 5, "length_km": 30, "length_m": 200, "noise": 0.5}
BOTH = pytest.mark.parametrize("run", [partial(buddy_test, **BUDDY), partial(consistency_test, **SPACE)])


def places(count: int = STATIONS, seed: int = 1) -> StationCoordinates:
    rng = np.random.default_rng(seed)
    return StationCoordinates(
        123 + rng.uniform(0, 0.8, count), 41 + rng.uniform(0, 0.6, count), rng.uniform(0, 120, count)
    )


def field(count: int = STATIONS, hours: int = HOURS, seed: int = 2) -> np.ndarray:
    """A smooth field with noise of each station."""
    rng, where = np.random.default_rng(seed), places(count)
    tilt = 20 * (where.lon - 123.4) + 15 * (where.lat - 41.3)
    return 60 + 15 * np.sin(np.arange(hours) / 4)[:, None] + tilt + rng.normal(0, 2, (hours, count))


@BOTH
def test_a_sound_field_passes(run) -> None:  # noqa: ANN001
    assert (run(field(), places()).flags == Flag.PASS).mean() > 0.99


@BOTH
def test_one_wrong_station_is_suspect_and_its_neighbours_are_not(run) -> None:  # noqa: ANN001
    values = field()
    values[5:9, 7] += 90
    found: Compared = run(values, places())
    assert (found.flags[5:9, 7] == Flag.SUSPECT).all()
    assert (found.flags == Flag.SUSPECT).sum() <= 5
    assert (found.deviations[5:9, 7] > BUDDY["deviations"]).all()


@BOTH
def test_three_wrong_stations_at_once_do_not_hide_each_other(run) -> None:  # noqa: ANN001
    values = field()
    values[:, [2, 9, 13]] += 120
    found = run(values, places())
    assert (found.flags[:, [2, 9, 13]] == Flag.SUSPECT).all()
    assert (np.delete(found.flags, [2, 9, 13], axis=1) == Flag.SUSPECT).mean() < 0.02


@BOTH
def test_too_few_neighbours_are_unknown_and_no_pass(run) -> None:  # noqa: ANN001
    alone = StationCoordinates(np.array([123.0, 130.0]), np.array([41.0, 45.0]), np.zeros(2))
    assert (run(np.full((3, 2), 50.0), alone).flags == Flag.UNKNOWN).all()
    values = field()
    values[:, 3:] = np.nan
    flags = run(values, places()).flags
    assert (flags[:, :3] == Flag.UNKNOWN).all()
    assert (flags[:, 3:] == Flag.MISSING).all()


@BOTH
@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0), (1, 1)])
def test_empty_and_single_are_defined(run, shape: tuple[int, int]) -> None:  # noqa: ANN001
    found = run(np.full(shape, 5.0), places(shape[1]))
    assert found.flags.shape == shape
    assert not (found.flags == Flag.PASS).any()


@BOTH
def test_an_unknown_place_has_no_neighbours(run) -> None:  # noqa: ANN001
    where = places()
    where.lon[4] = np.nan
    found = run(field(), where)
    assert (found.flags[:, 4] == Flag.UNKNOWN).all()
    assert (np.delete(found.flags, 4, axis=1) == Flag.PASS).mean() > 0.98


@BOTH
def test_a_constant_field_passes_and_all_missing_is_missing(run) -> None:  # noqa: ANN001
    assert (run(np.full((4, STATIONS), 7.0), places()).flags == Flag.PASS).all()
    assert (run(np.full((4, STATIONS), np.nan), places()).flags == Flag.MISSING).all()


@BOTH
def test_hours_are_evaluated_independently(run) -> None:  # noqa: ANN001
    values = field(hours=6)
    values[3, 2] += 80
    whole = run(values, places()).flags
    assert (np.vstack([run(values[[hour]], places()).flags for hour in range(6)]) == whole).all()


def test_height_is_handled_by_slope_and_by_the_limit_of_difference() -> None:
    where = places()
    where.altitude_m[:] = np.linspace(0, 1500, STATIONS)
    values = 25 - 0.0065 * where.altitude_m + np.random.default_rng(3).normal(0, 0.2, (HOURS, STATIONS))
    figures: dict[str, Any] = {**SPACE, "height_m": 2000, "floor": 0.5, "relative": 0.0, "length_m": 800}
    assert (consistency_test(values, where, **figures).flags == Flag.PASS).all()
    assert not where.near(100, 300)[0, -1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(40, 500), st.integers(0, STATIONS - 1))
def test_no_test_gives_more_than_suspect_and_a_larger_error_never_passes(seed: int, error: float, station: int) -> None:
    values = field(hours=3, seed=seed)
    for run in (partial(buddy_test, **BUDDY), partial(consistency_test, **SPACE)):
        small, large = values.copy(), values.copy()
        small[1, station] += error
        large[1, station] += 2 * error
        flags = [run(item, places()).flags for item in (small, large)]
        assert set(np.unique(flags)) <= {Flag.PASS, Flag.SUSPECT, Flag.UNKNOWN, Flag.MISSING}
        assert flags[1][1, station] >= flags[0][1, station]
