from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from analysis.case.case_file import Bearing, Estimate, EventKind
from analysis.report.stored_case import StoredCase
from console.demo.case_check import check_cases, table_of
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
    return StoredCase(case=msgspec.structs.replace(item.case, kind=EventKind.PLUME, **more), chart=item.chart)


def ask_for(item: StoredCase) -> Callable[[str, datetime, str | None], StoredCase]:
    return lambda *_given: item


def checked(record: dict[str, Any], item: StoredCase) -> tuple[bool, bool | None, bool | None]:
    (found,) = check_cases([record], NETWORK, ask_for(item), NOW, "en")
    return found.kind, found.source, found.direction


def test_a_plume_of_the_right_kind_source_and_direction_is_right() -> None:
    assert checked(staged(), case()) == (True, True, True)


def test_a_source_that_no_library_holds_must_stay_unnamed() -> None:
    assert checked(staged(cause="paint_mixer"), case())[1] is False
    unnamed = tuple(item for item in case().case.sources if item.kind != "steel")
    assert checked(staged(cause="paint_mixer"), case(sources=unnamed))[1] is True
    assert checked(staged(), case(sources=unnamed))[1] is False


def test_a_direction_beyond_a_sixteenth_of_the_circle_or_none_is_wrong() -> None:
    away = Bearing(from_deg=Estimate(value=290, low=270, high=310), chance=0.01, hours=4)
    assert checked(staged(), case(bearing=away))[2] is False
    assert checked(staged(), case(bearing=None))[2] is False


def test_of_a_haze_only_the_kind_is_asked() -> None:
    haze = staged(event="haze", cause="haze", stations={}, lon=None, lat=None)
    regional = network(station("a-1", synthetic=True))
    (found,) = check_cases([haze], regional, ask_for(case()), NOW, "en")
    assert (found.kind, found.source, found.direction, found.is_right) == (False, None, None, False)


def test_an_event_without_a_case_file_is_wrong_and_one_to_come_is_not_asked() -> None:
    def none(*_given: object) -> StoredCase:
        msg = "no event near the moment"
        raise LookupError(msg)

    (found,) = check_cases([staged()], NETWORK, none, NOW, "en")
    assert (found.is_right, found.answer) == (False, "no case file: no event near the moment")
    later = staged(start=(NOW + timedelta(hours=1)).isoformat(), end=(NOW + timedelta(hours=3)).isoformat())
    assert check_cases([later], NETWORK, none, NOW, "en") == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_has_a_line_an_event_with_the_answer(language: str) -> None:
    found = check_cases([staged()], NETWORK, ask_for(case()), NOW, language)
    (line,) = table_of(found)
    assert found[0].answer in line
    assert "WRONG" not in line
