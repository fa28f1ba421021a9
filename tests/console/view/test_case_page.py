"""A case as lists and its page show it: the words of its mail, figures, who knows, what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.case.action import ActionRequest, CaseAction, step_of
from alerts.case.cause import ResolveCause
from alerts.case.life import follow
from alerts.people.people import people_of_addresses
from console.view.case_mail import CaseRecord
from console.view.case_page import case_page_view
from console.view.case_row import CaseRow, case_row
from schemas.alert_case import AlertCase, CaseKind, StepKind
from schemas.words import words
from store.state import Notice, SentMessage
from tests.alerts.case.build import NETWORK, NOON, NewTransition, at, begin, end, one, round_of, silent

PEOPLE = people_of_addresses(["Li Na <li@example.org>"], language="en", zone="Asia/Shanghai")
LI = "li@example.org"


def case_of(*fresh: NewTransition, hours: float = 1.0) -> AlertCase:
    return one(round_of([], *fresh, hours=hours))


def acted(case: AlertCase, action: CaseAction, **more: object) -> AlertCase:
    return follow(case, step_of(case, ActionRequest(action=action, by=LI, **more), at(2)))  # type: ignore[arg-type]


def notice(case: AlertCase, **more: object) -> Notice:
    given = {
        "recipient": LI,
        "channel": "mail",
        "wanted": 1,
        "known": 1,
        "state": "sent",
        "due_at": NOON,
        "attempts": 0,
    }
    return Notice(id=7, case_id=case.id, sent_at=at(1.5), **(given | more))  # type: ignore[arg-type]


def row_of(case: AlertCase, language: str = "en") -> CaseRow:
    return case_row(CaseRecord(case=case), NETWORK, PEOPLE, words(language, "page"), at(3))


def test_a_row_has_the_title_of_the_mail_and_the_figures_with_their_unit() -> None:
    row = row_of(case_of(begin(1)))
    assert (row.mark, row.label, row.who, row.is_open) == ("warning", "Warning", "", True)
    assert "161>150" in row.title
    assert (row.extreme, row.limit, row.lasted) == ("161 µg/m³", "150", timedelta(hours=3))
    assert row.title.endswith("since 12:00")


def test_a_row_of_several_stations_counts_them_and_keeps_its_figures_on_a_phone() -> None:
    row = row_of(case_of(begin(1), begin(2, "sy-2"), begin(3, "sy-3", value=299.0)), "zh")
    assert "3站" in row.title
    assert ("299" in row.short, len(row.short) <= 26) == (True, True)


def test_a_case_that_is_over_has_no_value_of_now() -> None:
    first = begin(1)
    cases = round_of([], first)
    row = row_of(one(round_of(cases, end(2, first, 2), hours=6)))
    assert (row.mark, row.label, row.now, row.is_open) == ("ok", "Over", "–", False)
    assert "25" not in row.title


def test_silences_of_a_city_are_counted() -> None:
    case = case_of(silent(1, "as-1"), silent(2, "as-2"), silent(3, "as-3"))
    assert case.kind is CaseKind.LINE
    row = row_of(case)
    assert ("3" in row.title, row.extreme, row.limit) == (True, "–", "–")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_has_the_questions_in_their_order(language: str) -> None:
    view = case_page_view(CaseRecord(case=case_of(begin(1))), NETWORK, PEOPLE, words(language, "page"), at(3))
    assert [line.key for line in view.lines] == ["what", "sure", "why", "still", "who", "act"]
    assert all(line.text for line in view.lines)
    assert [(row.extreme, row.threshold) for row in view.alerts] == [("161.0 µg/m³", "150")]


def test_the_page_says_who_took_it_who_was_notified_and_with_what_cause_it_was_closed() -> None:
    case = case_of(begin(1))
    case = acted(case, CaseAction.TAKE, text="on my way")
    case = acted(case, CaseAction.RESOLVE, cause=ResolveCause.LOCAL_WORK)
    sent = SentMessage(notice_id=7, version=1, message_id="<a@b>", sent_at=at(1.5))
    record = CaseRecord(case=case, notices=[notice(case)], messages=[sent])
    view = case_page_view(record, NETWORK, PEOPLE, words("en", "page"), at(3))
    assert (view.taken_by, view.cause) == ("Li Na", "known work near the station")
    assert [(row.name, row.state, row.is_current) for row in view.notices] == [("Li Na", "sent", True)]
    newest_first = [(item.title, item.text) for item in view.entries]
    assert newest_first[0][0] == "resolved"
    assert ("taken", "on my way") in newest_first
    assert ("notified: Li Na", "") in newest_first
    assert "act" not in {line.key for line in view.lines} or view.case.state.value == "resolved"


def test_every_kind_of_step_has_a_title() -> None:
    titles = words("en", "mail.step")
    assert all(titles.get(kind, "") for kind in StepKind)
