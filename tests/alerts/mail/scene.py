"""A moment, and the made-up cases that the tests of the mails share."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import pytest

from alerts.mail.frame.case_message import RenderedCase, render_case
from alerts.mail.line.draft import MailDraft
from alerts.mail.samples import KINDS, sample_mail

if TYPE_CHECKING:
    from alerts.mail.view.case_mail import CaseMail

NOW = datetime(2026, 11, 27, 13, 8, tzinfo=UTC)
CONSOLE = "https://sky.example.org"
LANGUAGES = ("zh", "en")
ALL = [(kind, language) for kind in KINDS for language in LANGUAGES]


@cache
def view(kind: str) -> CaseMail:
    return sample_mail(kind, NOW, CONSOLE)


def draft(kind: str, language: str = "en") -> MailDraft:
    return MailDraft(view(kind), language)


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture that a mail has is there, and costs nothing."""
    monkeypatch.setattr("alerts.mail.frame.case_message._drawn", lambda *_given: PNG)


@cache
def rendered(kind: str, language: str = "en") -> RenderedCase:
    return render_case(view(kind), language, f"<{kind}-{language}@example.org>")
