from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from alerts.mail.frame.below import file_figures
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.reach import event_kind, reach_forms
from alerts.mail.line.subject import WIDTH, subject, subject_width
from alerts.mail.view.mail_value import MailValue, Name
from alerts.mail.view.people import CasePeople
from analysis.case.case_file import EventKind
from tests.alerts.mail.scene import ALL, LANGUAGES, draft, view

LONG = Name(
    "某某经济技术开发区管理委员会第二监测中心站" * 2,
    "Economic and technological development zone, second monitoring centre",
)
LARGE = MailValue(value=12_345.6)


def with_long_names(kind: str, language: str) -> MailDraft:
    """Names of any length, a large value, and a case since days ago, taken by a person."""
    given = view(kind)
    stations = tuple(
        replace(
            item,
            name=LONG,
            city=Name(item.city.zh + LONG.zh, item.city.en + LONG.en),
            latest=item.latest and LARGE,
            extreme=item.extreme and LARGE,
        )
        for item in given.stations
    )
    lead = given.lead and replace(given.lead, latest=LARGE, extreme=LARGE)
    people = CasePeople(taken_by=LONG, taken_at=given.now)
    since = given.since - timedelta(days=3)
    return MailDraft(replace(given, stations=stations, lead=lead, people=people, since=since), language)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_a_subject_has_at_most_60_characters(kind: str, language: str) -> None:
    assert subject_width(subject(draft(kind, language))) <= WIDTH


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_long_names_are_cut_and_figures_are_not(kind: str, language: str) -> None:
    long, whole = subject(with_long_names(kind, language)), subject(draft(kind, language))
    assert subject_width(long) <= WIDTH
    assert long.startswith(whole.partition("]")[0][:3])
    given = view(kind)
    if given.lead is not None and kind in {"opened", "raised", "regional", "ended", "ended_late", "gamma"}:
        assert "12,34" in long
        assert f"{given.lead.threshold:g}" in long


def test_the_subject_of_the_case_in_the_brief() -> None:
    assert (
        subject(draft("opened", "zh")) == "[严重] 沈阳1号 PM2.5 161↑（限150）20:00起｜仅本站，疑局地排放·把握中｜未认领"
    )


def test_an_end_that_is_reported_late_says_peak_span_and_the_value_now() -> None:
    text = subject(draft("ended_late", "zh"))
    assert text == "[已结束·补报] 沈阳1号 PM2.5 峰值299 · 13:00–18:00 超150共5 h · 现28"


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_the_case_is_in_the_subject(language: str) -> None:
    assert re.search("王芳|taken", subject(draft("raised", language)))
    assert re.search("未认领|untaken|not taken", subject(draft("opened", language)))


def test_a_value_over_the_range_of_the_instrument_is_at_least_that() -> None:
    given = view("opened")
    assert given.lead is not None
    lead = replace(given.lead, latest=MailValue(value=1000.0, is_at_least=True))
    assert "≥1,000↑" in subject(MailDraft(replace(given, lead=lead), "en"))


def test_a_region_is_not_called_local_for_the_case_file_of_one_station() -> None:
    region, plume = view("regional"), view("opened")
    told = reach_forms(MailDraft(replace(region, case_file=plume.case_file), "zh"))
    assert event_kind(plume) is EventKind.PLUME
    assert not any("局地" in text for text in told)
    assert file_figures(MailDraft(replace(view("fault"), case_file=plume.case_file), "zh")) is None


def test_a_name_with_line_ends_stays_on_one_line() -> None:
    given = view("opened")
    hostile = replace(given.stations[0], name=Name("a\r\nBcc: x@y\x00{}", "a\r\nBcc: x@y\x00{}"))
    text = subject(MailDraft(replace(given, stations=(hostile,)), "en"))
    assert text.isprintable()
    assert text.startswith("[Critical] a Bcc: x@y")


def test_an_addition_in_brackets_is_left_out_before_letters_of_the_name() -> None:
    given = view("opened")
    named = replace(
        given.stations[0],
        name=Name("\u961c\u65b0\u4e00\u53f7\u53cc\u6e05\u56ed\uff08\u6a21\u62df\uff09", "Fuxin No. 1 (simulated)"),
    )
    text = subject(MailDraft(replace(given, stations=(named,)), "en"))
    assert " Fuxin No. 1 PM2.5" in text
    assert subject_width(text) <= WIDTH


def test_many_stations_of_a_long_name_keep_the_name_of_the_first_city() -> None:
    given = view("regional")
    text = subject(MailDraft(replace(given, since=given.since - timedelta(days=5)), "en"))
    assert re.search(r"\] [A-Z][a-z]{4,} \(\d+\) ", text)
    assert subject_width(text) <= WIDTH


def test_a_combining_mark_has_no_width() -> None:
    assert subject_width("µg e\u0301 中文\u200b") == 7
