from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from analysis.case.case_file import Bearing, Estimate, EventKind
from analysis.report.stored_case import StoredCase
from console.demo.case_check import CaseCheck, TruthMatch, check_cases, faults_of, table_of
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
    assert checked(staged(), case(sources=unnamed, missing=()))[1] is TruthMatch.WRONG


def test_a_direction_beyond_a_sixteenth_of_the_circle_is_wrong_and_none_where_there_is_history() -> None:
    away = Bearing(from_deg=Estimate(value=290, low=270, high=310), chance=0.01, hours=4)
    assert checked(staged(), case(bearing=away, missing=("history",)))[2] is TruthMatch.WRONG
    assert checked(staged(), case(bearing=None, missing=()))[2] is TruthMatch.WRONG


def test_a_case_file_that_claims_nothing_on_a_short_history_is_not_wrong() -> None:
    silent = case(kind=EventKind.UNKNOWN, missing=("history",))
    (found,) = check(staged(), ask_for(silent))
    assert (found.kind, found.is_right, found.is_wrong) == (TruthMatch.UNDECIDED, False, False)
    assert checked(staged(), case(bearing=None, missing=("history",)))[2] is TruthMatch.UNDECIDED
    assert checked(staged(), case(kind=EventKind.UNKNOWN, missing=()))[0] is TruthMatch.WRONG


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
    (spike,) = check(staged(event="fault", cause="spike", parameter="pm25"), no_case)
    assert spike.kind is TruthMatch.UNDECIDED


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
