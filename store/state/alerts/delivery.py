"""Deliveries of alert transitions, claimed by exactly one worker.

A delivery is ``pending``, then ``claimed``, then ``sent``, ``skipped`` (with the reason why it is not mailed), ``pending``
again (after a growing pause) or ``failed``. A claim whose worker died is free again after its lease. All deliveries of
one alert are claimed together, so that one worker sees a beginning together with its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import eq
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.alert import AlertState, AlertTransition
from store.state.database import StateTables
from store.state.statement import narrowed, to_type, utc_now
from store.state.table import delivery, transition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


EMAIL = "email"
#: A mail takes seconds; a worker that has not renewed its claim for this long is dead.
LEASE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=7)
"""A failure that may pass is retried for so long: six doubling pauses, then hourly."""
MAX_ATTEMPTS = 6 + GIVE_UP_AFTER // _LONGEST_PAUSE
_OPEN = ("pending", "claimed")


class StoredTransition(msgspec.Struct, frozen=True):
    """A transition as stored."""

    id: int
    transition: AlertTransition
    recorded_at: datetime


class ClaimedTransition(msgspec.Struct, frozen=True, kw_only=True):
    """A transition claimed by this worker."""

    delivery_id: int
    transition_id: int
    channel: str
    attempt: int
    recorded_at: datetime
    transition: AlertTransition


class SentTransition(msgspec.Struct, frozen=True, kw_only=True):
    """A transition that was delivered, and when."""

    transition_id: int
    sent_at: datetime
    transition: AlertTransition


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """State of a delivery; ``state`` is pending, claimed, sent, skipped or failed."""

    id: int
    transition_id: int
    channel: str
    state: str
    worker: str | None
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    detail: str

    @property
    def is_open(self) -> bool:
        """Whether it may still be delivered."""
        return self.state in _OPEN


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries of a channel that wait, the moment the oldest was recorded, and those given up."""

    waiting: int
    oldest: datetime | None
    failed: int


class DeliveryStore(StateTables):
    """Functions on deliveries."""

    def claim(
        self, worker: str, channel: str, *, now: datetime | None = None, lease: timedelta = LEASE
    ) -> list[ClaimedTransition]:
        """Take the oldest delivery that is due and all others of its alert that no other worker holds.

        Returns
        -------
        list of ClaimedTransition
            Of one alert, oldest first; empty when nothing is due. Of several workers exactly one gets each.
        """
        now = now or utc_now()
        mine = delivery.c.channel == channel
        due = sa.and_(mine, delivery.c.state.in_(_OPEN), delivery.c.due_at <= now)
        free = sa.and_(mine, sa.or_(due, delivery.c.state == "pending"))
        joined = sa.select(transition.c.alert_key).join_from(delivery, transition)
        oldest = joined.where(due).order_by(delivery.c.due_at, delivery.c.id).limit(1)
        taken = {"state": "claimed", "worker": worker, "attempts": delivery.c.attempts + 1, "due_at": now + lease}
        with self.database.writing() as connection:
            while (alert_key := connection.execute(oldest).scalar()) is not None:
                ids = (
                    sa.select(delivery.c.id)
                    .join_from(delivery, transition)
                    .where(transition.c.alert_key == alert_key, free)
                    .order_by(delivery.c.id)
                    .with_for_update(of=delivery)
                )
                found = list(connection.execute(ids).scalars())
                # the condition again: another worker may have been faster between the two statements
                claim = sa.update(delivery).where(delivery.c.id.in_(found), free).values(taken)
                claimed = list(connection.execute(claim.returning(delivery.c.id)).scalars())
                if claimed:
                    return _claimed(connection, claimed)
        return []

    def renew(self, delivery_ids: Sequence[int], worker: str, *, now: datetime | None = None) -> bool:
        """Begin the lease of claims again; False when one of them is no longer this worker's."""
        held = sa.and_(delivery.c.id.in_(delivery_ids), delivery.c.state == "claimed", delivery.c.worker == worker)
        change = sa.update(delivery).where(held).values(due_at=(now or utc_now()) + LEASE)
        return self.database.change(change) == len(delivery_ids)

    def release(self, delivery_id: int, worker: str, due_at: datetime) -> None:
        """Give a claim back unused, to be due again at ``due_at``; no attempt is counted."""
        held = sa.and_(delivery.c.id == delivery_id, delivery.c.state == "claimed", delivery.c.worker == worker)
        values = {"state": "pending", "attempts": delivery.c.attempts - 1, "due_at": due_at}
        self.database.change(sa.update(delivery).where(held).values(values))

    def skip(self, delivery_id: int, reason: str, *, worker: str, now: datetime | None = None) -> bool:
        """Note that a claimed transition is not delivered, and why; False when the claim is no longer held."""
        return self._finish(delivery_id, {"state": "skipped", "detail": reason}, worker, now or utc_now())

    def finish(
        self,
        delivery_id: int,
        ok: bool,  # noqa: FBT001 - as the interfaces page has it
        detail: str = "",
        *,
        worker: str | None = None,
        permanent: bool = False,
        now: datetime | None = None,
    ) -> bool:
        """Note the outcome of a claimed delivery.

        Parameters
        ----------
        ok : bool
            Delivered. Otherwise it is tried again after a pause that doubles from one minute to one hour, for `GIVE_UP_AFTER`.
        worker : str or None
            When given, the claim must still be this worker's.
        permanent : bool
            The failure will not pass: not tried again.

        Returns
        -------
        bool
            False when the claim is no longer held (its lease ran out and another worker took it, or it is finished).
        """
        now = now or utc_now()
        if ok:
            return self._finish(delivery_id, {"state": "sent", "detail": detail}, worker, now)
        if permanent:
            return self._finish(delivery_id, {"state": "failed", "detail": detail}, worker, now)
        return self._finish(delivery_id, {"detail": detail}, worker, now)

    def _finish(self, delivery_id: int, outcome: dict[str, Any], worker: str | None, now: datetime) -> bool:
        """Note an outcome; one without a state is a failure that may pass."""
        mine = sa.and_(delivery.c.id == delivery_id, delivery.c.state == "claimed")
        if worker is not None:
            mine = sa.and_(mine, delivery.c.worker == worker)
        with self.database.writing() as connection:
            attempts = connection.execute(sa.select(delivery.c.attempts).where(mine)).scalar()
            if attempts is None:
                return False
            if "state" not in outcome:
                over = attempts >= MAX_ATTEMPTS
                pause = min(timedelta(minutes=2 ** min(attempts - 1, 6)), _LONGEST_PAUSE)
                outcome |= {"state": "failed" if over else "pending", "due_at": now + pause}
            outcome["finished_at"] = None if outcome["state"] == "pending" else now
            return connection.execute(sa.update(delivery).where(mine).values(outcome)).rowcount == 1

    def get(self, transition_ids: Iterable[int], channel: str) -> dict[int, Delivery]:
        """Deliveries on a channel by transition id; a transition that needs none is absent."""
        question = sa.select(delivery).where(
            delivery.c.transition_id.in_(list(transition_ids)), delivery.c.channel == channel
        )
        return {row["transition_id"]: to_type(row, Delivery) for row in self.database.rows(question)}

    def get_beginning(self, alert_key: str, end_id: int, channel: str) -> Delivery | None:
        """Delivery of the beginning that the end with this transition id belongs to; None where there is none."""
        end_at = sa.select(transition.c.at).where(transition.c.id == end_id).scalar_subquery()
        question = (
            sa.select(delivery)
            .join_from(delivery, transition)
            .where(
                transition.c.alert_key == alert_key,
                transition.c.to_state == AlertState.FIRING.value,
                transition.c.at <= end_at,
                delivery.c.channel == channel,
            )
            .order_by(transition.c.at.desc(), transition.c.id.desc())
            .limit(1)
        )
        row = self.database.first(question)
        return to_type(row, Delivery) if row else None

    def list_waiting(self, channel: str, limit: int = 1000) -> list[StoredTransition]:
        """Transitions that wait for their delivery, the longest waiting first."""
        question = (
            sa.select(transition)
            .join_from(delivery, transition)
            .where(delivery.c.channel == channel, delivery.c.state.in_(_OPEN))
            .order_by(delivery.c.id)
            .limit(limit)
        )
        return [to_stored(row) for row in self.database.rows(question)]

    def list_sent(self, channel: str = EMAIL) -> list[SentTransition]:
        """Transitions that were delivered on a channel, the latest first."""
        question = (
            sa.select(transition, delivery.c.finished_at.label("sent_at"))
            .join_from(delivery, transition)
            .where(delivery.c.channel == channel, delivery.c.state == "sent")
            .order_by(delivery.c.finished_at.desc(), delivery.c.id.desc())
        )
        return [
            SentTransition(transition_id=row["id"], sent_at=row["sent_at"], transition=to_type(row, AlertTransition))
            for row in self.database.rows(question)
        ]

    def get_backlog(self, channel: str, *, failed_since: datetime) -> Backlog:
        """What waits on a channel, and how many deliveries were given up since a moment."""
        mine = delivery.c.channel == channel
        waiting = (
            sa.select(sa.func.count(), sa.func.min(transition.c.recorded_at))
            .join_from(delivery, transition)
            .where(mine, delivery.c.state.in_(_OPEN))
        )
        failed = sa.select(sa.func.count()).where(
            mine, delivery.c.state == "failed", delivery.c.finished_at >= failed_since
        )
        with self.database.reading() as connection:
            count, oldest = connection.execute(waiting).one()
            return Backlog(waiting=count, oldest=oldest, failed=connection.execute(failed).scalar_one())

    def list(self, *, transition_id: int | None = None, state: str | None = None, limit: int = 200) -> list[Delivery]:
        """Deliveries, newest first."""
        question = sa.select(delivery).order_by(delivery.c.id.desc()).limit(limit)
        question = narrowed(question, (delivery.c.transition_id, eq, transition_id), (delivery.c.state, eq, state))
        return [to_type(row, Delivery) for row in self.database.rows(question)]


def to_stored(row: sa.RowMapping) -> StoredTransition:
    """A transition out of a row of its table."""
    return StoredTransition(row["id"], to_type(row, AlertTransition), row["recorded_at"])


def enqueue(connection: sa.Connection, transition_id: int, channels: Sequence[str], now: datetime) -> None:
    """Add the deliveries of a transition that is being stored."""
    for channel in channels:
        row = {
            "transition_id": transition_id,
            "channel": channel,
            "state": "pending",
            "attempts": 0,
            "due_at": now,
            "detail": "",
        }
        connection.execute(sa.insert(delivery).values(row))


def _claimed(connection: sa.Connection, delivery_ids: Sequence[int]) -> list[ClaimedTransition]:
    question = (
        sa.select(transition, delivery.c.id.label("delivery_id"), delivery.c.channel, delivery.c.attempts)
        .join_from(delivery, transition)
        .where(delivery.c.id.in_(delivery_ids))
        .order_by(transition.c.at, transition.c.id)
    )
    return [
        ClaimedTransition(
            delivery_id=row["delivery_id"],
            transition_id=row["id"],
            channel=row["channel"],
            attempt=row["attempts"],
            recorded_at=row["recorded_at"],
            transition=to_type(row, AlertTransition),
        )
        for row in connection.execute(question).mappings()
    ]
