"""Of which steps recipients are notified."""

from __future__ import annotations

from alerts.case.alert import AlertFigures
from alerts.case.life import follow
from alerts.case.news import LATE, SETTLE, news_of, wanted
from alerts.case.verdict import verdict_by
from schemas.alert import Severity
from schemas.alert_case import Audience, StepKind
from tests.alerts.case.build import HOUR, NOON, at, begin, end, one, person, round_of, silent

REF = ("pm25-heavy/sy-1/pm25", 1)


def test_a_new_case_is_news_and_its_course_is_not() -> None:
    first = one(round_of([], begin(1)))
    assert [(item.audience, item.not_before) for item in wanted(None, first, at(1))] == [(Audience.DUTY, at(1))]
    more = one(round_of([first], begin(2, parameter="so2", rule="so2-hour", hours=1), hours=2))
    assert wanted(first, more, at(2)) == []


def test_more_stations_are_news_when_their_number_doubles() -> None:
    first = one(round_of([], begin(1), begin(2, "sy-2")))
    third = one(round_of([first], begin(3, "sy-3", hours=0.5), hours=2))
    assert wanted(first, third, at(2)) == []
    single = one(round_of([], begin(1)))
    double = one(round_of([single], begin(2, "sy-2", hours=0.5), hours=2))
    assert len(wanted(single, double, at(2))) == 1


def test_who_took_a_case_is_notified_of_critical_and_of_the_end_only() -> None:
    first = one(round_of([], begin(1, rule="light", severity=Severity.INFO)))
    taken = follow(first, person(first, StepKind.TAKEN))
    assert wanted(first, taken, at(1)) == []
    more = one(round_of([taken], begin(2, "sy-2", hours=0.5), hours=2))
    assert wanted(taken, more, at(2)) == []
    worse = one(round_of([more], begin(3, "sy-3", hours=1, severity=Severity.CRITICAL), hours=3))
    assert len(wanted(more, worse, at(3))) == 1
    assert len(news_of(worse)) == 2


def test_the_end_and_the_withdrawal_are_news() -> None:
    first = one(round_of([], begin(1)))
    over = one(round_of([first], end(2, begin(1), 2), hours=5))
    assert len(wanted(first, over, at(5))) == 1


def test_a_reported_figure_that_changed_is_news() -> None:
    first = one(round_of([], begin(1, value=299)))
    lower = one(round_of([first], hours=3, progress={REF: AlertFigures(180.0, at(0), 170.0, at(3))}))
    assert len(wanted(first, lower, at(3))) == 1


def test_the_audience_that_a_case_is_taken_from_gets_a_last_notice_once() -> None:
    first = one(round_of([], begin(1), verdicts={REF: verdict_by(0.5)}))
    fault = one(round_of([first], hours=2, verdicts={REF: verdict_by(0.02)}))
    assert [(item.audience, item.is_last) for item in wanted(first, fault, at(2))] == [
        (Audience.OPERATOR, False),
        (Audience.DUTY, True),
    ]
    over = one(round_of([fault], end(2, begin(1), 3), hours=6, verdicts={REF: verdict_by(0.02)}))
    assert [item.audience for item in wanted(fault, over, at(5))] == [Audience.OPERATOR]


def test_the_younger_of_two_cases_is_reported_by_the_older_only() -> None:
    cases = round_of([], begin(1), begin(2, "as-1", hours=0.5))
    places = ("sy-2", "sy-3", "as-2", "as-3")
    after = round_of(cases, *(begin(number, name, hours=1) for number, name in enumerate(places, 3)), hours=5)
    older, younger = after
    assert wanted(cases[1], younger, at(5)) == []
    assert len(wanted(cases[0], older, at(5))) == 1


def test_a_silence_is_reported_when_it_is_known_whether_others_follow() -> None:
    first = one(round_of([], silent(1, "sy-1")))
    (notice,) = wanted(None, first, at(1))
    assert notice.not_before == at(1) + SETTLE


def test_a_silence_that_is_found_long_after_it_began_is_reported_at_once() -> None:
    first = one(round_of([], silent(1, "sy-1"), hours=3))
    (notice,) = wanted(None, first, at(3))
    assert notice.not_before == at(3)


def test_a_muted_case_waits() -> None:
    first = one(round_of([], begin(1, rule="light", severity=Severity.INFO)))
    muted = follow(first, person(first, StepKind.MUTED, until=(NOON + 9 * HOUR).isoformat()))
    worse = one(round_of([muted], begin(2, severity=Severity.CRITICAL), hours=2))
    assert [item.not_before for item in wanted(muted, worse, at(2))] == [at(9)]


def test_a_case_waits_an_hour_for_its_verdict_or_for_others_to_follow_unless_it_is_critical() -> None:
    for parameter, probability, severity, hours in (
        ("so2", 0.5, Severity.WARNING, 1.0),
        ("so2", 0.5, Severity.CRITICAL, 0.0),
        ("so2", 0.9, Severity.WARNING, 0.0),
        ("so2", 0.02, Severity.WARNING, 0.0),
        ("pm25", 0.9, Severity.WARNING, 1.0),
        ("pm25", 0.9, Severity.CRITICAL, 0.0),
    ):
        verdicts = {(f"pm25-heavy/sy-1/{parameter}", 1): verdict_by(probability)}
        case = one(round_of([], begin(1, parameter=parameter, severity=severity), verdicts=verdicts))
        (item,) = wanted(None, case, at(1))
        assert item.not_before == at(1 + hours), (parameter, probability, severity)
    two = {("pm25-heavy/sy-1/pm25", 1): verdict_by(0.9), ("pm25-heavy/sy-2/pm25", 2): verdict_by(0.9)}
    assert wanted(None, one(round_of([], begin(1), begin(2, "sy-2"), verdicts=two)), at(1))[0].not_before == at(1)
    unknown = one(round_of([], begin(1)))
    assert wanted(None, unknown, at(1))[0].not_before == at(1)


def test_a_mild_case_that_becomes_known_late_does_not_wait() -> None:
    late = one(round_of([], begin(1), verdicts={REF: verdict_by(0.5)}, hours=LATE / HOUR))
    (notice,) = wanted(None, late, at(LATE / HOUR))
    assert notice.not_before == at(LATE / HOUR)
