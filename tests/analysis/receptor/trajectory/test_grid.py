from __future__ import annotations

import numpy as np
import pytest

from analysis.receptor.trajectory.grid import WindGridError, wind_grid
from analysis.receptor.trajectory.sphere import to_vector

TIMES, LEVELS = np.array([0.0, 3600.0]), np.array([1000.0])
LATS, LONS = np.array([40.0, 41.0, 42.0]), np.array([120.0, 121.0, 122.0])
STILL = np.zeros((2, 1, 3, 3))


def test_axes_in_falling_order_give_the_same_wind() -> None:
    u = np.arange(18.0).reshape(2, 1, 3, 3)
    plain = wind_grid(TIMES, LEVELS, LATS, LONS, (u, STILL, None))
    turned = wind_grid(TIMES, LEVELS, LATS[::-1], LONS, (u[:, :, ::-1], STILL, None))
    assert np.array_equal(plain.wind, turned.wind)


def test_a_grid_of_0_to_360_holds_western_longitudes() -> None:
    lon = np.arange(0.0, 360.0, 1.0)
    u = np.broadcast_to(lon / 10.0, (2, 1, 3, 360))
    grid = wind_grid(TIMES, LEVELS, LATS, lon, (u, 0 * u, None))
    velocity, _ = grid.at(np.zeros(2), to_vector(np.array([-100.0, -0.5]), 41.0), np.full(2, 1000.0))
    assert grid.is_global
    # halfway across the seam the mean of the first and the last meridian
    assert np.linalg.norm(velocity, axis=1) == pytest.approx([26.0, 17.95], abs=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"u": STILL[..., :2]}, "u has the shape"),
        ({"u": STILL + 900.0}, "check units and scale factor"),
        ({"u": STILL * np.nan}, "hold no wind at all"),
        ({"lat": np.array([89.0, 90.0, 91.0])}, "beyond a pole"),
        ({"lat": np.array([40.0, 40.0, 41.0])}, "latitude is not strictly monotonic"),
        ({"time_s": np.array([0.0]), "u": STILL[:1], "v": STILL[:1]}, "time has 1 nodes"),
    ],
)
def test_unusable_winds_are_refused_with_what_is_needed(change: dict[str, np.ndarray], words: str) -> None:
    parts = {"time_s": TIMES, "lat": LATS, "u": STILL, "v": STILL} | change
    with pytest.raises(WindGridError, match=words):
        wind_grid(parts["time_s"], LEVELS, parts["lat"], LONS, (parts["u"], parts["v"], None))
