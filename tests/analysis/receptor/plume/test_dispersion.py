"""Stability classes, spread and the forward plume."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.receptor.plume import AssumedRelease, HourlyWind, Stability, Terrain, stability
from analysis.receptor.plume.dispersion import MIXING_HEIGHT_M, lateral_spread_m, vertical_spread_m
from analysis.receptor.plume.forward import UG_S_PER_KG_H, unit_concentration

DISTANCE_M = np.array([200.0, 1000.0, 5000.0, 10_000.0])
ACROSS_KM = np.linspace(-15.0, 15.0, 3001)


@pytest.mark.parametrize(
    ("speed", "radiation", "is_day", "name"),
    [
        *((1.0, 950.0, True, "A"), (2.0, 700.0, True, "B"), (4.0, 300.0, True, "C"), (7.0, 300.0, True, "D")),
        *((1.0, 0.0, False, "F"), (2.2, 0.0, False, "E"), (3.0, 0.0, False, "D"), (1.0, float("nan"), True, "D")),
    ],
)
def test_class_follows_the_table_of_radiation_and_wind(speed: float, radiation: float, is_day: bool, name: str) -> None:  # noqa: FBT001
    assert stability(speed, radiation, is_day=is_day).name == name


def test_falling_temperature_at_night_is_less_stable() -> None:
    assert stability(1.0, 0.0, is_day=False, temperature_rises=False) is Stability.E


def test_a_missing_wind_speed_is_an_error_that_says_what_is_needed() -> None:
    with pytest.raises(ValueError, match="needs a speed"):
        stability(float("nan"), 500.0, is_day=True)


@pytest.mark.parametrize("terrain", Terrain)
@pytest.mark.parametrize("spread", [lateral_spread_m, vertical_spread_m])
def test_spread_grows_with_distance_and_falls_with_stability(terrain: Terrain, spread: object) -> None:
    table = np.array([spread(DISTANCE_M, item, terrain) for item in Stability])  # type: ignore[operator]
    assert (np.diff(table, axis=1) > 0).all()
    assert (np.diff(table, axis=0) <= 0).all()


def test_spread_over_a_city_is_wider_than_over_open_country() -> None:
    near = DISTANCE_M[:2]
    for item in Stability:
        city, country = (lateral_spread_m(near, item, terrain) for terrain in (Terrain.URBAN, Terrain.OPEN_COUNTRY))
        assert (city > country).all()


def across(wind: HourlyWind, distance_km: float) -> float:
    """Concentration integrated across a plume from the west [kg h⁻¹ to µg m⁻²]."""
    east = np.full(len(ACROSS_KM), distance_km)
    found = unit_concentration(east, ACROSS_KM, wind, np.zeros(1), AssumedRelease())[:, 0]
    return float(found.sum() * (ACROSS_KM[1] - ACROSS_KM[0]) * 1000.0)


def test_flux_across_the_plume_is_that_of_a_reflected_gaussian() -> None:
    wind = HourlyWind(speed_m_s=4.0, from_deg=270.0, stability=Stability.D)
    vertical = float(vertical_spread_m(np.array([2000.0]), Stability.D, Terrain.OPEN_COUNTRY)[0])
    expected = 2 * UG_S_PER_KG_H / (np.sqrt(2 * np.pi) * 4.0 * vertical) * np.exp(-0.5 * (15.0 / vertical) ** 2)
    assert across(wind, 2.0) == pytest.approx(expected, rel=1e-3)


def test_a_plume_far_away_fills_the_mixed_layer_and_no_more() -> None:
    wind = HourlyWind(speed_m_s=4.0, from_deg=270.0, stability=Stability.A, meander_deg=2.0)
    expected = UG_S_PER_KG_H / (4.0 * MIXING_HEIGHT_M[Stability.A])
    assert across(wind, 12.0) == pytest.approx(expected, rel=0.02)


def test_a_turn_of_the_wind_turns_the_plume() -> None:
    wind = HourlyWind(speed_m_s=4.0, from_deg=260.0, stability=Stability.D)
    turned = unit_concentration(np.array([3.0]), np.array([0.0]), wind, np.array([0.0, 10.0, 180.0]), AssumedRelease())[
        0
    ]
    assert turned[1] > turned[0] > turned[2] == 0.0
