from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from analysis.case.case_file import Bearing, Estimate, EventKind
from analysis.report.stored_case import StoredCase
from console.demo.case_check import CaseCheck, TruthMatch, check_cases, faults_of, not_asked, table_of
from schemas.statement import Confidence, Statement
from tests.console.build import NOW, network, station, stored_case

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORK = network(station("a-1", lon=123.4, lat=41.8))
START = NOW - timedelta(hours=5)


def staged(**more: object) -> dict[str, Any]:
    record = {
        "type": "staged",
        "event": "plume",
        "cause": "steel",
        "start": START.isoformat(),
        "end": NOW.isoformat(),
        "stations": {"a-1": 40.0, "gone": 90.0},
        "lon": 123.36,
        "lat": 41.77,
    }
    return record | more


def case(**more: object) -> StoredCase:
    item = stored_case("a-1", "pm25", NOW)
    return StoredCase(case=msgspec.structs.replace(item.case, **({"kind": EventKind.PLUME} | more)), chart=item.chart)


def ask_for(item: StoredCase) -> Callable[[str, datetime, str | None], StoredCase]:
    return lambda *_given: item


def check(
    record: dict[str, Any], ask: Callable[[str, datetime, str | None], StoredCase], language: str = "en", days: int = 30
) -> list[CaseCheck]:
    return check_cases([record], NETWORK, ask, since=START - timedelta(days=days), now=NOW, language=language)


def checked(record: dict[str, Any], item: StoredCase) -> tuple[TruthMatch, TruthMatch | None, TruthMatch | None]:
    (found,) = check(record, ask_for(item))
    return found.kind, found.source, found.direction


def no_case(*_given: object) -> StoredCase:
    msg = "no event near the moment"
    raise LookupError(msg)


def test_a_plume_of_the_right_kind_source_and_direction_is_right() -> None:
    assert checked(staged(), case()) == (TruthMatch.RIGHT, TruthMatch.RIGHT, TruthMatch.RIGHT)


def test_a_source_that_no_library_holds_must_stay_unnamed() -> None:
    assert checked(staged(cause="paint_mixer"), case())[1] is TruthMatch.WRONG
    unnamed = tuple(item for item in case().case.sources if item.kind != "steel")
    assert checked(staged(cause="paint_mixer"), case(sources=unnamed))[1] is TruthMatch.RIGHT
    assert checked(staged(), case(sources=unnamed, missing=()))[1] is TruthMatch.MISSED


def test_a_plant_that_burns_residual_oil_may_be_called_so_and_not_otherwise() -> None:
    oil = tuple(
        msgspec.structs.replace(item, kind="heavy_oil") if item.kind == "steel" else item
        for item in case().case.sources
    )
    assert checked(staged(cause="industry"), case(sources=oil))[1] is TruthMatch.RIGHT
    assert checked(staged(cause="industry"), case())[1] is TruthMatch.WRONG


def test_a_direction_beyond_a_sixteenth_of_the_circle_is_wrong() -> None:
    away = Bearing(from_deg=Estimate(value=290, low=270, high=310), chance=0.01, hours=4)
    assert checked(staged(), case(bearing=away, missing=("history",)))[2] is TruthMatch.WRONG


def test_no_direction_is_undecided_with_the_cause_that_the_case_file_states() -> None:
    few = Statement(
        topic="direction",
        key="attribution.direction.few_stations",
        figures={"stations": 2, "needed": 3},
        confidence=Confidence.NONE,
    )
    own = case().case.statements
    silent = case(bearing=None, missing=(), statements=(own[0], few))
    (found,) = check(staged(), ask_for(silent))
    assert found.direction is TruthMatch.UNDECIDED
    assert found.why.startswith("2 stations in reach")


def test_a_case_file_that_claims_nothing_on_a_short_history_is_not_wrong() -> None:
    silent = case(kind=EventKind.UNKNOWN, missing=("history",))
    (found,) = check(staged(), ask_for(silent))
    assert (found.kind, found.is_right, found.is_wrong) == (TruthMatch.UNDECIDED, False, False)
    assert checked(staged(), case(bearing=None, missing=("history",)))[2] is TruthMatch.UNDECIDED
    assert checked(staged(), case(kind=EventKind.UNKNOWN, missing=()))[0] is TruthMatch.MISSED


def test_the_station_that_is_asked_measures_the_species_and_is_not_next_to_the_release() -> None:
    near = station("b-1", lon=123.3605, lat=41.7705)
    particles = network(station("a-1", lon=123.4, lat=41.8), near)
    asked = []

    def ask(station_id: str, _at: datetime, _parameter: str | None) -> StoredCase:
        asked.append(station_id)
        return case()

    both = {"a-1": 40.0, "b-1": 90.0}
    for species in ("pm25", "ch4"):
        record = staged(stations=both, species=species)
        check_cases([record], particles, ask, since=START - timedelta(days=30), now=NOW, language="en")
    assert asked == ["a-1"]


def test_of_a_haze_only_the_kind_is_asked_at_its_parameter() -> None:
    asked = []

    def ask(_station_id: str, _at: datetime, parameter: str | None) -> StoredCase:
        asked.append(parameter)
        return case()

    haze = staged(event="haze", cause="haze", lon=None, lat=None)
    (found,) = check(haze, ask)
    assert (found.kind, found.source, found.direction, found.is_wrong) == (TruthMatch.WRONG, None, None, True)
    assert asked == ["pm25"]


def test_an_event_without_a_case_file_is_wrong_unless_the_data_have_just_begun() -> None:
    (found,) = check(staged(), no_case)
    assert (found.is_wrong, found.answer) == (True, "no case file: no event near the moment")
    assert not check(staged(), no_case, days=1)[0].is_wrong


def test_an_event_to_come_and_a_fault_that_raises_no_value_are_not_asked() -> None:
    later = staged(start=(NOW + timedelta(hours=1)).isoformat(), end=(NOW + timedelta(hours=3)).isoformat())
    assert check(later, no_case) == []
    assert check(staged(event="fault", cause="outage", parameter=None), no_case) == []
    assert check(staged(event="fault", cause="spike", parameter="gamma_dose_rate"), no_case) == []
    (spike,) = check(staged(event="fault", cause="spike", parameter="pm25"), no_case)
    assert (spike.kind, spike.has_case) == (TruthMatch.UNDECIDED, False)


def test_faults_of_which_no_case_file_is_asked_are_counted_by_cause() -> None:
    outage = staged(event="fault", cause="outage", parameter=None)
    assert not_asked([outage, outage, staged(), staged(event="fault", cause="spike", parameter="pm25")]) == {
        "outage": 2
    }


def test_a_fault_inside_a_staged_haze_that_the_case_file_is_about_is_not_counted() -> None:
    spike = staged(event="fault", cause="spike", parameter="pm25")
    haze = staged(event="haze", cause="haze", stations={"a-1": 0.0}, start=(START - timedelta(hours=9)).isoformat())
    ask = ask_for(case(kind=EventKind.HAZE))
    found = check_cases([spike, haze], NETWORK, ask, since=START - timedelta(days=30), now=NOW, language="en")
    assert [(item.kind, item.has_case) for item in found] == [(TruthMatch.UNDECIDED, False), (TruthMatch.RIGHT, True)]
    (alone,) = check(spike, ask)
    assert alone.kind is TruthMatch.WRONG


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_has_a_line_an_event_with_the_answer(language: str) -> None:
    found = check(staged(), ask_for(case()), language)
    (line,) = table_of(found)
    assert found[0].answer in line
    assert "WRONG" not in line
    assert faults_of(found) == []


def test_a_wrong_answer_is_a_fault_that_names_the_event() -> None:
    (fault,) = faults_of(check(staged(event="haze", cause="haze"), ask_for(case())))
    assert "staged haze (haze)" in fault
