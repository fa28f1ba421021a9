from __future__ import annotations

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from alerts.mail.frame.short_text import MOST_BYTES, short_text
from alerts.mail.line.certainty import grade_of
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import six_lines
from alerts.mail.line.preheader import preheader
from alerts.mail.line.subject import subject
from alerts.mail.view.finding import MailVerdict
from alerts.mail.view.mail_value import MailValue
from schemas.words import words
from tests.alerts.mail.scene import ALL, LANGUAGES, NOW, draft, view

ORDER = ["what", "sure", "why", "act", "who", "still"]


def text_of(given: MailDraft, key: str) -> str:
    return next(item.text for item in six_lines(given) if item.key == key)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_every_mail_has_the_six_lines_in_their_order(kind: str, language: str) -> None:
    lines = six_lines(draft(kind, language))
    assert [item.key for item in lines] == ORDER
    assert all(item.text.strip() and item.label for item in lines)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_the_preview_says_something_else_than_the_subject(kind: str, language: str) -> None:
    given = draft(kind, language)
    assert preheader(given)
    assert subject(given).partition("] ")[2][:12] not in preheader(given)


def test_the_lines_of_a_local_plume() -> None:
    given = draft("opened", "zh")
    assert (
        text_of(given, "what")
        == "PM2.5 重度污染第 1 小时；1 小时内由 24 升到 161；同站苯 33.1（平时约 3.2），SO2 96（平时约 11）同时升高"
    )
    assert text_of(given, "sure") == "中：质控全过（1 个值）；2 台仪器一致（161 / 159）；67 km 内 5 站均未升"
    assert text_of(given, "act") == "① 电话核对仪器 ② 排查上风向源 ③ 通知预报会商 ④ 认领"
    assert text_of(given, "who") == "未认领；已通知：值班组（3 人）；21:23 前未认领则转李强"
    assert text_of(given, "still").startswith("是：现 161 µg/m³（8 分钟前）；较前 3 小时升高；已 1 小时 8 分钟")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_end_is_said_in_the_last_line_and_what_is_left_is_to_note_the_cause(language: str) -> None:
    given = draft("ended", language)
    assert re.search("已于 18:00 结束|Over since 18:00", text_of(given, "still"))
    assert not re.search("结束|over since", text_of(given, "what"))
    assert re.search("补记原因|Note the cause", text_of(given, "act"))


def test_a_case_that_another_person_has_asks_nothing_of_the_reader() -> None:
    assert "nothing to do for you" in text_of(draft("raised"), "act")
    assert "take the case" not in text_of(draft("amended"), "act")


def test_a_correction_that_changes_no_figure_of_the_case_states_the_case() -> None:
    given = MailDraft(replace(view("amended"), changes=()), "zh")
    assert text_of(given, "what").startswith("个别站点的数值已更正；PM2.5")
    assert "更正" in subject(given)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_that_moved_claims_no_more_than_its_probability(language: str) -> None:
    given = draft("moved", language)
    assert re.search(
        "不再按污染处理；更可能是仪器故障|no longer taken for pollution; more probably", text_of(given, "what")
    )
    assert not re.search("未见异常|ordinary|不成立", text_of(given, "still") + text_of(given, "what"))


def test_an_unchanged_extreme_is_not_repeated_and_a_passed_one_is_stated() -> None:
    given = view("opened")
    assert given.lead is not None
    assert "highest so far" not in text_of(draft("opened"), "still")
    passed = replace(given, lead=replace(given.lead, latest=MailValue(value=120.0, at=given.now)))
    assert "highest so far 161 (20:00)" in text_of(MailDraft(passed, "en"), "still")


def test_one_station_alone_is_a_doubt_and_a_disagreeing_instrument_another() -> None:
    given = view("opened")
    assert given.quality is not None
    assert grade_of(given) == "medium"
    assert grade_of(replace(given, quality=replace(given.quality, do_agree=False))) == "low"
    assert grade_of(replace(given, quality=replace(given.quality, near_beyond=2))) == "high"
    assert grade_of(replace(given, verdict=MailVerdict(is_fault=True, probability=0.9))) == "low"
    assert grade_of(replace(given, quality=None)) == "low"


def test_a_dose_rate_says_whether_rain_explains_it() -> None:
    assert "No rain for 19 h" in text_of(draft("gamma"), "why")
    wet = replace(view("gamma"), dry_for=timedelta())
    assert "washout of radon progeny is possible" in text_of(MailDraft(wet, "en"), "why")


def test_a_forecast_says_its_range_and_that_it_is_yet_to_come() -> None:
    assert "80 % range 141–235" in text_of(draft("forecast"), "what")
    assert text_of(draft("forecast"), "still").startswith("Not yet")


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_other_channels_get_the_same_lines_within_their_limit(kind: str, language: str) -> None:
    text, given = short_text(view(kind), language), draft(kind, language)
    assert len(text.encode()) <= MOST_BYTES
    assert text.startswith(subject(given))
    assert text.endswith(view(kind).links.page)
    assert six_lines(given)[0].text in text


def test_a_text_that_is_too_long_loses_the_cause_before_what_to_do() -> None:
    given = view("fault")
    assert given.fault is not None
    long = replace(given.fault.failed[0], test="a long name " * 200)
    given = replace(given, fault=replace(given.fault, failed=(long,)))
    text = short_text(given, "en")
    assert words("en", "mail")("label.why") not in text
    assert words("en", "mail")("label.act") in text


@pytest.mark.parametrize(("language", "shown"), [("en", "at least 1,000 µg/m³"), ("zh", "至少 1,000 µg/m³")])
def test_of_an_instrument_over_range_the_mail_says_at_least(language: str, shown: str) -> None:
    given = view("opened")
    most = MailValue(value=1000.0, at=NOW, is_at_least=True)
    assert given.lead is not None
    draft_of = MailDraft(replace(given, lead=replace(given.lead, extreme=most, latest=most)), language)
    assert shown in text_of(draft_of, "still")
    assert "≥1,000" in subject(draft_of)
    assert words(language, "mail")("sure.over_range") in text_of(draft_of, "sure")


def test_a_single_step_has_no_number_and_several_have() -> None:
    assert text_of(draft("moved"), "act") == "Nothing to do"
    assert text_of(draft("opened"), "act").startswith("① check the instrument")
