"""Replies by mail become steps of cases: read the mailbox, match, act. What does not match changes nothing and is answered to no one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from alerts.case.action import ActionRequest, CaseAction
from alerts.case.life import CaseStepError
from alerts.channels.mailbox import handle_new
from alerts.delivery.reply import MOST_A_MINUTE, ReplyFault, ReplyWish, parse_reply
from alerts.delivery.thread import is_ours, parse_message_id
from alerts.run.case_action import act
from alerts.run.stores import open_state
from schemas.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerts.channels.mailbox import ReceivedMail
    from alerts.delivery.reply import MailReply
    from alerts.people.people import People
    from alerts.settings import AlertSettings
    from store.state import Notice, StateStore

REFUSED = "reply_refused"
"""Kind of the documents of replies that changed nothing, by their Message-ID."""
_MINUTE = timedelta(minutes=1)
_SHOWN = 200
_MOST_SENDERS = 1_000
_ACTIONS = {
    ReplyWish.TAKE: CaseAction.TAKE,
    ReplyWish.DECLINE: CaseAction.DECLINE,
    ReplyWish.COMMENT: CaseAction.COMMENT,
}
_log = structlog.get_logger(__name__)


class ReplyOutcome(NamedTuple):
    """What a look into the mailbox did: cases that replies changed, and mails that changed nothing by why."""

    done: int
    refused: dict[ReplyFault, int]


class _Read(NamedTuple):
    """A mail and what of it can be shown."""

    reply: MailReply
    subject: str


class ReplyReader:
    """Reads the mailbox again and again; it remembers how many mails of each address came within a minute.

    Mails that are not from the person who got the message are counted apart: a forger must not use up the replies of the person.
    """

    def __init__(self) -> None:
        self._recent: dict[tuple[str, bool], list[datetime]] = {}

    def read(self, settings: AlertSettings, people: People, now: datetime) -> ReplyOutcome:
        """Handle the unread mails of the mailbox.

        Raises
        ------
        alerts.channels.mailbox.MailboxError, store.error.StoreError
        """
        refused: Counter[ReplyFault] = Counter()
        done = 0
        with open_state(settings) as state:

            def handle(received: ReceivedMail) -> bool:
                nonlocal done
                item = _read(received, settings)
                found = (
                    ReplyFault.UNREADABLE
                    if item is None
                    else self._handle(state, people, item.reply, now, received.received_at)
                )
                if isinstance(found, ReplyFault):
                    refused[found] += 1
                    _keep(state, item, found)
                    return False
                done += found
                return True

            handle_new(settings, handle)
        self._forget()
        return ReplyOutcome(done, dict(refused))

    def _handle(
        self, state: StateStore, people: People, reply: MailReply, now: datetime, received_at: datetime
    ) -> int | ReplyFault:
        if reply.is_automatic:
            return ReplyFault.AUTOMATIC
        notices = list(matched(state, reply.answers))
        own = [item for item in notices if is_sender(people, item, reply.sender)]
        if self._is_too_many((reply.sender, bool(own)), received_at):
            return ReplyFault.TOO_MANY
        if not notices:
            return ReplyFault.NO_MATCH
        if not own:
            return ReplyFault.STRANGER
        if reply.wish is ReplyWish.COMMENT and not reply.text:
            return ReplyFault.EMPTY
        return _act(state, own, reply, now)

    def _is_too_many(self, sender: tuple[str, bool], received_at: datetime) -> bool:
        near = [at for at in self._recent.get(sender, ()) if abs(received_at - at) <= _MINUTE]
        self._recent[sender] = [*near, received_at][: MOST_A_MINUTE + 1]
        return len(near) >= MOST_A_MINUTE

    def _forget(self) -> None:
        """Keep the senders that wrote last."""
        while len(self._recent) > _MOST_SENDERS:
            del self._recent[next(iter(self._recent))]


def _read(received: ReceivedMail, settings: AlertSettings) -> _Read | None:
    """None where the mail cannot be read: it must not hold up those behind it."""
    if received.message is None:
        return None
    try:
        reply = parse_reply(received.message, (settings.mail_from, settings.mail_reply_to))
        return _Read(reply, plain_text(str(received.message["Subject"] or "")))
    except Exception as error:  # noqa: BLE001 - the standard library fails on odd mails in many ways
        _log.warning("reply_unreadable", detail=type(error).__name__)
        return None


def matched(state: StateStore, answers: Iterable[str]) -> Iterable[Notice]:
    """Notices of which a reply quotes a message; of the first Message-ID that is ours."""
    store_id = state.notices.store_id()
    for text in answers:
        parsed = parse_message_id(text)
        item = None if parsed is None else state.notices.get(parsed.notice_id)
        if item is not None and is_ours(text, store_id, item):
            return [item]
        found = state.notices.of_message(text)
        if found:
            return found
    return []


def is_sender(people: People, item: Notice, sender: str) -> bool:
    """Whether an address is that of the person who got the messages of a notice."""
    person = people.person.get(item.recipient)
    return person is not None and person.mail.casefold() == sender


def _act(state: StateStore, notices: Iterable[Notice], reply: MailReply, now: datetime) -> int | ReplyFault:
    done = 0
    for item in notices:
        request = ActionRequest(
            action=_ACTIONS[reply.wish],
            by=item.recipient,
            text=reply.text,
            via="mail",
            reference=reply.message_id,
        )
        try:
            done += act(state, item.case_id, request, now) is not None
        except CaseStepError as error:
            _log.info("reply_refused", case=item.case_id, by=item.recipient, reason=error.reason)
    return done or ReplyFault.REFUSED


def _keep(state: StateStore, item: _Read | None, fault: ReplyFault) -> None:
    """Keep why a mail changed nothing, for the pages; the mail itself stays in the mailbox."""
    if item is None:
        return  # logged where it was read; it has no id to keep it by
    reply = item.reply
    _log.warning("reply_refused", sender=reply.sender, reason=fault, message_id=reply.message_id)
    if fault in {ReplyFault.AUTOMATIC, ReplyFault.TOO_MANY}:
        return  # a loop must not fill the database
    body = {"from": reply.sender[:_SHOWN], "reason": fault.value, "subject": item.subject[:_SHOWN]}
    state.documents.put(REFUSED, reply.message_id[:_SHOWN] or "without", body)
