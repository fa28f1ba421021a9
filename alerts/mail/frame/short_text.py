"""The same content as short text for WeCom, DingTalk, Feishu and webhooks: subject, six lines, two links. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import six_lines
from alerts.mail.line.subject import subject

if TYPE_CHECKING:
    from alerts.mail.view.case_mail import CaseMail

MOST_BYTES = 2_000
"""A text message of WeCom may have 2,048 bytes (developer.work.weixin.qq.com/document/path/91770); the others allow more."""
LEFT_OFF = ("why", "sure", "who")
"""Lines that go first where the text is too long."""


def short_text(view: CaseMail, language: str) -> str:
    """Plain text of a case, at most 2,000 bytes of UTF-8 unless links alone are longer.

    Parameters
    ----------
    view : CaseMail
    language : str
        ``zh`` or ``en``.
    """
    draft = MailDraft(view, language)
    colon, t = draft.t("colon"), draft.t
    lines = {item.key: f"{item.label}{colon}{item.text}" for item in six_lines(draft)}
    links = [f"{t('button.page')}{colon}{view.links.page}"]
    if view.links.take and view.people.taken_by is None and not view.is_over:
        links.insert(0, f"{t('button.take')}{colon}{view.links.take}")
    for key in ("", *LEFT_OFF):
        lines.pop(key, None)
        text = "\n".join([subject(draft), *lines.values(), *links])
        if len(text.encode()) <= MOST_BYTES:
            return text
    return "\n".join([subject(draft), *links])
