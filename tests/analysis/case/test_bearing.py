"""What the direction of a case file rests on, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from analysis.case.case_file import Bearing, BearingBasis, Estimate
from analysis.case.case_hours import CaseHours
from analysis.case.case_statement import answer_statement
from analysis.case.direction import bearing_of, direction_of, one_side_of, plume_bearing
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.probability import kind_of
from analysis.case.origin_statement import direction_statement
from analysis.receptor.direction import WindTest
from analysis.receptor.direction.result import Direction
from analysis.receptor.direction.wind_of_excess import WindOfExcess
from bench.analysis.labelled_case import with_other_wind
from schemas.flag import Flag
from schemas.statement import Confidence
from tests.analysis.case.test_assembly import PLUME, computed, event, given, of_event

HELD_PLUME = 2


def wind_test(chance: float) -> WindTest:
    return WindTest(chance=chance, better=round(chance * 30) - 1, days=29, factor=8.0)


def test_a_plume_that_its_wind_explains_best_holds() -> None:
    found = computed(HELD_PLUME)
    assert found.bearing is not None
    assert found.bearing.basis is BearingBasis.HELD
    assert found.bearing.chance <= 0.05
    assert found.answer.key == "case.answer.from_source"


def test_a_plume_that_other_winds_explain_as_well_has_a_wind_only() -> None:
    found = computed(PLUME)
    assert found.bearing is not None
    assert found.bearing.basis is BearingBasis.WIND
    assert 0.05 < found.bearing.chance <= 0.5
    assert found.answer.key == "case.answer.wind_source"
    assert "with wind from the S (" in found.answer.text("en")
    assert "当时风来自南方向" in found.answer.text("zh")


def test_a_plume_with_the_wind_of_other_days_hardly_ever_holds() -> None:
    moved = [of_event(with_other_wind(event(HELD_PLUME), days)) for days in range(2, 22, 2)]
    found = [direction_of(CaseHours(item)) for item in moved]
    bases = [None if item is None else item.basis for item in found]
    assert bases.count("event") <= 1
    assert bases.count(None) >= 4


def test_the_wind_is_moved_at_all_stations_alike() -> None:
    plain, moved = event(PLUME), with_other_wind(event(PLUME), 3)
    for name, frame in moved.hourly.items():
        old = plain.hourly[name]
        assert np.array_equal(frame["wind_direction"].to_numpy()[72:], old["wind_direction"].to_numpy()[:-72])
        assert frame[plain.parameter].equals(old[plain.parameter]) if plain.parameter in old else True
        minute = moved.minute[name]
        assert (minute["wind_speed"].iloc[:60] == frame["wind_speed"].loc[minute.index[0].floor("h")]).all()


def test_evidence_of_a_plume_states_the_chance_of_the_excess() -> None:
    direction = direction_of(CaseHours(given(PLUME)))
    bearing, evidence = bearing_of(direction), one_side_of(direction)
    assert direction is not None
    assert bearing is not None
    assert evidence is not None
    assert evidence.chance == direction.chance
    assert bearing.chance > evidence.chance


def unnamed(chance: float, factor: float, *, half_width: float = 20.0) -> Direction:
    """No place explains the excess of the stations; its wind is known."""
    wind = WindOfExcess(from_deg=230.0, half_width_deg=half_width, hours=5, effective_hours=3.0)
    return Direction(winds=msgspec.structs.replace(wind_test(chance), factor=factor), wind=wind)


@pytest.mark.parametrize(("chance", "factor"), [(0.3, 0.1), (0.9, 0.8), (1 / 30, 8.0)])
def test_a_plume_by_other_evidence_states_its_wind_as_no_proof(chance: float, factor: float) -> None:
    found = unnamed(chance, factor)
    bearing = plume_bearing(found, 0.9)
    assert plume_bearing(found, 0.6) is None
    assert bearing is not None
    assert bearing.basis is BearingBasis.WIND
    assert (bearing.from_deg.low, bearing.from_deg.high) == (210.0, 250.0)
    said = direction_statement(found, bearing, computed(PLUME).kind)
    assert said.confidence is Confidence.LOW
    assert "no proof" in said.text("en")
    assert "不构成证明" in said.text("zh")


@pytest.mark.parametrize("found", [None, Direction(), unnamed(0.9, 0.1), unnamed(0.3, 2.0, half_width=70.0)])
def test_a_plume_states_no_wind_that_its_excess_contradicts_or_that_varied(found: Direction | None) -> None:
    assert plume_bearing(found, 0.9) is None


def test_the_first_line_tells_a_direction_that_holds_from_the_wind() -> None:
    plume = kind_of({"companions": Feature(value=1.0, figures={})})
    held = Bearing(from_deg=Estimate(value=90.0, low=80.0, high=100.0), chance=0.03, hours=4, basis=BearingBasis.HELD)
    texts = [
        answer_statement(given(PLUME).station, "so2", plume, item, ()).text("en")
        for item in (held, msgspec.structs.replace(held, basis=BearingBasis.WIND))
    ]
    assert ["with wind from the E" in text for text in texts] == [False, True]
    assert all("from the E (90°" in text for text in texts)


def test_a_stored_direction_without_a_basis_is_the_wind() -> None:
    stored = b'{"from_deg":{"value":90,"low":80,"high":100},"chance":0.01,"hours":4}'
    assert msgspec.json.decode(stored, type=Bearing).basis is BearingBasis.WIND


def test_short_histories_have_no_direction() -> None:
    full = given(HELD_PLUME)
    hourly = {name: frame.iloc[-9 * 24 :] for name, frame in full.hourly.items()}
    assert bearing_of(direction_of(CaseHours(replace(full, hourly=hourly)))) is None


@pytest.mark.parametrize("way", ["range", "flag"])
def test_a_vane_that_is_out_of_range_or_rejected_turns_no_direction(way: str) -> None:
    full = given(HELD_PLUME)
    name = full.station.id
    before = bearing_of(direction_of(CaseHours(full)))
    if way == "range":
        broken = full.minute[name].assign(wind_speed=-999.0, wind_direction=-999.0)
        found = replace(full, minute=dict(full.minute) | {name: broken})
    else:
        minute, hourly = full.minute[name], full.hourly[name].copy()
        broken = minute.assign(wind_direction=(minute["wind_direction"] + 150.0) % 360.0)
        hourly[["wind_speed__flag", "wind_direction__flag"]] = int(Flag.FAIL)
        found = replace(full, minute=dict(full.minute) | {name: broken}, hourly=dict(full.hourly) | {name: hourly})
    after = bearing_of(direction_of(CaseHours(found)))
    assert before is not None
    assert after is not None
    assert abs((after.from_deg.value - before.from_deg.value + 180.0) % 360.0 - 180.0) < 8.0
