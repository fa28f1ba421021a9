"""Excess over background, and its mass."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.receptor.plume import PlumeInputError, excess_over_background, mass_concentration
from schemas.parameter import parameter

HISTORY_H = 400
EVENT_H = 4
SIGMA = 6.0
EVENT = np.arange(HISTORY_H + EVENT_H) >= HISTORY_H
NO_SECTOR = np.zeros(HISTORY_H + EVENT_H, dtype=np.int64)


def background(stations: int = 10, seed: int = 3) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(seed))
    regional = 2000.0 + np.cumsum(rng.normal(0.0, 5.0, HISTORY_H + EVENT_H))
    return regional[:, None] + 10.0 * np.arange(stations) + rng.normal(0.0, SIGMA, (HISTORY_H + EVENT_H, stations))


def test_a_plume_at_half_of_the_stations_is_found_at_its_size() -> None:
    values = background()
    values[EVENT, :5] += 200.0
    found = excess_over_background(values, EVENT, NO_SECTOR, precision=1.0)
    assert found.excess[:, :5].mean() == pytest.approx(200.0, abs=6.0)
    assert found.excess[:, 5:].mean() == pytest.approx(0.0, abs=6.0)


def test_sigma_is_that_of_the_noise_and_covers_excess_without_a_plume() -> None:
    found = [excess_over_background(background(seed=seed), EVENT, NO_SECTOR, precision=1.0) for seed in range(20)]
    assert np.mean([item.sigma for item in found]) == pytest.approx(SIGMA * 1.1, rel=0.15)
    inside = np.mean([np.abs(item.excess) < 1.645 * item.sigma for item in found])
    assert 0.85 < inside < 0.95


def test_a_steady_influence_of_a_wind_sector_is_background() -> None:
    values = background()
    sector = np.arange(len(values)) % 4
    values[sector == 2, 0] += 50.0
    found = excess_over_background(values, EVENT, sector, precision=1.0)
    assert abs(found.excess[:, 0]).max() < 30.0


def test_noise_with_memory_is_noticed() -> None:
    values = background()
    slow = np.repeat(np.random.Generator(np.random.PCG64(5)).normal(0.0, 20.0, (101, 10)), 4, axis=0)
    assert excess_over_background(values + slow, EVENT, NO_SECTOR, precision=1.0).memory > 0.5
    assert excess_over_background(values, EVENT, NO_SECTOR, precision=1.0).memory < 0.15


def test_a_missing_value_has_no_excess_and_a_station_without_history_no_sigma() -> None:
    values = background()
    values[-1, 0] = np.nan
    values[:HISTORY_H, 1] = np.nan
    found = excess_over_background(values, EVENT, NO_SECTOR, precision=1.0)
    assert np.isnan(found.excess[-1, 0])
    assert np.isnan(found.sigma[1])
    assert np.isfinite(np.delete(found.sigma, 1)).all()


def test_a_constant_station_has_the_precision_as_its_sigma() -> None:
    values = np.full((HISTORY_H + EVENT_H, 4), 2000.0)
    assert excess_over_background(values, EVENT, NO_SECTOR, precision=1.5).sigma.tolist() == [1.5] * 4


@pytest.mark.parametrize(
    ("values", "event", "what"),
    [
        (background(2), EVENT, "at least 3 stations"),
        (background(), np.zeros(len(EVENT), dtype=bool), "at least one is needed"),
        (background(), np.arange(len(EVENT)) >= 50, "72 h of history"),
        (np.full((len(EVENT), 4), np.nan), EVENT, "72 h of history"),
    ],
)
def test_input_that_is_too_little_is_an_error_that_says_what_is_needed(
    values: np.ndarray, event: np.ndarray, what: str
) -> None:
    with pytest.raises(PlumeInputError, match=what):
        excess_over_background(values, event, NO_SECTOR, precision=1.0)


def test_a_mole_fraction_becomes_the_mass_of_the_air_as_it_is() -> None:
    air = {"temperature_k": 273.15, "pressure_hpa": 1013.25}
    assert mass_concentration(np.array([1.0]), parameter("co2"), **air)[0] == pytest.approx(1963.5, rel=1e-3)
    assert mass_concentration(np.array([1.0]), parameter("benzene"), **air)[0] == pytest.approx(298.15 / 273.15)
    assert mass_concentration(np.array([1.0]), parameter("co"), **air)[0] == pytest.approx(1091.5, rel=1e-3)


def test_particles_are_a_mass_in_the_air_as_it_is() -> None:
    assert mass_concentration(np.array([3.0]), parameter("pm25"), temperature_k=250.0, pressure_hpa=900.0)[0] == 3.0


def test_a_parameter_that_is_no_mass_has_no_rate() -> None:
    with pytest.raises(PlumeInputError, match=r"rain .* has no molar mass"):
        mass_concentration(np.array([1.0]), parameter("rain"), temperature_k=280.0, pressure_hpa=1000.0)


def test_a_state_of_the_air_that_cannot_be_is_an_error() -> None:
    with pytest.raises(PlumeInputError, match="above zero"):
        mass_concentration(np.array([1.0]), parameter("ch4"), temperature_k=0.0, pressure_hpa=1000.0)
