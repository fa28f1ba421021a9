"""Transitions of one event are one case; alerts join and never part."""

from __future__ import annotations

import msgspec
import pytest

from alerts.case.alert import AlertFigures
from alerts.case.group import CaseAir
from alerts.case.life import follow
from alerts.case.verdict import verdict_by
from analysis.case.event import EventRise
from schemas.alert import EndReason, RuleKind, Severity
from schemas.alert_case import Audience, CaseKind, CaseState, StepKind
from schemas.network import Network, Station
from tests.alerts.case.build import HOUR, NETWORK, at, begin, end, gas, kinds, one, person, round_of, silent


def rise(station_id: str, first: float, last: float, parameter: str = "pm25") -> EventRise:
    return EventRise(
        start=at(first),
        end=at(last),
        station_id=station_id,
        parameter=parameter,
        peak_at=at(first),
        score=5.0,
        ratio=2.0,
    )


def test_rules_levels_parameters_and_stations_of_one_event_are_one_case() -> None:
    found = one(
        round_of(
            [],
            begin(1, rule="light", severity=Severity.INFO, value=70),
            begin(2),
            begin(3, "sy-2"),
            begin(4, parameter="so2", rule="so2-hour"),
        )
    )
    assert (len(found.alerts), found.stations, found.cities) == (4, ("sy-1", "sy-2"), ("210100",))
    assert (found.kind, found.audience, found.severity) == (CaseKind.POLLUTION, Audience.DUTY, Severity.WARNING)


def test_the_same_input_gives_the_same_case() -> None:
    assert round_of([], begin(1)) == round_of([], begin(1))
    assert one(round_of([], begin(1))).id.startswith("20261122-0400-")


def test_plumes_of_two_sources_at_the_same_time_are_two_cases() -> None:
    found = round_of([], begin(1), begin(2, "as-1"))
    assert [item.stations for item in found] in ([("sy-1",), ("as-1",)], [("as-1",), ("sy-1",)])


def test_an_episode_over_several_cities_is_one_case() -> None:
    places = ("sy-1", "sy-2", "sy-3", "as-1", "as-2", "as-3")
    found = one(round_of([], *(begin(number, name) for number, name in enumerate(places, 1)), hours=4))
    assert set(found.cities) == {"210100", "210300"}


def test_stations_that_rose_without_an_alert_join_alerts_on_either_side() -> None:
    line = {"a": 123.40, "b": 123.49, "c": 123.58}
    network = Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(id=name, city="210100", lon=lon, lat=41.8, instruments=(gas(),)) for name, lon in line.items()
        ),
    )
    ends = begin(1, "a", "so2"), begin(2, "c", "so2")
    assert len(round_of([], *ends, network=network)) == 2
    air = CaseAir(rises=(rise("b", 0, 1, "so2"),))
    assert len(one(round_of([], *ends, network=network, air=air)).alerts) == 2


def test_a_rise_that_comes_later_makes_one_case_of_two_and_the_younger_is_part_of_the_older() -> None:
    first = round_of([], begin(1, "sy-1", hours=0), begin(2, "as-1", hours=0.5))
    assert len(first) == 2
    places = ("sy-2", "sy-3", "as-2", "as-3")
    later = round_of(first, *(begin(number, name, hours=1) for number, name in enumerate(places, 3)), hours=5)
    older, younger = later
    assert older.merged_into is None
    assert (younger.state, younger.merged_into) == (CaseState.MERGED, older.id)
    assert len(older.alerts) == 6
    assert kinds(younger)[-1] == "merged"


def test_what_was_joined_stays_joined_when_the_bridge_is_gone() -> None:
    air = CaseAir(rises=tuple(rise(name, 0, 4) for name in ("sy-2", "sy-3", "as-2", "as-3")))
    joined = one(round_of([], begin(1), begin(2, "as-1"), hours=4, air=air))
    after = round_of([joined], begin(3, "as-1", rule="other", hours=3), hours=4)
    assert len(one(after).alerts) == 3


def test_a_higher_severity_raises_a_case() -> None:
    first = round_of([], begin(1, rule="light", severity=Severity.INFO))
    raised = one(round_of(first, begin(2, severity=Severity.CRITICAL, value=299), hours=2))
    assert kinds(raised) == ["opened", "raised"]
    assert raised.steps[-1].figures["value"] == 299


def test_a_case_ends_after_its_last_alert_and_a_pause() -> None:
    first = round_of([], begin(1), begin(2, "sy-2"))
    second = round_of(first, end(3, begin(1), 2), hours=2)
    assert one(second).is_open
    third = round_of(second, end(4, begin(2, "sy-2"), 3), hours=3.5)
    assert one(third).is_open
    over = one(round_of(third, hours=6))
    assert (over.state, over.ended_at) == (CaseState.ENDED, at(3))


def test_a_new_rise_within_the_pause_continues_the_case_and_one_soon_after_reopens_it() -> None:
    first = round_of(round_of([], begin(1)), end(2, begin(1), 2), hours=2)
    again = one(round_of(first, begin(3, hours=2.5), hours=2.6))
    assert again.is_open
    assert "reopened" not in kinds(again)
    over = round_of(first, hours=5)
    assert one(over).state is CaseState.ENDED
    reopened = one(round_of(over, begin(3, hours=4.5), hours=5.5))
    assert (reopened.is_open, reopened.ended_at) == (True, None)
    assert "reopened" in kinds(reopened)


def test_a_rise_long_after_is_another_case() -> None:
    over = round_of(round_of([], begin(1)), end(2, begin(1), 2), hours=5)
    assert len(round_of(over, begin(3, hours=12), hours=13)) == 2


def test_a_case_known_when_it_was_over_says_so() -> None:
    found = one(round_of([], begin(1), end(2, begin(1), 2), hours=10))
    assert (kinds(found), found.state, found.ended_at) == (["late_known"], CaseState.ENDED, at(2))


def test_a_case_whose_values_were_invalidated_is_withdrawn() -> None:
    first = round_of([], begin(1))
    found = one(round_of(first, end(2, begin(1), 2, EndReason.INVALIDATED), hours=2))
    assert (found.state, kinds(found)[-1]) == (CaseState.WITHDRAWN, "withdrawn")


def test_a_figure_that_late_data_lowered_amends_the_case_and_one_that_grows_does_not() -> None:
    first = round_of([], begin(1, value=299))
    ref = ("pm25-heavy/sy-1/pm25", 1)
    worse = round_of(first, hours=3, progress={ref: AlertFigures(320.0, at(2), 310.0, at(3))})
    assert worse == first
    lower = one(round_of(first, hours=3, progress={ref: AlertFigures(180.0, at(0), 170.0, at(3))}))
    assert kinds(lower) == ["opened", "amended"]
    assert lower.alerts[0].extreme == 180.0


def test_a_fault_goes_to_the_operator_and_what_is_undecided_to_duty_staff() -> None:
    ref = ("pm25-heavy/sy-1/pm25", 1)
    for probability, audience in ((0.05, Audience.OPERATOR), (0.5, Audience.DUTY), (0.9, Audience.DUTY)):
        found = one(round_of([], begin(1), verdicts={ref: verdict_by(probability)}))
        assert (found.audience, found.verdict.probability) == (audience, probability)


def test_another_verdict_changes_the_audience() -> None:
    ref = ("pm25-heavy/sy-1/pm25", 1)
    first = round_of([], begin(1), verdicts={ref: verdict_by(0.5)})
    found = one(round_of(first, hours=2, verdicts={ref: verdict_by(0.02, [("twin", -2.0)])}))
    assert (found.kind, found.audience) == (CaseKind.FAULT, Audience.OPERATOR)
    assert (found.audiences, found.verdict.reasons) == ((Audience.DUTY, Audience.OPERATOR), ("twin",))
    assert kinds(found)[-1] == "amended"


def test_values_at_two_stations_are_no_fault() -> None:
    refs = [("pm25-heavy/sy-1/pm25", 1), ("pm25-heavy/sy-2/pm25", 2)]
    found = one(round_of([], begin(1), begin(2, "sy-2"), verdicts={refs[0]: verdict_by(0.4), refs[1]: verdict_by(0.6)}))
    assert found.verdict.is_fault is False


def test_one_cut_line_of_a_city_is_one_case() -> None:
    found = one(round_of([], silent(1, "sy-1"), silent(2, "sy-2", 0.2), silent(3, "sy-3", 0.9)))
    assert (found.kind, found.audience, found.stations_total) == (CaseKind.LINE, Audience.OPERATOR, 3)


def test_a_silent_station_becomes_part_of_its_line() -> None:
    first = round_of([], silent(1, "sy-1"))
    assert one(first).kind is CaseKind.FAULT
    found = one(round_of(first, silent(2, "sy-2", 0.3), hours=1.5))
    assert (found.kind, len(found.alerts)) == (CaseKind.LINE, 2)


def test_silences_at_other_times_are_cases_of_their_own() -> None:
    assert len(round_of([], silent(1, "sy-1"), silent(2, "sy-2", 5), hours=6)) == 2


def test_when_nearly_all_are_silent_it_is_the_system() -> None:
    fresh = [silent(number, item.id) for number, item in enumerate(NETWORK.station_list, 1)]
    found = one(round_of([], *fresh))
    assert (found.kind, found.audience, found.stations_total) == (CaseKind.SYSTEM, Audience.DUTY, 7)


def test_a_broken_part_takes_the_silences_that_follow_it() -> None:
    part = begin(1, "system", None, rule="process", kind=RuleKind.OPERATION)
    broker = msgspec.structs.replace(part.transition, alert_key="operation/process/collector")
    found = one(round_of([], part._replace(transition=broker), silent(2, "sy-1", 0.1), silent(3, "as-1", 0.2)))
    assert (found.kind, len(found.alerts)) == (CaseKind.SYSTEM, 3)


@pytest.mark.parametrize(("place", "audience"), [("sy-1", Audience.OPERATOR), ("system", Audience.DUTY)])
def test_what_is_reported_of_a_station_is_for_its_operator(place: str, audience: Audience) -> None:
    report = begin(1, place, None, rule="clock", kind=RuleKind.OPERATION)
    found = one(round_of([], report))
    assert (found.kind, found.audience) == (CaseKind.SYSTEM, audience)


def test_the_silence_of_a_city_ends_when_all_send_again() -> None:
    fresh = [silent(1, "sy-1"), silent(2, "sy-2")]
    first = round_of([], *fresh)
    half = round_of(first, end(3, fresh[0], 2), hours=2)
    assert one(half).is_open
    assert one(round_of(half, end(4, fresh[1], 2.5), hours=2.5)).state is CaseState.ENDED


def test_an_alert_of_a_resolved_case_does_not_open_it_unless_it_is_worse() -> None:
    first = one(round_of([], begin(1)))
    resolved = follow(first, person(first, StepKind.RESOLVED, cause="fireworks"))
    same = one(round_of([resolved], begin(2, "sy-2", hours=1), hours=2))
    assert same.state is CaseState.RESOLVED
    worse = one(round_of([resolved], begin(2, "sy-2", hours=1, severity=Severity.CRITICAL), hours=2))
    assert worse.is_open


def test_forecasts_of_many_stations_are_one_case() -> None:
    fresh = [begin(number, name, kind=RuleKind.FORECAST) for number, name in enumerate(("sy-1", "as-1", "dl-1"), 1)]
    assert one(round_of([], *fresh)).kind is CaseKind.FORECAST


def test_two_hundred_stations_of_one_episode_are_one_case() -> None:
    network = Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(id=f"s{number:03d}", city=f"2{number // 10:05d}", lon=120 + number % 20 * 0.2, lat=40 + number // 20 * 0.2, instruments=(gas(),))
            for number in range(200)
        ),
    )  # fmt: skip
    fresh = [begin(number, item.id) for number, item in enumerate(network.station_list, 1)]
    found = one(round_of([], *fresh, network=network, hours=4))
    assert len(found.stations) == 200
    assert at(4) - found.since == 4 * HOUR


def test_a_plume_of_another_parameter_inside_an_episode_of_three_cities_is_another_case() -> None:
    places = ("sy-1", "sy-2", "sy-3", "as-1", "as-2", "as-3", "dl-1")
    haze = [begin(number, name) for number, name in enumerate(places, 1)]
    first = round_of([], *haze, hours=4)
    assert len(one(first).cities) == 3
    after = round_of(first, begin(8, parameter="so2", rule="so2-hour", hours=4), hours=5)
    assert [item.parameters for item in after] == [("pm25",), ("so2",)]


def test_a_rise_at_few_of_the_stations_of_a_region_joins_no_cities() -> None:
    quiet = dict.fromkeys(("sy-1", "sy-2", "sy-3", "as-1", "as-2", "as-3", "dl-1"), ("pm25",))
    found = round_of([], begin(1), begin(2, "as-1"), begin(3, "dl-1"), hours=4, air=CaseAir(measured=quiet))
    assert len(found) == 3
