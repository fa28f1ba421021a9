"""From a case's view to a mail: subject, preheader, six lines, evidence, pictures, headers. Pure; sends nothing.

One language, the reader's. ``multipart/alternative`` holds the text and a ``multipart/related`` of HTML and pictures, which are
shown by a Content-ID that no other mail has; nothing is fetched from elsewhere. The headers put all mails of a case into one thread.
"""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.mail.frame import below as evidence
from alerts.mail.frame.mute import mute_texts
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import NUMBERS, MailLine, failure_text, six_lines
from alerts.mail.line.preheader import preheader
from alerts.mail.line.subject import label_text, subject
from alerts.mail.view.case_mail import MailNews
from alerts.wording import without_stop
from schemas.alert import Severity
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from jinja2 import Template

    from alerts.mail.picture.frame import Ground
    from alerts.mail.view.case_mail import CaseMail

ACT_NOW, LOOK, QUIET, GOOD, UNKNOWN = "act", "look", "quiet", "good", "unknown"
COLOURS = {
    ACT_NOW: ("#b3261e", "#fcebe9", "#ff8a80", "#3a1d1b"),
    LOOK: ("#a85a00", "#fdf1e0", "#f0ac4e", "#33270f"),
    QUIET: ("#0b6478", "#e0eff3", "#6cc4d8", "#14323b"),
    GOOD: ("#1b7a5a", "#e4f3ed", "#5bc79f", "#12312a"),
    UNKNOWN: ("#52646e", "#edf2f4", "#9db0ba", "#1c272e"),
}
"""Colour and tint on light, colour and tint on dark: the tokens of the console."""
_log = structlog.get_logger(__name__)


class CaseEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and thread of a mail of a case.

    Attributes
    ----------
    sender, recipient : str
    message_id : str
        In angle brackets; the same for the same version, so that a mail client drops a doubled delivery.
    first_message_id, last_message_id : str or None
        Of the mails of this case that the recipient has; None for the first.
    reply_to : str or None
        The desk.
    """

    sender: str
    recipient: str
    message_id: str
    first_message_id: str | None = None
    last_message_id: str | None = None
    reply_to: str | None = None


class DrawnPicture(NamedTuple):
    """A picture: its name, PNG, the text instead of it, and whether it is for a dark ground."""

    name: str
    png: bytes
    alt: str
    is_dark: bool


class InlinePicture(NamedTuple):
    """A picture of a mail: its name, Content-ID without brackets, PNG, text instead of it, and whether it is for a dark ground."""

    name: str
    cid: str
    png: bytes
    alt: str
    is_dark: bool


class RenderedCase(NamedTuple):
    """A mail's parts before they are put together."""

    subject: str
    text: str
    html: str
    pictures: tuple[InlinePicture, ...]


@cache
def template(name: str) -> Template:
    """A template of this room; a name that it uses and is not given is an error."""
    environment = Environment(
        loader=PackageLoader("alerts.mail"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def render_case(
    view: CaseMail, language: str, message_id: str, drawn: Sequence[DrawnPicture] | None = None
) -> RenderedCase:
    """Write a case in a language.

    Parameters
    ----------
    view : CaseMail
    language : str
        ``zh`` or ``en``.
    message_id : str
        Of the mail, in angle brackets: its pictures get Content-IDs of their own by it.
    drawn : sequence of DrawnPicture or None
        Pictures of `draw_pictures`, which all recipients of a language can share: they take 0.4 s, the words 2 ms. Empty: none;
        None: drawn here.
    """
    draft = MailDraft(view, language)
    found = draw_pictures(view, language) if drawn is None else drawn
    pictures = tuple(_inline(item, message_id) for item in found)
    context = case_context(draft, pictures)
    return RenderedCase(
        subject=subject(draft),
        text=template("case.txt.jinja").render(context),
        html=template("case.html.jinja").render(context),
        pictures=pictures,
    )


def compose_case(rendered: RenderedCase, envelope: CaseEnvelope, view: CaseMail) -> EmailMessage:
    """Put a mail together, with the headers of its thread."""
    is_urgent = view.severity is Severity.CRITICAL and not view.is_over
    return put_together(rendered, envelope, view.now.astimezone(view.zone), is_urgent=is_urgent)


def put_together(
    rendered: RenderedCase, envelope: CaseEnvelope, date: datetime, *, is_urgent: bool = False
) -> EmailMessage:
    """Headers, text, HTML and pictures.

    Parameters
    ----------
    rendered : RenderedCase
    envelope : CaseEnvelope
    date : datetime
        In the network's zone.
    is_urgent : bool
        Marks the mail as important.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = rendered.subject
    message["From"] = envelope.sender
    message["To"] = envelope.recipient
    if envelope.reply_to:
        message["Reply-To"] = envelope.reply_to
    message["Date"] = format_datetime(date)
    message["Message-ID"] = envelope.message_id
    thread = [item for item in (envelope.first_message_id, envelope.last_message_id) if item]
    if thread:
        message["In-Reply-To"] = thread[0]
        message["References"] = " ".join(dict.fromkeys(thread))
    if is_urgent:
        message["Importance"] = "high"
        message["X-Priority"] = "1"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = f"skyground alerts <alerts.{_domain(envelope.sender)}>"
    message.set_content(rendered.text, cte="base64")
    message.add_alternative(rendered.html, subtype="html", cte="base64")
    html = message.get_payload()[1]  # type: ignore[index]  # a list of parts since add_alternative
    for item in rendered.pictures:
        html.add_related(  # type: ignore[union-attr]  # an EmailMessage, as set_content made it
            item.png, "image", "png", cid=f"<{item.cid}>", filename=f"{item.name}.png", disposition="inline"
        )
    return message


def message_id(identity: str, sender: str) -> str:
    """Message-ID for an identity, at the sender's domain."""
    return f"<skyground.{identity}@{_domain(sender)}>"


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def tone_of(view: CaseMail) -> str:
    """Which of the `COLOURS` a mail has: one red for what must be acted on, amber to look at, green for over, grey for withdrawn."""
    if view.is_over:
        return GOOD if view.ended_at is not None else UNKNOWN
    if view.warning is not None:
        return {"red": ACT_NOW, "orange": LOOK, "yellow": LOOK}.get(view.warning.level, QUIET)
    return {Severity.CRITICAL: ACT_NOW, Severity.WARNING: LOOK}.get(view.severity, QUIET)


def title_of(draft: MailDraft) -> str:
    """Title of the mail's head: what it is about, without figures."""
    view = draft.view
    if view.failure is not None:
        return view.failure.title.of(draft.language)
    if view.warning is not None:
        level = draft.t(f"label.{view.warning.level}")
        return f"{draft.place()} · {draft.t('title.warning', level=level)}"
    name = draft.parameter() if view.lead is not None else ""
    return " · ".join(item for item in (draft.place(), name) if item)


def case_context(draft: MailDraft, pictures: Sequence[InlinePicture]) -> dict[str, object]:
    """Arguments of the templates."""
    view, language = draft.view, draft.language
    colour, tint, dark_colour, dark_tint = COLOURS[tone_of(view)]
    file = evidence.file_figures(draft)
    lines, rows = six_lines(draft), evidence.station_rows(draft)
    is_free = view.people.taken_by is None or view.people.is_reader
    is_in_lines = file is not None and any(without_stop(file.answer, language) in item.text for item in lines)
    return {
        "language": language,
        "w": draft.t.catalogue,
        "colon": draft.t("colon"),
        "view": view,
        "subject": subject(draft),
        "preheader": preheader(draft),
        "label": label_text(draft),
        "title": title_of(draft),
        "tone": {"colour": colour, "tint": tint, "dark_colour": dark_colour, "dark_tint": dark_tint},
        "headline": evidence.headline(draft),
        "as_of": evidence.as_of(draft),
        "lines": lines,
        "numbers": NUMBERS,
        "case_label": draft.t("evidence.case", id=view.case_id),
        "pictures": _pairs(pictures),
        "grounds": evidence.grounds(draft),
        "conditions": evidence.conditions(draft),
        "mutes": mute_texts(view.mutes, view.zone, language),
        "failed": evidence.failed_tests(draft),
        "stations": rows,
        "has_values": any(row.peak or row.latest for row in rows),
        "left_off": evidence.left_off(draft),
        "file": file,
        "shows_answer": not is_in_lines,
        "history": evidence.history(draft),
        "advice": _unless_in(lines, view.rule.advice.of(language), language) if view.rule and not view.is_over else "",
        "detail": _unless_in(lines, failure_text(draft), language),
        "notice": view.warning.draft.of(language) if view.warning else "",
        "not_checked": _not_checked(draft),
        "can_act": is_free and not view.is_over,
        "can_take": view.people.taken_by is None and not view.is_over,
        "can_resolve": view.news in {MailNews.ENDED, MailNews.ENDED_LATE}
        or (view.people.is_reader and not view.is_over),
        "is_struck": view.news in {MailNews.WITHDRAWN, MailNews.MOVED},
    }


def _unless_in(lines: Sequence[MailLine], text: str, language: str) -> str:
    """The text; empty where a line has it."""
    return "" if any(without_stop(text, language) in item.text for item in lines) else text


def _not_checked(draft: MailDraft) -> str:
    warning = draft.view.warning
    if warning is None or not warning.unverified:
        return ""
    return draft.t("evidence.not_checked", items=draft.listed(item.of(draft.language) for item in warning.unverified))


def _pairs(pictures: Sequence[InlinePicture]) -> list[tuple[InlinePicture, InlinePicture]]:
    """Each picture for a light and for a dark ground."""
    dark = {item.name.removesuffix("-dark"): item for item in pictures if item.is_dark}
    return [(item, dark[item.name]) for item in pictures if not item.is_dark and item.name in dark]


def draw_pictures(view: CaseMail, language: str) -> tuple[DrawnPicture, ...]:
    """Pictures of a case, each on a light and on a dark ground.

    They do not depend on who gets the mail. One that cannot be drawn is left out, and logged.
    """
    from alerts.mail.picture import availability_picture, map_picture, series_picture
    from alerts.mail.picture.frame import DARK, LIGHT

    draft = MailDraft(view, language)
    t, found = draft.t, []
    is_silence = draft.view.kind in {CaseKind.LINE, CaseKind.SYSTEM} or draft.view.is_silent_station
    wanted = [
        ("series", series_picture, t("evidence.chart_alt", name=title_of(draft), when=draft.since())),
        ("stations", availability_picture if is_silence else None, t("evidence.silent_chart")),
        ("map", map_picture, t("evidence.map_alt")),
    ]
    for name, draw, alt in wanted:
        for ground, end in ((LIGHT, ""), (DARK, "-dark")):
            png = None if draw is None else _drawn(draw, draft, ground)
            if png is not None:
                found.append(DrawnPicture(name + end, png, alt, bool(end)))
    return tuple(found)


def _inline(picture: DrawnPicture, message_id: str) -> InlinePicture:
    identity = hashlib.sha256(message_id.encode()).hexdigest()[:16]
    cid = f"{picture.name}.{identity}@skyground"
    return InlinePicture(picture.name, cid, picture.png, picture.alt, picture.is_dark)


def _drawn(draw: Callable[[MailDraft, Ground], bytes | None], draft: MailDraft, ground: Ground) -> bytes | None:
    """A picture; what raises in drawing costs the picture, never the mail, and is logged with its trace."""
    try:
        return draw(draft, ground)
    except Exception:  # noqa: BLE001 - the mail must go out; logged with its trace
        _log.exception("case_picture_failed", case=draft.view.case_id)
        return None
