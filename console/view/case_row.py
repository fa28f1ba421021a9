"""A case as a line of a list shows it, in the words of its mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.mail.line.draft import MailDraft
from alerts.mail.line.subject import label_text, subject_figures
from console.view.case_mail import case_mail
from schemas.alert_case import Audience, CaseState

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from alerts.mail.view.case_mail import CaseMail
    from alerts.mail.view.mail_value import MailValue
    from alerts.people.people import People
    from console.view.case_mail import CaseRecord
    from schemas.network import Network
    from schemas.words import Words

MISSING = "–"
SHORT = {"zh": 26, "en": 36}
"""Characters of a title on one line of a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case of the list; values with their unit, a dash where there is none.

    Attributes
    ----------
    mark : str
        Severity of an open case; ``ok`` of one that is over.
    label : str
        Severity, or what became of it.
    title, short : str
        Place, parameter, value with arrow and limit, since when; and on a phone.
    sure : str
        Fault or event, with the probability [%].
    who : str
        Who has it; empty: not taken.
    """

    id: str
    is_open: bool
    mark: str
    label: str
    title: str
    short: str
    now: str
    now_at: datetime | None
    extreme: str
    limit: str
    since: datetime
    lasted: timedelta
    sure: str
    who: str
    is_operators: bool


def case_row(record: CaseRecord, network: Network, people: People, words: Words, now: datetime) -> CaseRow:
    """The line of a case at a moment."""
    case = record.case
    view = record.mail or case_mail(record, network, people, now)
    draft = MailDraft(view, words.language)
    lead = view.lead
    return CaseRow(
        id=case.id,
        is_open=case.is_open,
        mark=view.severity.value if case.is_open else "ok" if case.state is not CaseState.WITHDRAWN else "archive",
        label=label_text(draft),
        title=subject_figures(draft),
        short=subject_figures(draft, SHORT[words.language]),
        now=_quantity(draft, draft.value_now if lead else None) if case.is_open else MISSING,
        now_at=lead.latest.at if lead and lead.latest else None,
        extreme=_quantity(draft, draft.extreme if lead else None),
        limit=draft.limit if lead is not None and lead.threshold is not None else MISSING,
        since=case.since,
        lasted=(case.ended_at or now) - case.since,
        sure=sure_text(view, words),
        who="" if view.people.taken_by is None else view.people.taken_by.of(words.language),
        is_operators=case.audience is Audience.OPERATOR,
    )


def _quantity(draft: MailDraft, value: MailValue | None) -> str:
    return MISSING if value is None else draft.quantity(value)


def sure_text(view: CaseMail, words: Words) -> str:
    """Fault or event in a few letters; a dash where it was not evaluated."""
    verdict = view.verdict
    if verdict is None:
        return MISSING
    if verdict.is_fault is None:
        return words("cases.undecided")
    key = "cases.fault" if verdict.is_fault else "cases.event"
    return words(key, percent=verdict.percent)
