from __future__ import annotations

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from alerts.mail.frame.case_message import (
    CaseEnvelope,
    compose_case,
    draw_pictures,
    message_id,
    put_together,
    render_case,
)
from alerts.mail.frame.digest import render_digest
from alerts.mail.frame.short_text import short_text
from alerts.mail.line.subject import WIDTH, subject_width
from alerts.mail.samples import sample_digest
from alerts.mail.view.case_mail import MailNews
from alerts.mail.view.finding import MailRule
from alerts.mail.view.mail_value import Name
from alerts.mail.view.people import HistoryStep
from alerts.warning.episode import WarningAct
from alerts.wording import without_stop
from schemas.alert_case import StepKind
from schemas.reason import ReasonData, reason_of
from schemas.words import render
from tests.alerts.mail.scene import ALL, CONSOLE, LANGUAGES, NOW, no_drawing, rendered, view

if TYPE_CHECKING:
    from email.message import EmailMessage

__all__ = ["no_drawing"]

FIRST = CaseEnvelope(
    sender="sky <s@example.org>", recipient="d@example.org", message_id="<1@example.org>", reply_to="desk@example.org"
)
LATER = replace(
    FIRST, message_id="<3@example.org>", first_message_id="<1@example.org>", last_message_id="<2@example.org>"
)
CHINESE = re.compile("[\u4e00-\u9fff]")
pytestmark = pytest.mark.usefixtures("no_drawing")


def sent(kind: str, envelope: CaseEnvelope = FIRST) -> EmailMessage:
    message = compose_case(rendered(kind), envelope, view(kind))
    return message_from_bytes(message.as_bytes(), policy=policy.default)  # type: ignore[return-value]  # policy.default makes an EmailMessage


def test_the_first_mail_of_a_case_begins_a_thread() -> None:
    message = sent("opened")
    assert message["Message-ID"] == "<1@example.org>"
    assert message["References"] is message["In-Reply-To"] is None
    assert message["Reply-To"] == "desk@example.org"
    assert message["List-Id"] == "skyground alerts <alerts.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].endswith("21:08:00 +0800")


def test_a_later_mail_answers_the_first_and_names_the_last() -> None:
    message = sent("raised", LATER)
    assert message["In-Reply-To"] == "<1@example.org>"
    assert message["References"] == "<1@example.org> <2@example.org>"


@pytest.mark.parametrize(
    ("kind", "is_urgent"),
    [("opened", True), ("system", True), ("regional", False), ("ended", False), ("withdrawn", False)],
)
def test_only_what_is_critical_and_goes_on_is_marked_important(kind: str, *, is_urgent: bool) -> None:
    message = sent(kind)
    assert (message["Importance"], message["X-Priority"]) == (("high", "1") if is_urgent else (None, None))


def test_a_mail_is_text_and_html_with_its_pictures() -> None:
    message = sent("opened")
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "multipart/related"]
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_filename() for part in pictures] == ["series.png", "series-dark.png", "map.png", "map-dark.png"]


def test_no_two_mails_share_a_content_id() -> None:
    one, two = (render_case(view("opened"), "en", message_id(name, "s@example.org")) for name in ("a", "b"))
    assert not {item.cid for item in one.pictures} & {item.cid for item in two.pictures}


class _Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value or "" for name, value in attrs if name in {"src", "background", "srcset"}}
        assert tag not in {"script", "link", "iframe", "form"}


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_nothing_is_fetched_from_elsewhere_and_every_picture_is_shown(kind: str, language: str) -> None:
    given = rendered(kind, language)
    reader = _Sources()
    reader.feed(given.html)
    assert reader.found == {f"cid:{item.cid}" for item in given.pictures}
    assert not re.search(r"url\(|@import", given.html)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_units_are_written_for_people(kind: str, language: str) -> None:
    given = rendered(kind, language)
    for text in (given.subject, given.text, given.html, short_text(view(kind), language)):
        assert not re.search("ug/m3|\u03bc", text)


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in ALL}))
def test_an_english_mail_has_no_chinese(kind: str) -> None:
    given = rendered(kind, "en")
    assert not CHINESE.search(given.subject + given.text + given.html)


@pytest.mark.parametrize(("kind", "language"), ALL)
def test_links_act_while_the_case_waits_for_a_person(kind: str, language: str) -> None:
    given, text = view(kind), rendered(kind, language).text
    assert given.links.take is not None
    assert (given.links.take in text) == (given.people.taken_by is None and not given.is_over)
    assert given.links.page in text


def test_text_from_elsewhere_is_escaped() -> None:
    given = view("opened")
    hostile = Name("<script>a</script>", "<script>a</script>")
    history = (HistoryStep(kind=StepKind.COMMENTED, at=NOW, by=hostile, text="<b>\r\nBcc: x@y"),)
    html = render_case(
        replace(given, stations=(replace(given.stations[0], name=hostile),), history=history), "en", "<x@y>"
    ).html
    assert "<script>" not in html
    assert "<b>" not in html


@pytest.mark.parametrize("text", ["a $x^{$ b", "a\nBcc: x@y", "a\x00b", "😀", "{name}", ""])
def test_a_name_of_any_text_costs_no_mail(text: str) -> None:
    given = view("opened")
    hostile = replace(given, stations=(replace(given.stations[0], name=Name(text, text)),))
    message = compose_case(render_case(hostile, "zh", "<x@y>"), FIRST, hostile)
    assert "\n" not in message["Subject"]
    assert message.as_bytes()


@pytest.mark.parametrize("news", MailNews)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_news_has_its_words(news: MailNews, language: str) -> None:
    given = replace(view("opened"), news=news)
    written = render_case(given, language, "<x@y>")
    assert subject_width(written.subject) <= WIDTH
    assert not re.search(r"\bNone\b(?! of )", written.text)


def test_recipients_share_the_pictures_of_a_case() -> None:
    shared = draw_pictures(view("opened"), "en")
    one, two = (render_case(view("opened"), "en", f"<{name}@example.org>", shared) for name in "ab")
    assert [item.png for item in one.pictures] == [item.png for item in two.pictures] == [item.png for item in shared]
    assert render_case(view("opened"), "en", "<a@example.org>", ()).pictures == ()


@pytest.mark.parametrize("act", WarningAct)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_act_of_a_warning_has_its_words(act: WarningAct, language: str) -> None:
    given = view("warning")
    assert given.warning is not None
    written = render_case(replace(given, warning=replace(given.warning, act=act)), language, "<x@y>")
    assert subject_width(written.subject) <= WIDTH


@pytest.mark.parametrize("kind", StepKind)
def test_every_step_has_its_word(kind: StepKind) -> None:
    given = replace(view("line"), history=(HistoryStep(kind=kind, at=NOW),))
    assert render_case(given, "zh", "<x@y>").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_report_of_the_system_gives_its_own_reason_and_advice(language: str) -> None:
    case = view("system")
    assert case.failure is not None
    reason = ReasonData("finding.clock.detail", {"clock": "ahead", "skew_h": 1.5, "held": 3})
    rule = MailRule(
        name="clock", title=Name("钟", "clock"), advice=Name("拨准钟。", "Set it."), source="", is_verified=False
    )
    case = replace(case, failure=replace(case.failure, stations=0, reason=reason), rule=rule)
    text = render_case(case, language, "<x@y>").text
    report = render(reason_of(reason.key or "", reason.figures), language).rstrip(".。")
    assert text.count(report) == 1
    assert text.count(without_stop(rule.advice.of(language), language)) == 1
    (still,) = (item for item in text.splitlines() if item.startswith(("还在吗", "Still")))
    assert "无数据" not in still
    assert "without data" not in still


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_has_a_block_a_case(language: str) -> None:
    given = sample_digest(NOW, CONSOLE)
    written = render_digest(given, language)
    assert subject_width(written.subject) <= WIDTH
    assert all(item.links.page in written.text and item.links.page in written.html for item in given.cases)
    message = put_together(written, FIRST, NOW)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
