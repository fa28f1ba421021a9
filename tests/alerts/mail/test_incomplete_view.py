"""A view with anything missing, of any kind and news, is a mail with a subject that fits: the mail must go out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alerts.mail.frame.case_message import render_case
from alerts.mail.frame.short_text import short_text
from alerts.mail.line.subject import WIDTH, subject_width
from alerts.mail.samples import KINDS
from alerts.mail.view.case_mail import MailNews
from schemas.alert_case import CaseKind
from tests.alerts.mail.scene import LANGUAGES, NOW, view

EMPTY: dict[str, object] = {
    **dict.fromkeys(("stations", "near", "companions", "changes", "history"), ()),
    **dict.fromkeys(("lead", "wind", "quality", "verdict", "case_file", "rule"), None),
    **dict.fromkeys(("silence", "fault", "failure", "warning", "reason"), None),
}
LESS_LEAD: tuple[dict[str, object], ...] = (
    {"latest": None},
    {"latest": None, "extreme": None, "points": ()},
    {"threshold": None},
    {"before": None, "forecast": ()},
    {"is_below": True},
    {"parameter": "unknown_parameter", "unit": "odd"},
)


def assert_fits(kind: str, changes: dict[str, object]) -> None:
    given = replace(view(kind), **changes)
    for language in LANGUAGES:
        written = render_case(given, language, "<x@y>", ())
        assert subject_width(written.subject) <= WIDTH, written.subject
        assert short_text(given, language)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_of_any_news_goes_out(kind: str) -> None:
    for news in MailNews:
        for ended in (None, NOW - timedelta(hours=1)):
            assert_fits(kind, {"news": news, "ended_at": ended})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_known_costs_no_mail(kind: str) -> None:
    for name, empty in EMPTY.items():
        for news in (MailNews.OPENED, MailNews.ENDED, MailNews.AMENDED, MailNews.WITHDRAWN):
            assert_fits(kind, {name: empty, "news": news})


@pytest.mark.parametrize("kind", CaseKind)
def test_a_case_of_which_nothing_is_known_is_mailed(kind: CaseKind) -> None:
    assert_fits("opened", {**EMPTY, "kind": kind})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"line", "system", "silent"}])
def test_a_value_of_which_parts_are_missing_costs_no_mail(kind: str) -> None:
    lead = view(kind).lead
    assert lead is not None
    for changes in LESS_LEAD:
        less = replace(lead, **changes)
        assert_fits(kind, {"lead": less})
        assert_fits(kind, {"lead": less, "news": MailNews.ENDED, "ended_at": NOW})
