from __future__ import annotations

import numpy as np
import pytest

from qc.detector.feature import Prepared, prepare
from qc.detector.offset import find_offsets
from qc.detector.run_length import run_lengths
from qc.detector.service_visit import ServiceVisit, find_visits
from tests.qc.detector.sonde import PER_HOUR, PRIORS, river, visit


def prepared(sonde: dict[str, np.ndarray]) -> dict[str, Prepared]:
    return {
        code: prepare(values, (PRIORS[code].low, PRIORS[code].high), PER_HOUR, skewed=code == "turbidity")
        for code, values in sonde.items()
    }


def visits_of(sonde: dict[str, np.ndarray]) -> list[ServiceVisit]:
    series = prepared(sonde).values()
    return find_visits([item.hard for item in series], [item.odd() for item in series], PER_HOUR)


def test_values_lost_in_two_parameters_at_once_are_a_visit() -> None:
    sonde = river(20)
    visit(sonde, 500)
    visit(sonde, 1500)
    assert visits_of(sonde) == [ServiceVisit(500, 503), ServiceVisit(1500, 1503)]


def test_values_lost_in_one_parameter_alone_are_no_visit() -> None:
    sonde = river(20)
    sonde["water_temperature"][500:504] = -9999
    assert visits_of(sonde) == []


def test_a_fault_of_days_is_no_visit() -> None:
    sonde = river(20)
    visit(sonde, 500, length=200)
    assert visits_of(sonde) == []


def test_visits_within_hours_are_one() -> None:
    sonde = river(20)
    visit(sonde, 500)
    visit(sonde, 516)
    assert visits_of(sonde) == [ServiceVisit(500, 519)]


def test_a_wrong_setting_between_two_visits_is_found_with_its_size() -> None:
    sonde = river(40)
    sonde["water_conductivity"][1000:2000] += 8
    visit(sonde, 1000)
    visit(sonde, 2000)
    (offset,) = find_offsets(prepared(sonde)["water_conductivity"], visits_of(sonde), 3.0)
    assert (offset.first, offset.last) == (1003, 2003)
    assert offset.size == pytest.approx(8, abs=0.7)
    assert offset.score > 0.7


@pytest.mark.parametrize(("size", "least"), [(0.0, 3.0), (8.0, 20.0), (8.0, np.inf)])
def test_no_step_a_small_step_or_a_parameter_that_is_not_set_is_no_offset(size: float, least: float) -> None:
    sonde = river(40)
    sonde["water_conductivity"][1000:2000] += size
    visit(sonde, 1000)
    visit(sonde, 2000)
    assert find_offsets(prepared(sonde)["water_conductivity"], visits_of(sonde), least) == []


def test_two_steps_the_same_way_are_no_offset() -> None:
    sonde = river(40)
    sonde["water_conductivity"][1000:] += 8
    sonde["water_conductivity"][2000:] += 8
    visit(sonde, 1000)
    visit(sonde, 2000)
    assert find_offsets(prepared(sonde)["water_conductivity"], visits_of(sonde), 3.0) == []


def test_visits_at_the_edges_have_no_step() -> None:
    sonde = river(10)
    visit(sonde, 0)
    visit(sonde, len(sonde["turbidity"]) - 4)
    assert find_offsets(prepared(sonde)["water_conductivity"], visits_of(sonde), 3.0) == []


def test_run_lengths_count_equal_neighbours() -> None:
    assert run_lengths(np.array([1.0, 1.0, 2.0, np.nan, np.nan, 1.0])).tolist() == [2, 2, 1, 1, 1, 1]
    assert run_lengths(np.array([])).tolist() == []


def test_no_parameter_has_no_visit() -> None:
    assert find_visits([], [], PER_HOUR) == []
