"""Collects for a message what the stores know of a case, as it is at this moment. Reads only.

Each part that cannot be read leaves a gap in the message, never an error: the message must go out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from alerts.case.life import CAUSE, fold
from alerts.case.steps import CHANGED, ENDED, NEW_STATIONS
from alerts.delivery.escalate import next_escalation, plan_steps
from alerts.delivery.link import LinkAction, action_urls
from alerts.mail.view.case_mail import CaseMail, MailNews
from alerts.mail.view.finding import (
    FigureChange,
)
from alerts.mail.view.mail_value import Name
from alerts.mail.view.people import CaseLinks, HistoryStep, NotifiedPerson
from alerts.mail.view.plain import lead_alert, plain_case, with_name
from alerts.mail.view.recipient import recipient_name
from alerts.people.route import TEAM_PREFIX
from alerts.run.case import present_cases
from alerts.run.mail.context import with_instruments, with_neighbours, with_usual, with_wind
from alerts.run.mail.failed_test import with_failed_tests
from alerts.run.mail.kind import dry_for, warning_proposal
from alerts.run.mail.values import with_values
from alerts.wording import titles
from ingest.process.guard import say
from schemas.alert import RuleKind
from schemas.alert_case import SYSTEM, CaseKind, StepKind
from schemas.reason import ReasonData, reason_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from alerts.mail.evidence.series import Sources
    from alerts.people.people import People
    from schemas.alert_case import AlertCase
    from store.state import Notice

    Part = Callable[["CaseReader", AlertCase, Notice, CaseMail], CaseMail]

HOUR = timedelta(hours=1)
SHOWN_COMMENT = 200


class CaseReader(NamedTuple):
    """Where a message's figures are read.

    Attributes
    ----------
    sources : Sources
    people : People
    link_key : bytes
    remind_after : timedelta
    """

    sources: Sources
    people: People
    link_key: bytes
    remind_after: timedelta


def collect_mail(reader: CaseReader, case: AlertCase, notice: Notice, news: MailNews) -> CaseMail:
    """Everything that a message states of a case, for one recipient.

    Parameters
    ----------
    reader : CaseReader
    case : AlertCase
        With all its steps.
    notice : Notice
    news : MailNews
    """
    (case,) = present_cases(reader.sources.state, [case])
    view = plain_mail(reader, case, notice, news)
    for part in (_with_people, _of_sources(with_values), _with_failure, _with_kind, _with_changes):
        view = _attempt(part, reader, case, notice, view)
    for read in (with_wind, with_instruments, with_neighbours, with_usual, with_failed_tests):
        view = _attempt(_of_sources(read), reader, case, notice, view)
    return view


def _of_sources(read: Callable[[Sources, AlertCase, CaseMail], CaseMail]) -> Part:
    """A part that only needs the stores."""

    def part(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
        del notice
        return read(reader.sources, case, view)

    part.__name__ = read.__name__
    return part


def plain_mail(reader: CaseReader, case: AlertCase, notice: Notice, news: MailNews) -> CaseMail:
    """What the case itself and the configuration know."""
    sources = reader.sources
    return replace(
        plain_case(case, sources.network, reader.people, sources.now),
        version=notice.claimed or case.version,
        news=news,
        links=_links(reader, case, notice),
        history=tuple(history_of(reader.people, case)),
        reason=_reason(case, news),
    )


def _attempt(
    part: Part,
    reader: CaseReader,
    case: AlertCase,
    notice: Notice,
    view: CaseMail,
) -> CaseMail:
    try:
        return part(reader, case, notice, view)
    except Exception as error:  # noqa: BLE001 - the message must go out; logged with its place
        say("case_mail_part_missing", error, case=case.id, part=part.__name__.strip("_"))
        return view


def _links(reader: CaseReader, case: AlertCase, notice: Notice) -> CaseLinks:
    console = reader.sources.console_url
    page = f"{console}/cases/{case.id}"
    lead = lead_alert(case)
    curve = None
    if lead is not None and lead.parameter is not None:
        first = case.since - timedelta(days=1)
        last = min(case.ended_at or reader.sources.now, reader.sources.now) + HOUR
        query = {
            "station": lead.station_id,
            "parameter": lead.parameter,
            "from": first.isoformat(timespec="minutes"),
            "to": last.isoformat(timespec="minutes"),
        }
        curve = f"{console}/series?{urlencode(query)}"
    if notice.recipient.startswith(TEAM_PREFIX):  # a group chat is no person
        return CaseLinks(page=page, curve=curve)
    urls = action_urls(console, case.id, notice.recipient, reader.link_key, now=reader.sources.now)
    return CaseLinks(
        page=page,
        curve=curve,
        take=urls[LinkAction.TAKE],
        decline=urls[LinkAction.DECLINE],
        comment=urls[LinkAction.COMMENT],
        mute=urls[LinkAction.MUTE],
        resolve=urls[LinkAction.RESOLVE],
    )


def history_of(people: People, case: AlertCase) -> Iterator[HistoryStep]:
    """The steps of a case as a mail tells them."""
    lead = lead_alert(case)
    for step in case.steps:
        figures = step.figures
        is_lead = lead is not None and figures.get("parameter") == lead.parameter
        value = figures.get("value") if is_lead else None
        added = figures.get(NEW_STATIONS)
        count = figures.get("stations") if added is None else len(added) or None
        is_revised = step.kind is StepKind.EXTENDED and added is None
        if is_revised and not figures.get(ENDED):
            continue  # figures of open alerts, which the mail states as they are now
        yield HistoryStep(
            kind=step.kind,
            at=step.at,
            by=None if step.by == SYSTEM else recipient_name(people, step.by),
            value=float(value) if isinstance(value, (int, float)) and not is_revised else None,
            stations=count if isinstance(count, int) else None,
            ended=int(figures.get(ENDED) or 0) if is_revised else 0,
            is_verdict=step.kind is StepKind.AMENDED and not figures.get(CHANGED),
            text=str(figures.get("text", ""))[:SHOWN_COMMENT],
        )


def _reason(case: AlertCase, news: MailNews) -> ReasonData | None:
    if news is MailNews.RESOLVED and case.cause:
        return ReasonData("mail.reason.resolved", {CAUSE: case.cause})
    if news is MailNews.WITHDRAWN:
        return ReasonData("mail.reason.withdrawn", {})
    if news is MailNews.MOVED:
        return ReasonData("mail.reason.moved", {})
    return None


def _with_people(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """Who has it, who was notified when, who is next."""
    state, now, people = reader.sources.state, reader.sources.now, reader.people
    notices = state.notices.of_cases([case.id])
    first: dict[str, datetime] = {}
    for message in state.notices.list_messages(item.id for item in notices):
        recipient = next(item.recipient for item in notices if item.id == message.notice_id)
        if recipient != notice.recipient and message.sent_at is not None:
            first.setdefault(recipient, message.sent_at)
    planned = plan_steps(people, case, notices, now=now, remind_after=reader.remind_after)
    following = next_escalation(item for item in planned if item.due_at > now)
    return replace(
        view,
        people=replace(
            view.people,
            is_reader=case.taken_by == notice.recipient,
            notified=tuple(NotifiedPerson(name=recipient_name(people, name), at=at) for name, at in first.items()),
            next_person=None if following is None else recipient_name(people, following.persons[0].person),
            next_at=None if following is None else following.due_at,
            waited=now - case.opened_at,
        ),
    )


def _with_kind(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """The draft of a warning; the rain where a dose rate rose."""
    del notice
    if case.kind is CaseKind.WARNING:
        proposal = warning_proposal(reader.sources, case)
        return replace(view, warning=proposal, lead=None, quality=None)
    if case.kind is CaseKind.RADIATION:
        return replace(view, dry_for=dry_for(reader.sources, case.stations[0]))
    return view


def _with_failure(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """What a part of the system reported of itself."""
    del notice
    alert = next((item for item in case.alerts if item.kind is RuleKind.OPERATION), None)
    if alert is None or view.failure is None:
        return view
    stored = reader.sources.state.alerts.get(alert.begin_id)
    evidence = {} if stored is None else stored.transition.evidence
    title = Name(*(str(evidence.get(key) or plain) for key, plain in zip(_TITLES, titles("system"), strict=True)))
    own = next((item for item in view.stations if item.station_id == alert.station_id), None)
    title = title if own is None else with_name(title, own)
    reason = evidence.get("reason")
    failure = replace(
        view.failure,
        title=title,
        detail=str(evidence.get("detail") or ""),
        reason=reason_data(reason) if isinstance(reason, str) else None,
    )
    return replace(view, failure=failure)


_TITLES = ("title_zh", "title_en")


def _with_changes(reader: CaseReader, case: AlertCase, notice: Notice, view: CaseMail) -> CaseMail:
    """Figures that the recipient knows and that have changed since."""
    del reader
    if not notice.known or view.lead is None:
        return view
    before = fold(case.steps[: notice.known])
    then, now = lead_alert(before), lead_alert(case)
    changes = []
    if then is not None and now is not None and (then.station_id, then.parameter) == (now.station_id, now.parameter):
        pairs = (("extreme", then.extreme, now.extreme), ("threshold", then.threshold, now.threshold))
        changes += [
            FigureChange(figure=name, before=old, after=new)
            for name, old, new in pairs
            if old is not None and new is not None and old != new
        ]
    if len(before.stations) != len(case.stations):
        changes.append(
            FigureChange(figure="stations", before=float(len(before.stations)), after=float(len(case.stations)))
        )
    return replace(view, changes=tuple(changes))
