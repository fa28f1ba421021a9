"""Notices: which version of a case a recipient must know, and which one was sent last.

A notice says nothing of a transition. ``wanted`` above ``known`` is due; whatever happened between the two is one message, composed
from the case as it is when it is sent. So nothing has to be merged or dropped when a server was away, a limit was reached or
a recipient sleeps.

A notice is ``pending``, then ``claimed``, then ``sent``, ``pending`` again (after a growing pause, or because ``wanted`` rose
meanwhile), ``held`` (until `NoticeStore.resume`), ``withdrawn`` (its case is part of another) or ``failed``. The version is fixed by the claim and stays fixed until its outcome
is known: a worker that died after the server took the message leads to the same message with the same Message-ID.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import eq
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from schemas.alert_case import CaseAlert, CaseStep
from store.state.alerts.delivery import LEASE, MAX_ATTEMPTS
from store.state.database import StateTables
from store.state.statement import insert, narrowed, to_type
from store.state.table import case_step, notice, sent_message, store_identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_PAUSE = timedelta(hours=1)
_OPEN = ("pending", "claimed")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What one recipient knows of one case by one channel.

    Attributes
    ----------
    recipient : str
        Person's id, or an address.
    wanted, known : int
        Version of the case that the recipient should know, and the one sent last; ``known`` 0: none.
    claimed : int or None
        Version that the present attempt sends.
    state : str
        ``pending``, ``claimed``, ``sent``, ``held``, ``withdrawn`` or ``failed``.
    due_at : datetime
        UTC; while claimed, when the claim expires.
    attempts : int
        Of this version [1].
    first_message_id, last_message_id : str or None
        Of the thread.
    sent_at : datetime or None
        UTC, of ``known``.
    detail : str
        The server's last answer, or why it is held.
    """

    id: int
    case_id: str
    recipient: str
    channel: str
    wanted: int
    known: int
    state: str
    due_at: datetime
    attempts: int
    claimed: int | None = None
    worker: str | None = None
    first_message_id: str | None = None
    last_message_id: str | None = None
    sent_at: datetime | None = None
    detail: str = ""


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message and the version of one notice that it states; ``sent_at`` (UTC) None while its outcome is not known."""

    notice_id: int
    version: int
    message_id: str
    sent_at: datetime | None = None


class SentAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as the newest message of its case to someone stated it; ``sent_at`` in UTC."""

    alert: CaseAlert
    sent_at: datetime


class NoticeBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one channel that wait although they are due.

    Attributes
    ----------
    waiting : int
        Due, or tried and failed [1].
    oldest : datetime or None
        Since when the one that waits longest has been due, UTC.
    failed : int
        Given up, and due at or after a moment [1].
    """

    waiting: int
    oldest: datetime | None
    failed: int


class NoticeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """That a recipient should know a version of a case by a channel, from a moment (UTC) on."""

    case_id: str
    recipient: str
    channel: str
    version: int
    due_at: datetime


class NoticeStore(StateTables):
    """Functions on notices."""

    def store_id(self) -> str:
        """Random id of this state database, part of every Message-ID."""
        with self.database.reading() as connection:
            return str(connection.execute(sa.select(store_identity.c.id)).scalar_one())

    def want(self, case_id: str, recipient: str, channel: str, *, version: int, due_at: datetime) -> None:
        """Ask for a recipient to know a version of a case; one that is due already keeps its earlier moment.

        A version at or below the wanted one changes nothing. A failed notice is tried again.
        """
        request = NoticeRequest(case_id=case_id, recipient=recipient, channel=channel, version=version, due_at=due_at)
        with self.database.writing() as connection:
            add_request(connection, request)

    def claim(
        self,
        worker: str,
        channel: str,
        *,
        now: datetime,
        limit: int = 1,
        lease: timedelta = LEASE,
        recipients: Sequence[str] = (),
    ) -> list[Notice]:
        """Take notices that are due, the longest due first; of several workers exactly one gets each.

        Parameters
        ----------
        recipients : sequence of str
            Only theirs; empty: of all.
        """
        due = sa.and_(notice.c.channel == channel, notice.c.state.in_(_OPEN), notice.c.due_at <= now)
        if recipients:
            due = sa.and_(due, notice.c.recipient.in_(list(recipients)))
        oldest = sa.select(notice.c.id).where(due).order_by(notice.c.due_at, notice.c.id).limit(limit)
        taken = {
            "state": "claimed",
            "worker": worker,
            "claimed": sa.func.coalesce(notice.c.claimed, notice.c.wanted),
            "attempts": notice.c.attempts + 1,
            "due_at": now + lease,
        }
        with self.database.writing() as connection:
            found = list(connection.execute(oldest.with_for_update(skip_locked=True)).scalars())
            change = sa.update(notice).where(notice.c.id.in_(found), due).values(taken).returning(notice)
            rows = connection.execute(change).mappings().all()
        return sorted((to_type(row, Notice) for row in rows), key=lambda item: item.id)

    def list_due(self, now: datetime) -> list[tuple[str, str]]:
        """Recipients with their channels that have due notices, the longest due first."""
        due = sa.and_(notice.c.state.in_(_OPEN), notice.c.due_at <= now)
        question = sa.select(notice.c.recipient, notice.c.channel).where(due)
        question = question.group_by(notice.c.recipient, notice.c.channel).order_by(sa.func.min(notice.c.due_at))
        return [(row["recipient"], row["channel"]) for row in self.database.rows(question)]

    def backlog(self, channel: str, *, now: datetime, failed_since: datetime) -> NoticeBacklog:
        """Messages that wait although they are due; those of quiet hours, of a digest and of a limit do not wait."""
        waits = sa.and_(notice.c.state.in_(_OPEN), sa.or_(notice.c.due_at <= now, notice.c.attempts > 0))
        failed = sa.and_(notice.c.state == "failed", notice.c.due_at >= failed_since)
        columns = (notice.c.state, notice.c.due_at, notice.c.attempts)
        question = sa.select(*columns).where(notice.c.channel == channel, sa.or_(waits, failed))
        rows = self.database.rows(question)
        since = [row["due_at"] - _paused(row["attempts"]) for row in rows if row["state"] != "failed"]
        return NoticeBacklog(waiting=len(since), oldest=min(since, default=None), failed=len(rows) - len(since))

    def begin_message(self, claims: Sequence[Notice], message_id: str) -> None:
        """Note that a message about the claimed versions is being sent, so that after a crash the same one is sent again."""
        rows = [{"notice_id": item.id, "version": item.claimed, "message_id": message_id} for item in claims]
        with self.database.writing() as connection:
            for row in rows:
                connection.execute(insert(connection, sent_message).values(row).on_conflict_do_nothing())

    def begun_messages(self, claims: Sequence[Notice]) -> list[SentMessage]:
        """Messages about the claimed versions whose outcome is not known."""
        claimed = {(item.id, item.claimed) for item in claims}
        question = sa.select(sent_message).where(
            sent_message.c.notice_id.in_({number for number, _ in claimed}), sent_message.c.sent_at.is_(None)
        )
        found = [to_type(row, SentMessage) for row in self.database.rows(question.order_by(sent_message.c.id))]
        return [item for item in found if (item.notice_id, item.version) in claimed]

    def list_messages(self, notice_ids: Iterable[int]) -> list[SentMessage]:
        """Messages that were sent to the recipients of some notices, ascending."""
        question = sa.select(sent_message).where(
            sent_message.c.notice_id.in_(list(notice_ids)), sent_message.c.sent_at.is_not(None)
        )
        return [to_type(row, SentMessage) for row in self.database.rows(question.order_by(sent_message.c.sent_at))]

    def list_sent_alerts(self, channel: str = "mail") -> list[SentAlert]:
        """Alerts that messages of a channel stated, each as in its newest one, in the order in which these were sent."""
        question = sa.select(notice.c.case_id, notice.c.known, notice.c.sent_at).where(
            notice.c.channel == channel, notice.c.sent_at.is_not(None)
        )
        found: dict[tuple[str, int], SentAlert] = {}
        for row in self.database.rows(question.order_by(notice.c.sent_at, notice.c.id)):
            steps = sa.select(case_step.c.body).where(
                case_step.c.case_id == row["case_id"], case_step.c.number <= row["known"]
            )
            for stored in self.database.rows(steps.order_by(case_step.c.number)):
                for alert in msgspec.convert(stored["body"], CaseStep).alerts:
                    found[alert.alert_key, alert.begin_id] = SentAlert(alert=alert, sent_at=row["sent_at"])
        return list(found.values())

    def of_message(self, message_id: str) -> list[Notice]:
        """Notices that a message stated; several of a digest, none of an unknown one."""
        question = sa.select(notice).join(sent_message, sent_message.c.notice_id == notice.c.id)
        question = question.where(sent_message.c.message_id == message_id).order_by(notice.c.id)
        return [to_type(row, Notice) for row in self.database.rows(question)]

    def is_sent(self, message_id: str) -> bool:
        """Whether the server took a message."""
        question = sa.select(sent_message.c.id).where(
            sent_message.c.message_id == message_id, sent_message.c.sent_at.is_not(None)
        )
        return self.database.first(question.limit(1)) is not None

    def times_sent(self, recipient: str, channel: str, *, since: datetime) -> list[datetime]:
        """When messages went to a recipient after a moment, ascending, UTC."""
        question = sa.select(sa.func.min(sent_message.c.sent_at).label("sent_at"))
        question = question.join(notice, sent_message.c.notice_id == notice.c.id).where(
            notice.c.recipient == recipient, notice.c.channel == channel, sent_message.c.sent_at > since
        )
        return sorted(row["sent_at"] for row in self.database.rows(question.group_by(sent_message.c.message_id)))

    def renew(self, notice_ids: Sequence[int], worker: str, *, now: datetime, lease: timedelta = LEASE) -> bool:
        """Begin the lease of claims again; False when one of them is no longer this worker's."""
        held = sa.and_(notice.c.id.in_(notice_ids), _is_held_by(worker))
        return self.database.change(sa.update(notice).where(held).values(due_at=now + lease)) == len(notice_ids)

    def release(self, notice_id: int, worker: str, *, due_at: datetime) -> bool:
        """Give a claim back unused; no attempt is counted, and the next claim takes the newest version."""
        values = {
            "state": "pending",
            "worker": None,
            "claimed": None,
            "attempts": notice.c.attempts - 1,
            "due_at": due_at,
        }
        return (
            self.database.change(sa.update(notice).where(notice.c.id == notice_id, _is_held_by(worker)).values(values))
            == 1
        )

    def finish_sent(
        self,
        notice_id: int,
        worker: str,
        *,
        message_id: str,
        now: datetime,
        detail: str = "",
        next_at: datetime | None = None,
    ) -> bool:
        """Note that the claimed version was sent.

        Parameters
        ----------
        message_id : str
            Of the message; the first one begins the thread.
        next_at : datetime or None
            Earliest moment of the next message, where ``wanted`` rose meanwhile; None: at once.

        Returns
        -------
        bool
            False when the claim is no longer held.
        """
        is_newest = notice.c.wanted <= notice.c.claimed
        values = {
            "state": sa.case((is_newest, "sent"), else_="pending"),
            "known": notice.c.claimed,
            "claimed": None,
            "worker": None,
            "attempts": 0,
            "due_at": next_at or now,
            "first_message_id": sa.func.coalesce(notice.c.first_message_id, message_id),
            "last_message_id": message_id,
            "sent_at": now,
            "detail": detail,
        }
        held = sa.and_(notice.c.id == notice_id, _is_held_by(worker))
        with self.database.writing() as connection:
            version = connection.execute(sa.select(notice.c.claimed).where(held)).scalar()
            if version is None:
                return False
            row = {"notice_id": notice_id, "version": version, "message_id": message_id, "sent_at": now}
            statement = insert(connection, sent_message).values(row)
            key = ["message_id", "notice_id"]
            connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"sent_at": now}))
            return connection.execute(sa.update(notice).where(held).values(values)).rowcount == 1

    def finish_quiet(self, notice_id: int, worker: str, *, detail: str) -> bool:
        """Note that nothing is to be said of the claimed version; False when the claim is no longer held."""
        held = sa.and_(notice.c.id == notice_id, _is_held_by(worker))
        values = {
            "state": sa.case((notice.c.wanted <= notice.c.claimed, "sent"), else_="pending"),
            "known": notice.c.claimed,
            "claimed": None,
            "worker": None,
            "attempts": 0,
            "detail": detail,
        }
        return self.database.change(sa.update(notice).where(held).values(values)) == 1

    def finish_failed(
        self,
        notice_id: int,
        worker: str,
        *,
        now: datetime,
        detail: str,
        permanent: bool = False,
        is_uncertain: bool = False,
    ) -> bool:
        """Note that the claimed version was not sent; False when the claim is no longer held.

        Parameters
        ----------
        permanent : bool
            It will not pass: not tried again until something new happens to the case. Otherwise tried again after a pause that doubles
            from one minute to one hour, for `store.state.alerts.delivery.GIVE_UP_AFTER`.
        is_uncertain : bool
            The server may have taken the message: the same version is sent again. Otherwise the next attempt sends the newest version.
        """
        mine = sa.and_(notice.c.id == notice_id, _is_held_by(worker))
        with self.database.writing() as connection:
            attempts = connection.execute(sa.select(notice.c.attempts).where(mine)).scalar()
            if attempts is None:
                return False
            over = permanent or attempts >= MAX_ATTEMPTS
            pause = min(timedelta(minutes=2 ** min(attempts - 1, 6)), _LONGEST_PAUSE)
            values = {
                "state": "failed" if over else "pending",
                "worker": None,
                "claimed": notice.c.claimed if is_uncertain and not over else None,
                "due_at": now + pause,
                "detail": detail,
            }
            if not is_uncertain or over:
                unsent = sa.and_(sent_message.c.notice_id == notice_id, sent_message.c.sent_at.is_(None))
                connection.execute(sa.delete(sent_message).where(unsent))
            return connection.execute(sa.update(notice).where(mine).values(values)).rowcount == 1

    def hold(self, notice_id: int, detail: str) -> bool:
        """Keep a pending notice back until `resume`; False when it is not pending."""
        pending = sa.and_(notice.c.id == notice_id, notice.c.state == "pending")
        return self.database.change(sa.update(notice).where(pending).values(state="held", detail=detail)) == 1

    def resume(self, notice_id: int, *, due_at: datetime) -> bool:
        """Let a held notice go on; False when it is not held."""
        held = sa.and_(notice.c.id == notice_id, notice.c.state == "held")
        return self.database.change(sa.update(notice).where(held).values(state="pending", due_at=due_at)) == 1

    def withdraw(self, case_id: str, detail: str) -> int:
        """Ask for no more messages of a case; returns how many notices waited. One that is being sent is sent."""
        waits = sa.and_(notice.c.case_id == case_id, notice.c.state.in_(("pending", "held")))
        return self.database.change(sa.update(notice).where(waits).values(state="withdrawn", detail=detail))

    def get(self, notice_id: int) -> Notice | None:
        """One notice; None where there is none."""
        row = self.database.first(sa.select(notice).where(notice.c.id == notice_id))
        return to_type(row, Notice) if row else None

    def waiting(self, channel: str | None = None, limit: int = 1000) -> list[Notice]:
        """Notices that wait, the longest due first."""
        question = sa.select(notice).where(notice.c.state.in_((*_OPEN, "held"))).order_by(notice.c.due_at, notice.c.id)
        return [
            to_type(row, Notice)
            for row in self.database.rows(narrowed(question.limit(limit), (notice.c.channel, eq, channel)))
        ]

    def of_cases(self, case_ids: Iterable[str]) -> list[Notice]:
        """Notices of some cases, in the order in which they were first asked for."""
        question = sa.select(notice).where(notice.c.case_id.in_(list(case_ids))).order_by(notice.c.id)
        return [to_type(row, Notice) for row in self.database.rows(question)]


def add_request(connection: sa.Connection, item: NoticeRequest) -> None:
    """Store a request, in the transaction of the steps that it is of; see `NoticeStore.want`."""
    fresh = msgspec.structs.asdict(item)
    version = fresh.pop("version")
    fresh |= {"wanted": version, "known": 0, "state": "pending", "attempts": 0, "detail": ""}
    rests = notice.c.state.in_(("sent", "failed", "withdrawn"))
    is_later = sa.and_(notice.c.state == "pending", notice.c.attempts == 0, notice.c.due_at > item.due_at)
    changed = {
        "wanted": version,
        "state": sa.case((rests, "pending"), else_=notice.c.state),
        "due_at": sa.case((sa.or_(rests, is_later), item.due_at), else_=notice.c.due_at),
        "attempts": sa.case((rests, 0), else_=notice.c.attempts),
    }
    statement = insert(connection, notice).values(fresh)
    key = ["case_id", "recipient", "channel"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=changed, where=notice.c.wanted < version)
    )


def _paused(attempts: int) -> timedelta:
    """For how long a notice that was tried so often has been due at least: the pauses of `NoticeStore.finish_failed`."""
    return timedelta(minutes=sum(2 ** min(number, 6) for number in range(min(attempts, 12))))


def _is_held_by(worker: str) -> sa.ColumnElement[bool]:
    return sa.and_(notice.c.state == "claimed", notice.c.worker == worker)
