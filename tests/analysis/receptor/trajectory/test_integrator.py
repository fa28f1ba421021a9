from __future__ import annotations

import numpy as np
import pytest

from analysis.receptor.trajectory.grid import WindGridError, wind_grid
from analysis.receptor.trajectory.integrator import Trajectories, TrajectoryEnd, Wind, check_start, step_for, trace
from analysis.receptor.trajectory.sphere import EARTH_RADIUS_M, to_vector, unit
from schemas.geodesy import great_circle_km
from tests.analysis.receptor.trajectory import fields

AXIS = unit(np.array([1.0, 0.3, 0.2]))
M_A_DEGREE = np.radians(1.0) * EARTH_RADIUS_M


def error_km(
    wind: Wind, step_s: float, place: tuple[float, float], axis: np.ndarray, *, hours: int, period_s: float
) -> float:
    """Distance from the place where solid rotation carries a parcel [km]."""
    path = trace(wind, np.array([86_400.0]), (*place, 1000.0), hours=hours, step_s=step_s)
    true = fields.turned(to_vector(*place), axis, 2 * np.pi * hours * 3600.0 / period_s)
    found = to_vector(path.lon[0, -1], path.lat[0, -1])
    return float(2 * np.arcsin(np.linalg.norm(found - true) / 2) * EARTH_RADIUS_M / 1000.0)


def test_solid_rotation_is_of_fourth_order() -> None:
    period_s = 12 * 3600.0
    wind = fields.rotation(AXIS, period_s)
    errors = [error_km(wind, step, (20.0, 50.0), AXIS, hours=12, period_s=period_s) for step in (3600.0, 1800.0, 900.0)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (orders > 3.8).all()
    assert errors[-1] < 5.0


def test_shear_that_grows_with_time_is_exact_along_its_parallel() -> None:
    # u = a t lat: a parcel stays at its latitude, and its way is the integral of a polynomial
    rate = 1e-5
    wind = fields.zonal(lambda time_s, lat: rate * time_s * lat)
    path = trace(wind, np.array([0.0]), (100.0, 40.0, 1000.0), hours=12, step_s=300.0)
    way_m = rate * 40.0 * (12 * 3600.0) ** 2 / 2
    assert path.lat[0] == pytest.approx(40.0, abs=1e-6)
    assert path.lon[0, -1] == pytest.approx(100.0 + way_m / (M_A_DEGREE * np.cos(np.radians(40.0))), abs=1e-6)


def test_divergence_carries_parcels_apart_exponentially() -> None:
    # v = d * R * tan-like growth: d(lat)/dt = k lat, exact lat = lat0 exp(k t)
    growth = 2e-6
    lat = np.arange(-40.0, 40.5, 0.5)
    v = np.broadcast_to((growth * lat * M_A_DEGREE)[None, None, :, None], (2, 1, len(lat), 3))
    axes = np.array([0.0, 10 * 86_400.0]), np.array([1000.0]), lat, np.array([0.0, 1.0, 2.0])
    grid = wind_grid(*axes, (0 * v, v, None))
    path = trace(grid, np.array([0.0, 0.0]), (1.0, np.array([5.0, -5.0]), 1000.0), hours=96, step_s=1800.0)
    assert path.lat[:, -1] == pytest.approx(np.array([5.0, -5.0]) * np.exp(growth * 96 * 3600.0), rel=1e-4)


def test_the_error_of_gridded_rotation_falls_with_the_square_of_the_cell() -> None:
    period_s = 5 * fields.DAY_S
    errors = [
        error_km(fields.global_rotation(AXIS, period_s, step), 600.0, (20.0, 50.0), AXIS, hours=24, period_s=period_s)
        for step in (5.0, 2.5)
    ]
    assert np.log2(errors[0] / errors[1]) > 1.7


def test_air_crosses_the_pole_and_the_date_line() -> None:
    period_s = 10 * fields.DAY_S
    over_pole = np.array([0.0, -1.0, 0.0])
    grid = fields.global_rotation(over_pole, period_s, 1.0)
    assert error_km(grid, 1800.0, (0.0, 80.0), over_pole, hours=24, period_s=period_s) < 1.0
    eastward = np.array([0.0, 0.0, 1.0])
    round_earth = fields.global_rotation(eastward, period_s, 1.0)
    assert error_km(round_earth, 1800.0, (175.0, 0.0), eastward, hours=24, period_s=period_s) < 1.0


def test_back_and_forth_returns_to_the_start() -> None:
    grid = fields.global_rotation(AXIS, 6 * fields.DAY_S, 2.0)
    back = trace(grid, np.array([4 * fields.DAY_S]), (120.0, 40.0, 1000.0), hours=-72)
    forth = trace(grid, back.start_s - 72 * 3600.0, (back.lon[:, -1], back.lat[:, -1], 1000.0), hours=72)
    assert float(great_circle_km(forth.lon[0, -1], forth.lat[0, -1], 120.0, 40.0)) < 0.01


def test_a_uniform_wind_moves_air_by_its_speed() -> None:
    path = trace(fields.uniform(0.0, 10.0), np.array([0.0]), (120.0, 35.0, 900.0), hours=10)
    assert (path.lat[0, -1] - 35.0) * M_A_DEGREE == pytest.approx(10.0 * 36_000.0, rel=1e-4)


def test_air_sinks_and_stays_above_the_lowest_level() -> None:
    path = trace(fields.uniform(0.0, 0.0, change=0.01), np.array([0.0]), (120.0, 35.0, 900.0), hours=12)
    assert path.level[0, 2] == pytest.approx(972.0)
    assert path.level[0, -1] == pytest.approx(1000.0, abs=0.01 * 600.0)


def ended(path: Trajectories) -> tuple[str, float]:
    return path.end[0].value, float(path.hours[0])


def test_a_trajectory_states_why_it_ended() -> None:
    start = np.array([86_400.0])
    assert ended(trace(fields.uniform(30.0, 0.0), start, (129.0, 40.0, 900.0), hours=24)) == ("edge", 0.0)
    assert ended(trace(fields.uniform(0.0, 0.0), start, (120.0, 40.0, 900.0), hours=-48)) == ("time", 24.0)
    rising = fields.uniform(0.0, 0.0, change=-0.01)
    assert ended(trace(rising, start, (120.0, 40.0, 600.0), hours=24)) == ("top", 2.0)
    assert ended(trace(rising, start, (120.0, 40.0, 600.0), hours=2)) == (TrajectoryEnd.COMPLETE.value, 2.0)


def test_missing_wind_ends_a_trajectory_as_missing() -> None:
    u = np.full((2, 1, 5, 5), 10.0)
    u[..., 3:] = np.nan
    axes = np.array([0.0, 86_400.0]), np.array([1000.0]), np.arange(40.0, 45.0), np.arange(120.0, 125.0)
    path = trace(wind_grid(*axes, (u, 0 * u, None)), np.array([0.0]), (121.5, 42.0, 1000.0), hours=12)
    assert ended(path) == ("missing", 1.0)


def test_one_that_has_ended_does_not_end_the_others() -> None:
    path = trace(fields.uniform(10.0, 0.0), np.zeros(2), (np.array([129.5, 115.0]), 40.0, 900.0), hours=6)
    assert [item.value for item in path.end] == ["edge", "complete"]
    assert np.isfinite(path.lon[1]).all()


@pytest.mark.parametrize(("hours", "step_s"), [(0, 600.0), (24, 700.0), (24, 0.0)])
def test_impossible_steps_are_refused(hours: int, step_s: float) -> None:
    with pytest.raises(WindGridError, match=r"expected|take one of"):
        trace(fields.uniform(1.0, 1.0), np.array([0.0]), (120.0, 40.0, 900.0), hours=hours, step_s=step_s)


def test_a_start_above_the_top_is_refused() -> None:
    with pytest.raises(WindGridError, match="above the top of the winds, 500 hPa"):
        check_start(fields.uniform(1.0, 1.0), 120.0, 40.0, 300.0)


def test_the_step_is_shorter_in_fast_wind_on_a_fine_grid() -> None:
    assert step_for(fields.uniform(10.0, 0.0)) > step_for(fields.uniform(80.0, 0.0))
