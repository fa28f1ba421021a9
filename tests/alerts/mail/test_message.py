from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.mail.data_confidence import data_confidence
from alerts.mail.mail_value import Name
from alerts.mail.message import Envelope, compose, render
from alerts.mail.sample import sample_views
from alerts.mail.view import AlertView, NeighbourValue
from alerts.wording import minutes_text, number_text
from schemas.words import render as render_reason

if TYPE_CHECKING:
    from email.message import EmailMessage

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NAMES = ("raised", "resolved", "late", "closed", "group", "operation")
ENVELOPE = Envelope(
    sender="sky <s@example.org>",
    recipients=("d@example.org",),
    message_id="<2@example.org>",
    references=("<1@example.org>",),
)


def views(name: str) -> list[AlertView]:
    return sample_views(NOW, "https://console.example.org")[name]


@cache
def sent(name: str, language: str) -> bytes:
    return compose(render(views(name), language), ENVELOPE, NOW).as_bytes()


def mail(name: str, language: str) -> EmailMessage:
    return message_from_bytes(sent(name, language), policy=policy.default)  # type: ignore[return-value]  # policy.default makes an EmailMessage


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_every_mail_has_text_html_and_the_headers_of_an_automatic_mail(name: str, language: str) -> None:
    message = mail(name, language)
    assert message.get_content_type() == "multipart/alternative"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"]
    assert message["References"] == message["In-Reply-To"] == "<1@example.org>"
    assert "https://console.example.org/alerts/" in part(message, "plain")
    assert "https://console.example.org/alerts/" in part(message, "html")


@pytest.mark.parametrize("name", ["raised", "resolved", "group"])
def test_the_picture_travels_inside_and_is_shown_by_cid(name: str) -> None:
    message = mail(name, "zh")
    picture, *others = [item for item in message.walk() if item.get_content_type() == "image/png"]
    assert [item["Content-ID"] for item in others] == (["<case@skyground>"] if name == "raised" else [])
    assert f"cid:{picture['Content-ID'].strip('<>')}" in part(message, "html")
    assert picture.get_payload(decode=True)[:8] == b"\x89PNG\r\n\x1a\n"  # type: ignore[index]  # bytes of a leaf


class _Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"src", "background"}]
        assert tag not in {"script", "link", "iframe"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    html = part(mail(name, "en"), "html")
    reader = _Sources()
    reader.feed(html)
    assert all(item.startswith("cid:") for item in reader.found)
    assert not re.search(r"url\(|@import", html)


def test_the_raised_mail_says_what_where_since_value_threshold_and_what_to_do() -> None:
    text = part(mail("raised", "en"), "plain")
    for wanted in (
        "Sample station 1",
        "183",
        "Threshold > 150 µg/m³",
        "22 Nov 13:00",
        "What to do",
        "not acknowledged",
        "PM2.5 at Sample station 1:",
        "/cases/sample-01/pm25/",
    ):
        assert wanted in text


def test_the_resolved_mail_says_duration_and_maximum() -> None:
    text = part(mail("resolved", "zh"), "plain")
    assert "持续时间：9 小时" in text
    assert "最大值：183" in text


def test_the_other_language_has_its_summary_line() -> None:
    assert "[Critical] PM2.5 heavily polluted at Sample station 1" in part(mail("raised", "zh"), "html")
    assert "[严重] 示例 1 号站" in part(mail("raised", "en"), "html")


def test_text_from_elsewhere_is_escaped() -> None:
    (view,) = views("operation")
    evidence = dict(view.transition.evidence) | {
        "detail": "<script>alert(1)</script>",
        "title_en": "a <b> & c\r\nBcc: x@y",
    }
    hostile = msgspec.structs.replace(view, transition=msgspec.structs.replace(view.transition, evidence=evidence))
    rendered = render([hostile], "en")
    assert "<script>" not in rendered.html
    assert "\n" not in compose(rendered, ENVELOPE, NOW)["Subject"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["a $x^{$ b", "$a$ & $b$", "a\nBcc: x@y", "a\x00b", "😀"])
def test_a_name_of_any_text_costs_no_mail(name: str, text: str) -> None:
    hostile = [msgspec.structs.replace(view, station=Name(text, text), what=Name(text, text)) for view in views(name)]
    message = compose(render(hostile, "en"), ENVELOPE, NOW)
    assert len(message.as_bytes()) > 0
    assert "\n" not in message["Subject"]


def test_a_picture_that_cannot_be_drawn_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> bytes:
        raise ValueError

    monkeypatch.setattr("alerts.mail.message.plot_series", fails)
    monkeypatch.setattr("alerts.mail.message.case_picture", fails)
    rendered = render(views("raised"), "en")
    assert rendered.picture is None
    assert rendered.case_picture is None
    assert "cid:" not in rendered.html


def test_a_lonely_exceedance_warns_of_a_fault() -> None:
    (view,) = views("raised")
    alone = msgspec.structs.replace(view, neighbours=(NeighbourValue(Name("乙", "B"), 5.0, 20.0),))
    found = data_confidence(alone)
    assert found is not None
    assert found.grade == "medium"
    assert "instrument fault" in render_reason(found.caveat, "en")


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (150.0, "150"), (1234.56, "1,234.6"), (0.04, "0")])
def test_numbers_are_written_for_people(value: float | None, text: str) -> None:
    assert number_text(value, 1, "en") == text


@pytest.mark.parametrize(("minutes", "text"), [(0.2, "0 min"), (59.6, "1 h"), (125, "2 h 5 min"), (2890, "2 d 10 min")])
def test_times_are_written_for_people(minutes: float, text: str) -> None:
    assert minutes_text(minutes, "en") == text
