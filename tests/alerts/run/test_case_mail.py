"""What the alerts of a case alone give its mail and its page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from alerts.case.alert import begun
from alerts.mail.frame.below import history, station_rows
from alerts.mail.line.action import actions
from alerts.mail.line.certainty import grade_of, grounds_of
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import why
from alerts.mail.line.still import still
from alerts.mail.line.subject import subject
from alerts.mail.line.what import what
from alerts.mail.view.case_mail import MailNews
from alerts.mail.view.finding import MailVerdict
from alerts.mail.view.plain import plain_case
from alerts.people.people import people_of_addresses
from alerts.run.mail.collect import history_of
from alerts.run.mail.values import beyond
from schemas.alert import Severity
from schemas.words import words
from tests.alerts.case.build import NETWORK, at, begin, end, one, round_of, silent
from tests.alerts.mail.scene import view as sample

PEOPLE = people_of_addresses(["Li Na <li@example.org>"], language="en", zone="Asia/Shanghai")


def test_the_time_beyond_the_limit_is_that_of_this_limit_at_any_station() -> None:
    light, heavy, other = (
        begun(begin(number, station, hours=hours, rule=rule), NETWORK)
        for number, station, hours, rule in (
            (1, "sy-1", 0, "light"),
            (2, "sy-1", 20, "heavy"),
            (3, "sy-2", 22, "heavy"),
        )
    )
    ended = (replace(light, until=at(40)), replace(heavy, until=at(23)), other)
    case = replace(one(round_of([], begin(1))), alerts=ended)
    assert beyond(case, heavy, at(25)) == timedelta(hours=5)
    assert beyond(case, light, at(50)) == timedelta(hours=40)


def test_a_silent_station_is_no_faulty_instrument() -> None:
    view = plain_case(one(round_of([], silent(1, "as-1"))), NETWORK, PEOPLE, at(2))
    assert view.is_silent_station
    assert view.fault is None
    assert view.silence is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_end_of_a_silence_is_stated_as_one(language: str) -> None:
    begun_one = silent(1, "as-1", hours=0.5)
    case = one(round_of(round_of([], begun_one), end(2, begun_one, 8), hours=9))
    draft = MailDraft(plain_case(case, NETWORK, PEOPLE, at(9)), language)
    assert draft.view.is_over
    assert re.search("as-1 12:30 至 20:00 无数据|as-1 without data from 12:30 to 20:00", what(draft))
    assert "无数据" in subject(draft) or "silent" in subject(draft)
    assert grade_of(draft.view) == "high"
    assert why(draft) == words(language, "mail")("why.silent")


def test_stations_of_a_line_are_counted_as_long_as_they_are_silent() -> None:
    begun_ones = [silent(number, f"as-{number}", hours=0.1 * number) for number in range(1, 4)]
    silence = plain_case(one(round_of([], *begun_ones)), NETWORK, PEOPLE, at(2)).silence
    assert silence is not None
    assert (silence.place.en, silence.silent, silence.total) == ("Anshan", 3, 3)


def test_stations_near_are_those_of_the_network_the_nearest_first() -> None:
    near = plain_case(one(round_of([], begin(1))), NETWORK, PEOPLE, at(1)).near
    assert [item.station_id for item in near] == ["sy-2", "sy-3", "as-2", "as-1", "as-3"], "not the one 350 km away"


def test_the_newest_value_over_range_is_a_lower_bound_in_plain_words_too() -> None:
    case = one(round_of([], begin(1, value=1000.0)))
    alert = replace(case.alerts[0], is_at_least=True)
    lead = plain_case(replace(case, alerts=(alert,)), NETWORK, PEOPLE, at(1)).lead
    assert lead is not None
    assert lead.extreme is not None
    assert lead.latest is not None
    assert lead.extreme.is_at_least
    assert lead.latest.is_at_least


def test_a_case_of_stations_is_stated_as_it_is_now_with_the_worst_of_all_its_time() -> None:
    over, mild = (
        replace(begun(begin(number, station, severity=severity, value=value), NETWORK), latest=latest, latest_at=at(9))
        for number, station, severity, value, latest in (
            (1, "sy-1", Severity.CRITICAL, 298.0, 30.0),
            (2, "sy-2", Severity.INFO, 180.0, 170.0),
        )
    )
    case = replace(
        one(round_of([], begin(1))),
        alerts=(mild, replace(over, until=at(5))),
        stations=("sy-2", "sy-1"),
        severity=Severity.CRITICAL,
    )
    view = plain_case(case, NETWORK, PEOPLE, at(9))
    draft = MailDraft(view, "en")
    assert view.severity is Severity.INFO
    assert (draft.value_now, draft.extreme) == (view.stations[0].latest, view.stations[1].extreme)
    assert "PM2.5 170" in subject(draft)
    assert "highest so far 298" in still(draft)
    assert "2 stations; PM2.5 above 150 µg/m³ at 2 of them, now at 1" in what(draft)
    below = replace(case, alerts=(replace(mild, extreme=120.0, latest=120.0), case.alerts[1]))
    assert "at 1 of them, now at 0" in what(MailDraft(plain_case(below, NETWORK, PEOPLE, at(9)), "en"))
    other = replace(case, alerts=(replace(mild, parameter="so2"), replace(case.alerts[1], until=None)))
    assert "at 1 of them" in what(MailDraft(plain_case(other, NETWORK, PEOPLE, at(9)), "en")), "one has SO2 only"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_case_whose_values_are_back_says_so_while_it_waits_for_a_new_rise(language: str) -> None:
    case = one(round_of([], begin(1), begin(2, "sy-2")))
    back = replace(case, alerts=tuple(replace(item, until=at(5)) for item in case.alerts))
    draft = MailDraft(plain_case(back, NETWORK, PEOPLE, at(7)), language)
    assert draft.view.severity is Severity.INFO
    assert re.match(r"\[(已回落|Back)\] .*(峰值| max )161 ", subject(draft))
    assert actions(draft)[0].startswith(("暂不需处置", "nothing for now"))
    assert re.search("^否：17:00 起已回落|^no: back since 17:00", still(draft))
    assert re.search("12:00 至 17:00|12:00 to 17:00", what(draft))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_history_tells_ends_verdicts_and_how_many_stations_joined(language: str) -> None:
    first, second, third = begin(1), begin(2, "sy-2", hours=1), begin(3, "sy-1", hours=1, rule="pm25-light")
    case = one(round_of(round_of([], first), second, third, hours=2))
    case = one(round_of([case], end(4, second, 4), hours=4))
    told_of = replace(plain_case(case, NETWORK, PEOPLE, at(4)), history=tuple(history_of(PEOPLE, case)))
    told = [item.text for item in history(MailDraft(told_of, language))]
    expected = {
        "zh": ["立案 · 161 µg/m³ · 1 站", "扩大 · 161 µg/m³ · 1 站", "1 条告警结束"],
        "en": ["opened · 161 µg/m³ · 1 station", "extended · 161 µg/m³ · 1 station", "1 alert ended"],
    }
    assert told == expected[language]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_line_that_broke_at_one_moment_and_reports_again_says_so(language: str) -> None:
    begun_ones = [silent(number, f"as-{number}", hours=0.5) for number in range(1, 4)]
    over = [end(number + 10, item, 8) for number, item in enumerate(begun_ones)]
    case = one(round_of(round_of([], *begun_ones), *over, hours=9))
    draft = MailDraft(plain_case(case, NETWORK, PEOPLE, at(9)), language)
    assert re.search("3 站同时中断|3 stations fell silent at once", grounds_of(draft)[0].text)
    assert {item.state for item in station_rows(draft)} <= {"已恢复", "reports again"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_end_of_a_fault_is_no_end_of_an_exceedance(language: str) -> None:
    given = sample("fault")
    draft = MailDraft(replace(given, news=MailNews.ENDED, ended_at=given.now), language)
    assert re.search("疑似失真|was probably wrong", what(draft))
    assert not re.search("超过|above", what(draft))


def test_no_verdict_is_certain() -> None:
    assert [MailVerdict(is_fault=False, probability=item).percent for item in (0.0, 0.994, 0.999, 1.0)] == [
        1,
        99,
        99,
        99,
    ]
