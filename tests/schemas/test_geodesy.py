"""Distances and bearings on the sphere."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.geodesy import bearing_deg, great_circle_km

ONE_DEGREE_KM = 111.195


@pytest.mark.parametrize(
    ("first", "second", "bearing"), [((123.0, 41.0), (123.0, 42.0), 0.0), ((0.0, 0.0), (1.0, 0.0), 90.0)]
)
def test_one_degree_of_a_great_circle(first: tuple[float, float], second: tuple[float, float], bearing: float) -> None:
    assert float(great_circle_km(*first, *second)) == pytest.approx(ONE_DEGREE_KM, abs=1e-2)
    assert float(bearing_deg(*first, *second)) == pytest.approx(bearing, abs=1e-9)


def test_a_place_that_is_not_known_has_no_distance() -> None:
    found = great_circle_km(123.0, 41.0, np.array([123.0, np.nan]), np.array([42.0, 42.0]))
    assert np.isfinite(found).tolist() == [True, False]
