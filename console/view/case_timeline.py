"""What happened to a case and who was notified of it, in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.case.action import TEXT
from alerts.case.life import CAUSE, FROM, INTO, TO, UNTIL
from alerts.mail.view.recipient import recipient_name
from schemas.alert_case import SYSTEM, StepKind
from schemas.moment import stored_moment
from schemas.words import words
from schemas.words.message import unit_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from alerts.mail.line.draft import MailDraft
    from alerts.people.people import People
    from console.view.case_mail import CaseRecord
    from schemas.alert_case import CaseStep
    from store.state import Notice

_KINDS = {
    StepKind.OPENED: "to-firing",
    StepKind.REOPENED: "to-firing",
    StepKind.RAISED: "to-firing",
    StepKind.LATE_KNOWN: "to-ok",
    StepKind.ENDED: "to-ok",
    StepKind.RESOLVED: "to-ok",
    StepKind.WITHDRAWN: "to-closed",
    StepKind.TAKEN: "ack",
    StepKind.HANDED_OVER: "ack",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One line: when, what, details and a comment; ``kind`` is its mark."""

    at: datetime
    title: str
    detail: str = ""
    text: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A recipient of a case: ``state`` as `Notice`, ``at`` when it was sent or is due."""

    name: str
    channel: str
    state: str
    at: datetime
    detail: str
    is_current: bool


def timeline(draft: MailDraft, record: CaseRecord, people: People) -> list[TimelineEntry]:
    """Steps and sent messages, the newest first."""
    found = [*(_entry(draft, step, people) for step in record.case.steps), *_sent(draft, record, people)]
    return sorted(found, key=lambda item: item.at)[::-1]  # of one moment the later step first


def notice_rows(notices: Sequence[Notice], people: People, language: str, version: int) -> list[NoticeRow]:
    """Who was notified or will be, those notified first in the order of time.

    Parameters
    ----------
    version : int
        Of the case: a recipient who knows it is current.
    """
    rows = [
        NoticeRow(
            name=recipient_name(people, item.recipient).of(language),
            channel=item.channel,
            state=item.state,
            at=item.sent_at if item.sent_at is not None and item.state == "sent" else item.due_at,
            detail=item.detail,
            is_current=item.known >= min(item.wanted, version),
        )
        for item in notices
    ]
    return sorted(rows, key=lambda row: (row.state != "sent", row.at))


def _sent(draft: MailDraft, record: CaseRecord, people: People) -> Iterator[TimelineEntry]:
    """Messages that were sent, those of one minute as one line."""
    recipients = {item.id: item.recipient for item in record.notices}
    by_minute: dict[datetime, list[str]] = {}
    for item in record.messages:
        if item.sent_at is not None and item.notice_id in recipients:
            name = recipient_name(people, recipients[item.notice_id]).of(draft.language)
            by_minute.setdefault(item.sent_at.replace(second=0, microsecond=0), []).append(name)
    say = draft.t
    for at, names in by_minute.items():
        yield TimelineEntry(at=at, title=say("who.notified", names=draft.listed(dict.fromkeys(names))), kind="told")


def _entry(draft: MailDraft, step: CaseStep, people: People) -> TimelineEntry:
    say = draft.t
    by = "" if step.by == SYSTEM else recipient_name(people, step.by).of(draft.language)
    parts = [by, *_figures(draft, step, people)]
    text = step.figures.get(TEXT)
    return TimelineEntry(
        at=step.recorded_at if by else step.at,
        title=say(f"step.{step.kind}"),
        detail=draft.joined(parts),
        text=text if isinstance(text, str) else "",
        kind=_KINDS.get(step.kind, ""),
    )


def _figures(draft: MailDraft, step: CaseStep, people: People) -> Iterator[str]:
    given, say = step.figures, draft.t
    value, unit = given.get("value"), given.get("unit")
    if isinstance(value, (int, float)) and step.kind not in {StepKind.ENDED, StepKind.WITHDRAWN}:
        name = draft.parameter(str(given["parameter"])) if given.get("parameter") else ""
        yield f"{name} {value:.4g} {unit_text(str(unit or ''))}".strip()
    if isinstance(given.get("stations"), int) and given["stations"] > 1:
        yield say("step.stations", count=given["stations"])
    if given.get(TO):
        yield "→ " + recipient_name(people, str(given[TO])).of(draft.language)
    until = stored_moment(given.get(UNTIL))
    if until is not None:
        yield "→ " + draft.clock(until)
    if given.get(CAUSE):
        yield cause_text(str(given[CAUSE]), draft.language)
    yield from (str(item) for item in (*given.get(FROM, ()), given.get(INTO)) if item)


def cause_text(cause: str, language: str) -> str:
    """Name of a cause; one that is not known as it was given."""
    return words(language, "word.cause").get(cause, cause)
