"""A case with what is stored about it, and what its mail would state at a moment: titles, lines and map of pages are those of mails. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from alerts.mail.view.people import NotifiedPerson
from alerts.mail.view.plain import plain_case, with_name
from alerts.mail.view.recipient import recipient_name
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alerts.mail.view.case_mail import CaseMail
    from alerts.mail.view.mail_value import Name
    from alerts.people.people import People
    from analysis.report.stored_case import StoredCase
    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.state import Notice, SentMessage

MOST_NEAR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case with what is stored about it.

    Attributes
    ----------
    notices : sequence of Notice
        Of the case.
    titles : mapping of int to Name
        Titles of its operation alerts by ``begin_id``.
    file : StoredCase or None
        Case file of its worst alert.
    messages : sequence of SentMessage
        Sent of its notices, ascending.
    mail : CaseMail or None
        What a mail would state now, with what the time series add; None where it was not collected.
    """

    case: AlertCase
    notices: Sequence[Notice] = ()
    titles: Mapping[int, Name] | None = None
    file: StoredCase | None = None
    messages: Sequence[SentMessage] = ()
    mail: CaseMail | None = None


def case_mail(record: CaseRecord, network: Network, people: People, now: datetime) -> CaseMail:
    """The case at a moment, without what a mail adds from the time series (`alerts.run.mail.collect`)."""
    view = plain_case(record.case, network, people, now)
    first = next((item for item in record.case.alerts if item.kind is RuleKind.OPERATION), None)
    title = None if first is None else (record.titles or {}).get(first.begin_id)
    return replace(
        view,
        near=view.near[:MOST_NEAR],
        people=replace(view.people, notified=_notified(record, people)),
        case_file=record.file,
        failure=view.failure
        if view.failure is None or title is None
        else replace(view.failure, title=_titled(title, view)),
    )


def _titled(title: Name, view: CaseMail) -> Name:
    """The title of a report with the name of the station that it is of."""
    return with_name(title, view.stations[0]) if view.stations else title


def _notified(record: CaseRecord, people: People) -> tuple[NotifiedPerson, ...]:
    sent = sorted((item for item in record.notices if item.sent_at is not None), key=lambda item: str(item.sent_at))
    first = {item.recipient: item.sent_at for item in reversed(sent)}
    return tuple(
        NotifiedPerson(name=recipient_name(people, key), at=first[key] or record.case.since)
        for key in dict.fromkeys(item.recipient for item in sent)
    )
