"""Several cases in one mail: one block each, the gravest open ones first. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alerts.mail.frame.case_message import COLOURS, RenderedCase, template, title_of, tone_of
from alerts.mail.frame.mute import mute_texts
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import six_lines
from alerts.mail.line.subject import WIDTH, label_text, subject, subject_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.mail.view.case_mail import CaseMail, DigestMail

SHOWN_LINES = ("what", "who", "still")


class DigestBlock(NamedTuple):
    """A case of a digest."""

    label: str
    title: str
    colour: str
    tint: str
    tone: str
    lines: list[tuple[str, str]]
    page: str
    take: str | None
    subject: str


def render_digest(view: DigestMail, language: str) -> RenderedCase:
    """Write a digest in a language: ``zh`` or ``en``."""
    drafts = [MailDraft(item, language) for item in view.cases]
    context = {
        "language": language,
        "w": drafts[0].t.catalogue,
        "colon": drafts[0].t("colon"),
        "subject": digest_subject(view, language),
        "preheader": drafts[0].joined(six_lines(draft)[0].text for draft in drafts[:2]),
        "label": drafts[0].t("label.digest"),
        "title": drafts[0].t("digest.title", since=f"{view.since.astimezone(view.zone):%m-%d %H:%M}"),
        "counts": _counts(view, drafts[0]),
        "mutes": mute_texts(view.mutes, view.zone, language),
        "blocks": [_block(draft) for draft in drafts],
        "page": view.page,
        "tones": COLOURS,
        "synthetic": any(item.synthetic for item in view.cases),
    }
    return RenderedCase(
        subject=digest_subject(view, language),
        text=template("digest.txt.jinja").render(context),
        html=template("digest.html.jinja").render(context),
        pictures=(),
    )


def digest_subject(view: DigestMail, language: str) -> str:
    """How many cases go on and are over, and as many of their names as fit; at most 60 characters, as `subject`."""
    draft = MailDraft(view.cases[0], language)
    label, counts = f"[{draft.t('label.digest')}]", _counts(view, draft)
    text = f"{label} {counts}"
    names: list[str] = []
    for name in _names(view.cases, language):
        longer = f"{label} {draft.t('digest.subject', counts=counts, names=draft.listed([*names, name]))}"
        if subject_width(longer) > WIDTH:
            break
        names.append(name)
        text = longer
    return " ".join(text.split())


def _names(cases: tuple[CaseMail, ...], language: str) -> Iterator[str]:
    for item in cases:
        draft = MailDraft(item, language)
        yield f"{draft.place()} {draft.parameter()}" if item.lead else draft.place()


def _counts(view: DigestMail, draft: MailDraft) -> str:
    over = sum(item.is_over for item in view.cases)
    return draft.t("digest.counts", open=len(view.cases) - over, over=over)


def _block(draft: MailDraft) -> DigestBlock:
    view = draft.view
    tone = tone_of(view)
    is_free = view.people.taken_by is None and not view.is_over
    return DigestBlock(
        label=label_text(draft),
        title=title_of(draft),
        colour=COLOURS[tone][0],
        tint=COLOURS[tone][1],
        tone=tone,
        lines=[(item.label, item.text) for item in six_lines(draft) if item.key in SHOWN_LINES],
        page=view.links.page,
        take=view.links.take if is_free else None,
        subject=subject(draft),
    )
