"""The supersite's episode of 11 and 12 March 2021: what the case file claims."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from analysis.case.assembly import case_file
from tests.analysis.case.chemistry.episode import given

if TYPE_CHECKING:
    from analysis.case.case_file import CaseFile
    from schemas.reason import Figure
    from schemas.statement import Statement


@cache
def episode() -> CaseFile:
    return case_file(given("2021-03-11T20:00", 17))


def claim(name: str) -> Statement:
    return next(item for item in episode().statements if item.key == f"case.chemistry.{name}")


def number(value: Figure | None) -> float:
    assert isinstance(value, int | float)
    return float(value)


def part(name: str) -> dict[str, float]:
    found = next(item for item in claim("composition").details if item.figures.get("component") == name)
    return {key: number(value) for key, value in found.figures.items() if key != "component"}


def test_it_is_haze_and_no_fault_and_its_extent_is_left_open() -> None:
    found = {item.kind.value: item.probability for item in episode().kinds}
    assert episode().answer.key == "case.answer.haze_alone"
    assert found["haze"] > 0.7
    assert found["fault"] < 0.1


@pytest.mark.parametrize(("start", "length_h"), [("2021-02-25T01:00", 9), ("2021-03-15T06:00", 6)])
def test_other_episodes_of_nitrate_are_no_fault(start: str, length_h: int) -> None:
    found = {item.kind.value: item.probability for item in case_file(given(start, length_h)).kinds}
    assert found["fault"] < 0.3
    assert found["haze"] == max(found.values())


def test_ammonium_nitrate_is_the_largest_part_of_the_excess_of_pm25() -> None:
    names = [item.figures["component"] for item in claim("composition").details if "component" in item.figures]
    assert names[:2] == ["ammonium_nitrate", "organic_matter"]
    assert 0.3 < part("ammonium_nitrate")["share"] < 0.5
    assert part("ammonium_nitrate")["low"] > part("ammonium_sulfate")["high"]


def test_the_components_close_and_the_ammonium_reading_is_doubted() -> None:
    details = {item.key: item.figures for item in claim("composition").details}
    assert details["case.chemistry.closure"]["closure"] == pytest.approx(0.78, abs=0.02)
    assert number(details["case.chemistry.ammonium"]["event"]) > 1.5


def test_the_air_stagnated() -> None:
    figures = {item.key: item.figures for item in claim("stagnant").details}
    assert number(figures["case.chemistry.wind"]["event"]) < 1.0
    assert number(figures["case.chemistry.layer"]["event"]) < number(figures["case.chemistry.layer"]["usual"])


def test_nitrate_formed_at_night_and_sulfate_hardly_grew() -> None:
    figures = claim("night_nitrate").figures
    assert number(figures["last"]) > 2 * number(figures["first"])
    sulfate = next(item.figures for item in claim("night_nitrate").details if item.key == "case.chemistry.sulfate")
    assert number(sulfate["last"]) < 1.2 * number(sulfate["first"])
    assert claim("titrated").figures["hours"] == 8


def test_solvents_were_a_second_source_without_a_direction() -> None:
    found = claim("standout")
    assert str(found.figures["ratios"]).startswith("toluene=")
    assert number(found.figures["chance"]) < 0.05
    assert {item.key for item in found.details} == {"case.chemistry.solvent", "case.chemistry.no_direction"}
    assert episode().bearing is None


def test_one_station_does_not_tell_how_far_it_reaches() -> None:
    assert claim("extent").confidence.value == "none"
    assert "neighbours," not in " ".join(item.text("en") for item in episode().statements if item.topic == "kind")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_statement_is_written_with_all_its_figures(language: str) -> None:
    for item in episode().statements:
        assert "–" not in item.text(language)
        assert "case." not in item.text(language)
