"""A case as its page shows it: title and lines of its mail, figures, alerts by station, who was notified, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.mail.line.action import PASSIVE, action_keys
from alerts.mail.line.certainty import grounds_of
from alerts.mail.line.draft import MailDraft
from alerts.mail.line.lines import six_lines
from alerts.mail.line.subject import label_text, subject_figures
from alerts.mail.view.recipient import recipient_name
from console.view.case_mail import CaseRecord, case_mail
from console.view.case_row import CaseRow, case_row
from console.view.case_timeline import NoticeRow, TimelineEntry, cause_text, notice_rows, timeline
from console.view.quantity import format_value, name_of
from schemas.alert import RuleKind
from schemas.alert_case import CaseKind
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from alerts.mail.line.lines import MailLine
    from alerts.mail.view.case_mail import CaseMail
    from alerts.people.people import People
    from schemas.alert_case import AlertCase, CaseAlert
    from schemas.network import Network
    from schemas.words import Words

QUESTIONS = ("what", "sure", "why", "still", "who", "act")
"""Lines of the mail in the order of the page."""
WHOLE = 120
"""Characters of a title on a page: names are whole."""
_OF_VALUES = frozenset({CaseKind.POLLUTION, CaseKind.RADIATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAlertRow:
    """An alert of a case; values with their unit."""

    station_id: str
    station: str
    has_page: bool
    what: str
    rule: str
    severity: str
    is_open: bool
    is_withdrawn: bool
    latest: str
    extreme: str
    threshold: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePageView:
    """Everything that the templates of the page show."""

    row: CaseRow
    case: AlertCase
    mail: CaseMail
    label: str
    title: str
    lines: tuple[MailLine, ...]
    alerts: tuple[CaseAlertRow, ...]
    notices: tuple[NoticeRow, ...]
    entries: tuple[TimelineEntry, ...]
    taken_by: str
    assigned_to: str
    cause: str
    draft: str
    has_map: bool


def case_page_view(record: CaseRecord, network: Network, people: People, words: Words, now: datetime) -> CasePageView:
    """The page of a case at a moment."""
    case, language = record.case, words.language
    mail = record.mail or case_mail(record, network, people, now)
    draft = MailDraft(mail, language)
    notices = notice_rows(record.notices, people, language, case.version)
    return CasePageView(
        row=case_row(record, network, people, words, now),
        case=case,
        mail=mail,
        label=label_text(draft),
        title=subject_figures(draft, WHOLE),
        lines=tuple(_lines(draft, words)),
        alerts=tuple(_alert(item, network, words) for item in case.alerts),
        notices=tuple(notices),
        entries=tuple(timeline(draft, record, people)),
        taken_by=recipient_name(people, case.taken_by).of(language) if case.taken_by else "",
        assigned_to=recipient_name(people, case.assigned_to).of(language) if case.assigned_to else "",
        cause=cause_text(case.cause, language) if case.cause else "",
        draft=mail.warning.draft.of(language) if mail.warning else "",
        has_map=sum(item.lon is not None for item in (*mail.stations, *mail.near)) > 1 and bool(mail.stations),
    )


def _lines(draft: MailDraft, words: Words) -> Iterator[MailLine]:
    """The lines; what a mail would know from the time series is left open."""
    view = draft.view
    lines = {item.key: item for item in six_lines(draft)}
    passive = PASSIVE.issuperset(action_keys(view))
    for key in QUESTIONS:
        line = lines[key]
        if key == "act" and passive:
            continue
        if key == "sure" and view.quality is None and view.kind in _OF_VALUES:
            grounds = draft.joined(item.text for item in grounds_of(draft))
            line = line._replace(text=grounds or words("cases.not_evaluated"))
        if key == "why" and view.case_file is None and view.kind in _OF_VALUES and view.reason is None:
            line = line._replace(text=words("case.absent"))
        yield line


def _alert(item: CaseAlert, network: Network, words: Words) -> CaseAlertRow:
    place = network.stations.get(item.station_id)
    kind = RuleKind(item.kind)
    name = (
        name_of(item.parameter, words) if item.parameter else words.get(f"network.{item.network}", item.network or "")
    )
    unit = unit_text(item.unit) if kind.is_of_values else ""
    return CaseAlertRow(
        station_id=item.station_id,
        station=words.get(f"alerts.station_{item.station_id}", item.station_id)
        if place is None
        else place.name(words.language),
        has_page=place is not None,
        what=name or words(f"alert_kind.{kind}_station"),
        rule=item.rule,
        severity=item.severity.value,
        is_open=item.is_open,
        is_withdrawn=item.is_withdrawn,
        latest=_value(item.latest if item.is_open else None, item, unit),
        extreme=_value(item.extreme, item, unit),
        threshold="–" if item.threshold is None or not kind.is_of_values else f"{item.threshold:g}",
        since=item.since,
        until=item.until,
    )


def _value(value: float | None, item: CaseAlert, unit: str) -> str:
    if value is None or item.parameter is None:
        return "–"
    sign = "≥ " if item.is_at_least else ""
    return f"{sign}{format_value(value, item.parameter)} {unit}".strip()
