"""One delivery round: claim what is due for a recipient, collect, compose, send, note the outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog
from msgspec.structs import replace

from alerts.channels import email
from alerts.channels.chat import ChatError, send_chat
from alerts.delivery.news import is_too_old, mail_news
from alerts.delivery.plan import HOUR, DueNotice, plan_delivery
from alerts.delivery.thread import digest_identity, message_identity
from alerts.mail.frame.case_message import (
    CaseEnvelope,
    compose_case,
    draw_pictures,
    message_id,
    put_together,
    render_case,
)
from alerts.mail.frame.digest import render_digest
from alerts.mail.frame.short_text import MOST_BYTES, short_text
from alerts.mail.view.case_mail import CaseMail, DigestMail
from alerts.people.person import MAIL
from alerts.people.route import TEAM_PREFIX
from alerts.run.mail.collect import collect_mail, plain_mail
from alerts.run.mail.ended_mute import ended_mutes
from alerts.run.mail.notify import is_theirs
from alerts.run.mute import is_mute_over, mutes_until
from ingest.process.guard import describe, say
from schemas.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

    from alerts.mail.frame.case_message import DrawnPicture
    from alerts.mail.view.case_mail import MailNews
    from alerts.mail.view.finding import EndedMute
    from alerts.people.people import People
    from alerts.run.mail.collect import CaseReader
    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase
    from store.state import Notice

MOST_CLAIMS = 200
"""Cases that one message of a recipient may state."""
MOST_DEAD = 2
"""Mails in a row at which a server may die in one round. Project's choice."""
LOOK_AGAIN = timedelta(seconds=10)
_DEFAULT_MAX_AGE_H = 24.0
_log = structlog.get_logger(__name__)


class Contact(NamedTuple):
    """A way to a recipient: mail address, or the reference of a URL; and the language."""

    address: str
    language: str


class PreparedCase(NamedTuple):
    """A claimed notice with its case and what is new."""

    due: DueNotice
    case: AlertCase
    news: MailNews


class SendFailure(NamedTuple):
    """Why a message did not go; ``is_of_server``: the mail server may be dead for all others."""

    detail: str
    permanent: bool = False
    is_uncertain: bool = False
    is_of_server: bool = False


class SendOutcome(NamedTuple):
    """What a round did: messages handed over, and the last error of the mail server where no later mail went."""

    sent: int
    mail_error: str | None


def contact_of(people: People, recipient: str, channel: str) -> Contact | None:
    """The way to a person or team by a channel, as the people file has it now; None where it has none."""
    if recipient.startswith(TEAM_PREFIX):
        team = people.team.get(recipient.removeprefix(TEAM_PREFIX))
        own = () if team is None else tuple(item for item in team.channels if item.name == channel)
        return None if team is None or not own else Contact(own[0].reference, team.language)
    person = people.person.get(recipient)
    if person is None:
        return None
    if channel == MAIL:
        return Contact(person.mail, person.language)
    known = [item.reference for item in person.channels if item.name == channel]
    return Contact(known[0], person.language) if known else None


class SendRound:
    """One round.

    Parameters
    ----------
    reader : CaseReader
    settings : AlertSettings
    worker : str
        A name that no other worker has.
    """

    def __init__(self, reader: CaseReader, settings: AlertSettings, worker: str) -> None:
        self._reader, self._settings, self._worker = reader, settings, worker
        self._state, self._now = reader.sources.state, reader.sources.now
        self._store_id = self._state.notices.store_id()
        self._sent, self._dead, self._mail_error = 0, 0, None
        self._drawn: dict[tuple[str, int, bool, str], tuple[DrawnPicture, ...]] = {}

    _mail_error: str | None

    def send(self, due: Sequence[tuple[str, str]]) -> SendOutcome:
        """Send what is due to recipients, each with a channel."""
        for recipient, channel in due:
            if channel == MAIL and self._dead >= MOST_DEAD:
                continue
            try:
                self._serve(recipient, channel)
            except Exception as error:  # noqa: BLE001 - one recipient must not hold up the others; claims expire and are tried again
                say("notices_not_sent", error, recipient=recipient, channel=channel)
        return SendOutcome(self._sent, self._mail_error)

    def _serve(self, recipient: str, channel: str) -> None:
        claims = self._state.notices.claim(
            self._worker, channel, now=self._now, limit=MOST_CLAIMS, recipients=[recipient]
        )
        contact = contact_of(self._reader.people, recipient, channel)
        if contact is None:
            self._fail(claims, SendFailure(f"{recipient}: no {channel} in the people file", permanent=True))
            return
        found = [item for claim in claims if (item := self._prepare(claim)) is not None]
        prepared = {item.due.notice.id: item for item in found}
        rest = self._send_again(list(prepared.values()), contact)
        since = self._now - HOUR
        plan = plan_delivery(
            [item.due for item in rest],
            self._state.notices.times_sent(recipient, channel, since=since),
            limit=self._settings.mails_per_h,
            now=self._now,
        )
        for held in plan.held:
            self._state.notices.release(held.item.notice.id, self._worker, due_at=held.until)
        for message in plan.messages:
            self._send([prepared[item.notice.id] for item in message], contact)

    def _prepare(self, claim: Notice) -> PreparedCase | None:
        """The case as it is now; None, and noted, where nothing is to be said of it."""
        case = self._state.cases.get(claim.case_id)
        people, now = self._reader.people, self._now
        news = None
        if case is not None and not is_too_old(case, self._max_age(case)):
            news = mail_news(case, claim.known, claim.recipient, is_theirs=is_theirs(people, case, claim, now))
        if case is None or news is None:
            self._state.notices.finish_quiet(claim.id, self._worker, detail="nothing to report")
            return None
        network = self._reader.sources.network
        muted_until = mutes_until(self._state, network, case, now)
        due = DueNotice(
            notice=claim,
            is_critical=case.severity is Severity.CRITICAL and case.is_open,
            is_collected=case.severity is Severity.INFO or is_mute_over(self._state, network, case, now),
            muted_until=muted_until,
        )
        return PreparedCase(due, case, news)

    def _max_age(self, case: AlertCase) -> timedelta:
        own = self._settings.notify_max_age_h
        if own is None:
            rules = [self._reader.sources.rules.named(item.rule) for item in case.alerts]
            ages = [item.notify_max_age_h for item in rules if item is not None]
            own = 0.0 if 0.0 in ages else max(ages, default=_DEFAULT_MAX_AGE_H)
        return timedelta(hours=own)

    def _send_again(self, prepared: list[PreparedCase], contact: Contact) -> list[PreparedCase]:
        """Send messages whose outcome is not known once more, with the same Message-ID; the notices that are left."""
        begun: dict[str, set[int]] = {}
        for item in self._state.notices.begun_messages([item.due.notice for item in prepared]):
            begun.setdefault(item.message_id, set()).add(item.notice_id)
        done: set[int] = set()
        for identity, ids in begun.items():
            group = [item for item in prepared if item.due.notice.id in ids - done]
            done |= ids
            if self._state.notices.is_sent(identity):
                self._finish(group, identity)
            elif group:
                self._send(group, contact, identity=identity)
        return [item for item in prepared if item.due.notice.id not in done]

    def _send(self, group: Sequence[PreparedCase], contact: Contact, *, identity: str | None = None) -> None:
        claims = [item.due.notice for item in group]
        channel, is_mail = claims[0].channel, claims[0].channel == MAIL
        if is_mail and self._dead >= MOST_DEAD:
            for claim in claims if identity is None else ():
                self._state.notices.release(claim.id, self._worker, due_at=self._now + LOOK_AGAIN)
            return  # what may have been sent keeps its claim until that expires
        if not self._state.notices.renew([item.id for item in claims], self._worker, now=self._now):
            return  # a claim ran out before its message was sent; another worker has it
        sent_as = identity or self._identity(claims)
        if identity is None:
            self._state.notices.begin_message(claims, sent_as)
        failure = self._hand_over(group, contact, sent_as)
        if is_mail:
            self._dead = self._dead + 1 if failure is not None and failure.is_of_server else 0
            self._mail_error = None if failure is None else failure.detail if failure.is_of_server else self._mail_error
        if failure is not None:
            _log.warning("notice_not_sent", channel=channel, detail=failure.detail, notices=len(claims))
            self._fail(claims, failure)
            return
        self._sent += 1
        self._finish(group, sent_as)

    def _identity(self, claims: Sequence[Notice]) -> str:
        versions = [(item, item.claimed or item.wanted) for item in claims]
        if len(versions) == 1:
            identity = message_identity(self._store_id, *versions[0])
        else:
            identity = digest_identity(self._store_id, versions)
        return message_id(identity, self._settings.mail_from)

    def _finish(self, group: Sequence[PreparedCase], identity: str) -> None:
        for item in group:
            self._state.notices.finish_sent(item.due.notice.id, self._worker, message_id=identity, now=self._now)

    def _fail(self, claims: Sequence[Notice], failure: SendFailure) -> None:
        for item in claims:
            self._state.notices.finish_failed(
                item.id,
                self._worker,
                now=self._now,
                detail=failure.detail,
                permanent=failure.permanent,
                is_uncertain=failure.is_uncertain,
            )

    def _hand_over(self, group: Sequence[PreparedCase], contact: Contact, identity: str) -> SendFailure | None:
        views = [self._view(item) for item in group]
        try:
            mutes = self._ended_mutes(group)
            if group[0].due.notice.channel == MAIL:
                email.send(self._compose(group, views, contact, identity, mutes), self._settings)
            else:
                send_chat(contact.address, title="", text=chat_text(self._digest(views, mutes), contact.language))
        except email.DeliveryError as error:
            return SendFailure(str(error), error.permanent, error.is_uncertain, error.is_of_server)
        except ChatError as error:
            return SendFailure(str(error), error.permanent)
        except Exception as error:  # noqa: BLE001 - one case that cannot be shown must not hold up the others; kept and logged
            say("case_message_broken", error, cases=[item.case.id for item in group])
            return SendFailure(describe(error))
        return None

    def _view(self, item: PreparedCase) -> CaseMail:
        try:
            return collect_mail(self._reader, item.case, item.due.notice, item.news)
        except Exception as error:  # noqa: BLE001 - a message without evidence is better than none
            say("case_mail_plain", error, case=item.case.id)
            return plain_mail(self._reader, item.case, item.due.notice, item.news)

    def _ended_mutes(self, group: Sequence[PreparedCase]) -> tuple[EndedMute, ...]:
        try:
            return ended_mutes(self._reader.sources, self._reader.people, [item.case for item in group])
        except Exception as error:  # noqa: BLE001 - a message without the mute is better than none
            say("case_mail_part_missing", error, case=group[0].case.id, part="ended_mutes")
            return ()

    def _compose(
        self,
        group: Sequence[PreparedCase],
        views: Sequence[CaseMail],
        contact: Contact,
        identity: str,
        mutes: tuple[EndedMute, ...],
    ) -> EmailMessage:
        first = group[0].due.notice
        is_single = len(group) == 1
        envelope = CaseEnvelope(
            sender=self._settings.mail_from,
            recipient=contact.address,
            message_id=identity,
            first_message_id=first.first_message_id if is_single else None,
            last_message_id=first.last_message_id if is_single else None,
            reply_to=self._settings.mail_reply_to or None,
        )
        if is_single:
            drawn = self._pictures(group[0].case, views[0], contact.language)
            view = replace(views[0], mutes=mutes)
            return compose_case(render_case(view, contact.language, identity, drawn), envelope, view)
        digest = self._digest(views, mutes)
        return put_together(render_digest(digest, contact.language), envelope, self._now.astimezone(digest.zone))

    def _pictures(self, case: AlertCase, view: CaseMail, language: str) -> tuple[DrawnPicture, ...]:
        """Pictures of a case as it is, drawn once a round for all recipients of a language: they take longer than all else."""
        key = (case.id, case.version, view.is_over, language)
        found = self._drawn.get(key) or draw_pictures(view, language)
        self._drawn[key] = found
        return found

    def _digest(self, views: Sequence[CaseMail], mutes: tuple[EndedMute, ...]) -> DigestMail:
        ordered = sorted(views, key=lambda item: (item.is_over, _URGENCY[item.severity], item.since))
        return DigestMail(
            since=min(item.since for item in views),
            now=self._now,
            zone=self._reader.sources.network.timezone,
            page=f"{self._reader.sources.console_url}/alerts",
            cases=tuple(ordered),
            mutes=mutes,
        )


_URGENCY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def chat_text(digest: DigestMail, language: str) -> str:
    """Text of a chat message: of one case its short text, of several their subjects and the page of all."""
    if len(digest.cases) == 1:
        return short_text(digest.cases[0], language)
    lines = [render_digest(digest, language).subject]
    for item in digest.cases:
        line = short_text(item, language).partition("\n")[0]
        if len("\n".join((*lines, line, digest.page)).encode()) > MOST_BYTES:
            break
        lines.append(line)
    return "\n".join((*lines, digest.page))
