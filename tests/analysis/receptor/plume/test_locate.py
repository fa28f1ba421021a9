"""Place, rate and their intervals, and each reason why a release cannot be located."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from analysis.receptor.plume import Obstacle, PlumeEvidence, PlumeInputError, PlumeResult, PlumeRule, locate
from analysis.receptor.plume.statement import plume_statement
from schemas.statement import Confidence, is_translated
from tests.analysis.receptor.plume.release import GRID_KM, PLANE, evidence_of, wind

TURNING = (150.0, 190.0, 230.0, 270.0, 310.0, 350.0)
CALM = (wind(float("nan")),) * len(TURNING)
SCENES = {
    "no_wind": (msgspec.structs.replace(evidence_of(TURNING), wind=CALM), PlumeRule()),
    "few_stations": (evidence_of(TURNING, rate_kg_h=0.0), PlumeRule()),
    "wide": (evidence_of((180.0,), place=(2.0, -9.0), rate_kg_h=600.0), PlumeRule(largest_area_km2=5.0)),
    "edge": (evidence_of((5.0, 0.0, 355.0), place=(0.0, 14.5), rate_kg_h=3000.0), PlumeRule()),
}


@pytest.fixture(scope="module")
def found() -> PlumeResult:
    return locate(evidence_of(TURNING))


def test_a_release_under_turning_wind_is_located_with_its_rate(found: PlumeResult) -> None:
    assert found.is_located
    assert found.lon is not None
    assert found.lat is not None
    east, north = PLANE.to_km(np.array(found.lon), np.array(found.lat))
    assert np.hypot(east - 1.5, north - 2.0) < 1.0
    assert found.rate_low is not None
    assert found.rate_high is not None
    assert found.rate_low < 300.0 < found.rate_high


def test_the_same_evidence_gives_the_same_result(found: PlumeResult) -> None:
    again = locate(evidence_of(TURNING))
    assert (again.lon, again.lat, again.rate, again.log_odds) == (found.lon, found.lat, found.rate, found.log_odds)


def test_the_region_holds_nine_tenths_and_the_true_place(found: PlumeResult) -> None:
    assert found.posterior is not None
    assert found.posterior.mass.sum() == pytest.approx(1.0)
    assert found.posterior.rate_mass.sum() == pytest.approx(1.0)
    held = found.posterior.region_mass[found.posterior.in_region].sum()
    assert 0.9 <= held < 0.95
    assert found.posterior.contains(1.5 - GRID_KM[:, 0].mean(), 2.0 - GRID_KM[:, 1].mean())


def test_cells_fill_the_prior_without_overlap(found: PlumeResult) -> None:
    assert found.posterior is not None
    assert (found.posterior.side_km**2).sum() == pytest.approx(np.pi * 15.0**2, rel=0.03)


def test_a_station_with_missing_values_and_calm_hours_are_left_out() -> None:
    evidence = evidence_of(TURNING)
    evidence.excess_ug_m3[:, 0] = np.nan
    calm = msgspec.structs.replace(evidence, wind=(*evidence.wind[:-1], wind(350.0, 0.2)))
    found = locate(calm)
    assert (found.stations, found.hours) == (8, 5)


def test_an_outlier_at_one_station_does_not_move_the_place() -> None:
    evidence = evidence_of(TURNING)
    evidence.excess_ug_m3[0, 0] = 400.0
    found = locate(evidence)
    assert found.lon is not None
    assert found.lat is not None
    east, north = PLANE.to_km(np.array(found.lon), np.array(found.lat))
    assert np.hypot(east - 1.5, north - 2.0) < 1.5


@pytest.mark.parametrize("obstacle", SCENES)
def test_an_obstacle_is_named_and_said_in_both_languages(obstacle: str) -> None:
    found = locate(*SCENES[obstacle])
    assert Obstacle(obstacle) in found.obstacles
    statement = plume_statement(found, "ch4")
    assert statement.confidence is Confidence.NONE
    assert is_translated(msgspec.to_builtins(statement))
    assert "not locatable" in statement.text("en")
    assert "无法定位" in statement.text("zh")


def test_excess_that_no_single_plume_explains_is_no_release() -> None:
    evidence = evidence_of(TURNING, rate_kg_h=0.0)
    evidence.excess_ug_m3[[0, 2, 4], [0, 4, 8]] = 4.0 * 5.0
    found = locate(evidence)
    assert found.stations_above >= 3
    assert not found.is_located


def test_a_located_release_is_said_with_intervals_in_both_languages(found: PlumeResult) -> None:
    statement = plume_statement(found, "ch4")
    assert is_translated(msgspec.to_builtins(statement))
    assert "kg/h (90 % interval" in statement.text("en")
    assert "90% 区间" in statement.text("zh")
    assert "–" not in statement.text("en")


def test_a_stricter_rule_locates_less(found: PlumeResult) -> None:
    assert found.posterior is not None
    assert Obstacle.WIDE in locate(evidence_of(TURNING), PlumeRule(largest_area_km2=0.1)).obstacles


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"excess_ug_m3": np.zeros((6, 4))}, "6 hours of wind by 9 stations"),
        ({"sigma_ug_m3": np.zeros((6, 9))}, "hour 0, station 0 is 0.0"),
        ({"lon": np.full(9, np.nan)}, "a station has no place"),
        ({"memory": 1.0}, "below 1 is needed"),
    ],
)
def test_evidence_that_cannot_be_is_an_error_that_says_what_is_needed(change: dict[str, object], what: str) -> None:
    with pytest.raises(PlumeInputError, match=what):
        msgspec.structs.replace(evidence_of(TURNING), **change)


def test_two_stations_are_an_error() -> None:
    evidence = evidence_of(TURNING)
    two = PlumeEvidence(
        lon=evidence.lon[:2],
        lat=evidence.lat[:2],
        excess_ug_m3=evidence.excess_ug_m3[:, :2],
        sigma_ug_m3=evidence.sigma_ug_m3[:, :2],
        wind=evidence.wind,
    )
    with pytest.raises(PlumeInputError, match="2 stations: at least 3"):
        locate(two)
