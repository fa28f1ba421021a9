"""From an alert's view to a mail: subject, text, HTML, picture, headers. Pure; sends nothing.

The setting's language comes first and in full, one line sums up in the other. ``multipart/alternative`` holds the text
and a ``multipart/related`` of HTML and picture (by cid: no remote content). A resolved mail refers to the mail that
raised the alert, so that mail clients show one thread.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec
import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts import wording
from alerts.mail.data_confidence import data_confidence
from alerts.mail.mail_table import caption, headline, label_kind, mail_table
from alerts.mail.plot import plot_series
from analysis.report.case_picture import case_picture
from analysis.report.case_text import CaseSection, answer_confidence, basis_text, case_sections
from schemas.alert import RuleKind
from schemas.words import render as render_reason
from schemas.words import sentence, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from jinja2 import Template

    from alerts.mail.view import AlertView

COLOURS = {"info": "#1d4ed8", "warning": "#b45309", "critical": "#b91c1c", "resolved": "#047857", "closed": "#4b5563"}
SHOWN_STATIONS = 20
"""Rows of a grouped mail; the console has the rest."""
PICTURE_CID, CASE_CID = "series@skyground", "case@skyground"
CASE_NETWORKS = frozenset({"gas", "voc", "pm", "ghg"})
SHOWN_TOPICS = (
    "kind", "chemistry", "sources", "direction", "place", "enterprises", "similar", "fault", "change", "missing",
)  # fmt: skip
"""Evidence of a case file that a mail shows; what was measured is in the table above it."""
_log = structlog.get_logger(__name__)


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses and thread of a mail.

    Attributes
    ----------
    sender : str
    recipients : tuple of str
    message_id : str
        In angle brackets; the same for the same transitions, so that a client drops a doubled delivery.
    references : tuple of str
        Message-IDs of the thread, oldest first.
    """

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    references: tuple[str, ...] = ()


class Rendered(NamedTuple):
    """A mail's parts before they are put together."""

    subject: str
    text: str
    html: str
    picture: bytes | None
    case_picture: bytes | None = None


class _CaseText(NamedTuple):
    """A case file as a mail shows it."""

    answer: str
    confidence: str
    basis: str
    sections: list[CaseSection]
    url: str
    picture: str | None


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("alerts.mail"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def subject(views: Sequence[AlertView], language: str) -> str:
    """Subject: severity, what, where, value, on one line; the first view is the worst."""
    first = views[0]
    label = _label(first, language)
    title = headline(first, language)
    count = f"{title}{wording.word('colon', language)}{_station_count(views, language)}"
    text = count if len(views) > 1 else caption(first, language)
    # a name or title may hold line ends, which a header must not
    return " ".join(f"[{label}] {text}".split())


def render(views: Sequence[AlertView], language: str) -> Rendered:
    """Render one alert, or several stations of one rule as one mail.

    Parameters
    ----------
    views : sequence of AlertView
        At least one; the worst first. All of one rule and one direction.
    language : str
        ``zh`` or ``en``.
    """
    picture = _picture(views[0], language)
    case_drawn = _case_picture(views[0], language) if len(views) == 1 else None
    context = _context(views, language, has_picture=picture is not None)
    context["case"] = _case_text(views, language, has_picture=case_drawn is not None)
    return Rendered(
        subject=subject(views, language),
        text=_template("mail.txt.jinja").render(context),
        html=_template("mail.html.jinja").render(context),
        picture=picture,
        case_picture=case_drawn,
    )


def _picture(view: AlertView, language: str) -> bytes | None:
    """The picture; what raises in drawing costs the picture, never the mail, and is logged with its trace."""
    try:
        return plot_series(view, language)
    except Exception:  # noqa: BLE001 - the mail must go out; logged with its trace
        _log.exception("alert_picture_failed", alert=view.transition.alert_key)
        return None


def _case_picture(view: AlertView, language: str) -> bytes | None:
    """Picture of the case file, on a light ground; as for `_picture`."""
    if view.case is None or view.case.chart is None:
        return None
    try:
        return case_picture(view.case.case, view.case.chart, language, view.zone)
    except Exception:  # noqa: BLE001 - the mail must go out; logged with its trace
        _log.exception("case_picture_failed", alert=view.transition.alert_key)
        return None


def _case_text(views: Sequence[AlertView], language: str, *, has_picture: bool) -> _CaseText | None:
    """The case file of a mail of one alert; None where there is none."""
    view = views[0]
    if view.case is None or len(views) > 1:
        return None
    case = view.case.case
    return _CaseText(
        answer=case.answer.text(language),
        confidence=answer_confidence(case, language),
        basis=basis_text(case, language, view.zone),
        sections=[item for item in case_sections(case, language) if item.topic in SHOWN_TOPICS],
        url=f"{view.console_url}/cases/{case.key}",
        picture=f"cid:{CASE_CID}" if has_picture else None,
    )


def compose(rendered: Rendered, envelope: Envelope, now: datetime) -> EmailMessage:
    """Put a mail together.

    Parameters
    ----------
    rendered : Rendered
    envelope : Envelope
    now : datetime
        Date of the mail, aware.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = rendered.subject
    message["From"] = envelope.sender
    message["To"] = ", ".join(envelope.recipients)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = envelope.message_id
    if envelope.references:
        message["In-Reply-To"] = envelope.references[-1]
        message["References"] = " ".join(envelope.references)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Id"] = "skyground alerts <alerts.skyground>"
    message.set_content(rendered.text, cte="base64")
    message.add_alternative(rendered.html, subtype="html", cte="base64")
    html = message.get_payload()[1]  # type: ignore[index]  # a list of parts since add_alternative
    for drawn, cid, name in ((rendered.picture, PICTURE_CID, "series"), (rendered.case_picture, CASE_CID, "case")):
        if drawn:
            html.add_related(  # type: ignore[union-attr]  # an EmailMessage, as set_content made it
                drawn, "image", "png", cid=f"<{cid}>", filename=f"{name}.png", disposition="inline"
            )
    return message


def alert_url(view: AlertView) -> str:
    """Page of the alert in the console."""
    return f"{view.console_url}/alerts/{view.alert_id}"


def series_url(view: AlertView, margin: timedelta) -> str | None:
    """Page of the series, with ``margin`` around the alert; None where there is no parameter."""
    if view.transition.parameter is None:
        return None
    query = {
        "station": view.transition.station_id,
        "parameter": view.transition.parameter,
        "from": (view.transition.since - margin).isoformat(),
        "to": (view.transition.at + margin).isoformat(),
    }
    return f"{view.console_url}/series?{urlencode(query)}"


def _detail(view: AlertView, language: str) -> str:
    """What an operation alert reports; a stored reason in the mail's language."""
    stored = view.text("reason")
    return sentence(stored, language) if stored else view.text(f"detail_{language}") or view.text("detail")


def _context(views: Sequence[AlertView], language: str, *, has_picture: bool) -> dict[str, object]:
    first = views[0]
    doubt = data_confidence(first) if len(views) == 1 else None
    return {
        "language": language,
        "w": words(language, "mail").catalogue,
        "colon": wording.word("colon", language),
        "view": first,
        "colour": COLOURS[label_kind(first.transition, is_late=False).removeprefix("severity_")],
        "label": _label(first, language),
        "title": headline(first, language),
        "subject": subject(views, language),
        "summary": subject(views, wording.other(language)),
        "facts": mail_table(first, language) if len(views) == 1 else None,
        "stations": _station_rows(views, language) if len(views) > 1 else [],
        "count": _station_count(views, language),
        "left_off": max(0, len(_by_station(views)) - SHOWN_STATIONS),
        "grade": doubt.grade_text(language) if doubt else None,
        "grounds": [
            *((render_reason(ground.reason, language), ground.is_doubt) for ground in doubt.grounds),
            *([(first.verdict.text.of(language), first.verdict.is_fault)] if first.verdict else []),
        ]
        if doubt
        else [],
        "caveat": render_reason(doubt.caveat, language) if doubt else None,
        "may_have_case": _may_have_case(first) and len(views) == 1,
        "advice": first.rule.advice(language) if first.rule and not first.is_resolved else None,
        "detail": _detail(first, language),
        "late_note": wording.word("late_note", language) if first.is_late else None,
        "alert_url": alert_url(first),
        "series_url": series_url(first, 24 * first.cadence) if len(views) == 1 else None,
        "picture": f"cid:{PICTURE_CID}" if has_picture else None,
        "zone": wording.zone_text(first.transition.at, first.zone),
    }


def _may_have_case(view: AlertView) -> bool:
    """Whether case files are computed for such an alert: a high concentration that has not ended."""
    is_open = view.kind.is_of_values and not view.is_resolved
    return is_open and not view.is_below and view.network in CASE_NETWORKS


def _station_rows(views: Sequence[AlertView], language: str) -> list[tuple[str, str, str, str]]:
    return [
        (
            view.station.of(language),
            wording.minutes_text(_shown(view), language)
            if view.kind is RuleKind.SILENCE
            else wording.quantity(_shown(view), view.unit, view.decimals, language),
            wording.time_text(view.transition.since, view.zone, language),
            alert_url(view),
        )
        for view in _by_station(views)[:SHOWN_STATIONS]
    ]


def _shown(view: AlertView) -> float | None:
    return view.extreme.value if view.extreme else view.transition.value


def _label(view: AlertView, language: str) -> str:
    return wording.word(label_kind(view.transition, is_late=view.is_late), language)


def _by_station(views: Sequence[AlertView]) -> list[AlertView]:
    """The first view of each station: a station may be silent in several networks."""
    return list({view.transition.station_id: view for view in reversed(views)}.values())[::-1]


def _station_count(views: Sequence[AlertView], language: str) -> str:
    return wording.word("station_count", language, count=len(_by_station(views)))
