"""Alerts: transitions, the present state of every alert, deliveries with an atomic claim, acknowledgements.

A delivery is ``pending``, then ``claimed`` by exactly one worker, then ``sent``, ``pending`` again (with a growing pause) or
``failed``. A claim whose worker died is free again after its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.alert import AlertState, AlertTransition
from store.error import StateError
from store.state.database import StateBase, insert, to_type, utc_now
from store.state.table import acknowledgement, alert, delivery, transition

if TYPE_CHECKING:
    from collections.abc import Sequence

EMAIL = "email"
#: A mail takes seconds; a worker that has held a delivery for this long is dead.
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
_LONGEST_PAUSE = timedelta(hours=1)
_FIELDS = AlertTransition.__struct_fields__


class StoredTransition(msgspec.Struct, frozen=True):
    """A transition as stored."""

    id: int
    transition: AlertTransition
    recorded_at: datetime


class AlertStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Present state of one alert: its newest transition, and who has taken it since."""

    alert_key: str
    state: AlertState
    transition_id: int
    transition: AlertTransition
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str | None = None


class ClaimedTransition(msgspec.Struct, frozen=True, kw_only=True):
    """A transition that this worker, and no other, is to deliver."""

    delivery_id: int
    transition_id: int
    channel: str
    attempt: int
    transition: AlertTransition


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery; ``state`` is pending, claimed, sent or failed."""

    id: int
    transition_id: int
    channel: str
    state: str
    worker: str | None
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    detail: str


class AlertStore(StateBase):
    """Functions on alerts."""

    def save_transition(self, change: AlertTransition, channels: Sequence[str] | None = None) -> int:
        """Store a transition, the alert's new state and the deliveries it needs, all or nothing; returns its id.

        The same transition again (a task that is run twice) changes nothing and returns the first id.

        Parameters
        ----------
        change : AlertTransition
        channels : sequence of str or None
            Where it is to be delivered; None: by email when an alert begins or stops firing.
        """
        if channels is None:
            channels = (EMAIL,) if AlertState.FIRING in (change.from_state, change.to_state) else ()
        now = utc_now()
        values = msgspec.to_builtins(change, builtin_types=(datetime,)) | {"recorded_at": now}
        with self._writing() as connection:
            stored = insert(connection, transition).values(values).on_conflict_do_nothing().returning(transition.c.id)
            transition_id = connection.execute(stored).scalar()
            if transition_id is None:
                return int(connection.execute(sa.select(transition.c.id).where(_same(change))).scalar_one())
            _set_state(connection, change, transition_id)
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
        return int(transition_id)

    def get_alert_states(self) -> dict[str, AlertStatus]:
        """Present state of every alert that ever changed, by alert key."""
        question = sa.select(transition, alert).join_from(alert, transition, alert.c.transition_id == transition.c.id)
        with self._reading() as connection:
            rows = connection.execute(question.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL)).mappings().all()
        return {row["alert_alert_key"]: _to_status(row) for row in rows}

    def list_transitions(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        alert_key: str | None = None,
        station_id: str | None = None,
        limit: int = 10_000,
    ) -> list[StoredTransition]:
        """Transitions with ``at`` in ``[start, end)``, newest first."""
        question = sa.select(transition).order_by(transition.c.at.desc(), transition.c.id.desc()).limit(limit)
        if start is not None:
            question = question.where(transition.c.at >= start)
        if end is not None:
            question = question.where(transition.c.at < end)
        for column, value in ((transition.c.alert_key, alert_key), (transition.c.station_id, station_id)):
            if value is not None:
                question = question.where(column == value)
        with self._reading() as connection:
            rows = connection.execute(question).mappings().all()
        return [StoredTransition(row["id"], _to_transition(row), row["recorded_at"]) for row in rows]

    def claim_delivery(
        self, worker: str, channel: str, *, now: datetime | None = None, lease: timedelta = LEASE
    ) -> ClaimedTransition | None:
        """Take the oldest delivery that is due; None when there is none. Of several workers exactly one gets it."""
        now = now or utc_now()
        free = sa.and_(
            delivery.c.channel == channel, delivery.c.state.in_(("pending", "claimed")), delivery.c.due_at <= now
        )
        oldest = sa.select(delivery.c.id).where(free).order_by(delivery.c.due_at, delivery.c.id).limit(1)
        taken = {"state": "claimed", "worker": worker, "attempts": delivery.c.attempts + 1, "due_at": now + lease}
        with self._writing() as connection:
            while (delivery_id := connection.execute(oldest).scalar()) is not None:
                # the condition again: another worker may have been faster between the two statements
                if (
                    connection.execute(
                        sa.update(delivery).where(delivery.c.id == delivery_id, free).values(taken)
                    ).rowcount
                    == 1
                ):
                    return _claimed(connection, delivery_id)
        return None

    def finish_delivery(
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
            Delivered. Otherwise it is tried again after a pause that doubles from one minute to one hour, up to `MAX_ATTEMPTS`.
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
        mine = sa.and_(delivery.c.id == delivery_id, delivery.c.state == "claimed")
        if worker is not None:
            mine = sa.and_(mine, delivery.c.worker == worker)
        with self._writing() as connection:
            attempts = connection.execute(sa.select(delivery.c.attempts).where(mine)).scalar()
            if attempts is None:
                return False
            outcome: dict[str, Any] = {"detail": detail, "finished_at": now, "state": "sent"}
            if not ok:
                over = permanent or attempts >= MAX_ATTEMPTS
                pause = min(timedelta(minutes=2 ** (attempts - 1)), _LONGEST_PAUSE)
                outcome |= {
                    "state": "failed" if over else "pending",
                    "due_at": now + pause,
                    "finished_at": now if over else None,
                }
            return connection.execute(sa.update(delivery).where(mine).values(outcome)).rowcount == 1

    def list_deliveries(
        self, *, transition_id: int | None = None, state: str | None = None, limit: int = 200
    ) -> list[Delivery]:
        """Deliveries, newest first."""
        question = sa.select(delivery).order_by(delivery.c.id.desc()).limit(limit)
        if transition_id is not None:
            question = question.where(delivery.c.transition_id == transition_id)
        if state is not None:
            question = question.where(delivery.c.state == state)
        with self._reading() as connection:
            return [to_type(row, Delivery) for row in connection.execute(question).mappings()]

    def acknowledge(self, alert_key: str, who: str, note: str = "", *, now: datetime | None = None) -> None:
        """Note that somebody has taken an alert; earlier acknowledgements stay on record.

        Raises
        ------
        StateError
            No such alert.
        """
        now = now or utc_now()
        taken = {"acknowledged_by": who, "acknowledged_at": now, "note": note}
        change = sa.update(alert).where(alert.c.alert_key == alert_key).values(taken).returning(alert.c.transition_id)
        with self._writing() as connection:
            transition_id = connection.execute(change).scalar()
            if transition_id is None:
                msg = f"there is no alert {alert_key!r}"
                raise StateError(msg)
            record = {"alert_key": alert_key, "transition_id": transition_id, "who": who, "note": note, "at": now}
            connection.execute(sa.insert(acknowledgement).values(record))


def _set_state(connection: sa.Connection, change: AlertTransition, transition_id: int) -> None:
    """Make a transition the alert's newest, unless a later one is known; a new state has not been acknowledged by anybody."""
    values = {
        "alert_key": change.alert_key,
        "state": str(change.to_state),
        "transition_id": transition_id,
        "at": change.at,
    }
    fresh = values | {"acknowledged_by": None, "acknowledged_at": None, "note": None}
    statement = insert(connection, alert).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["alert_key"], set_=fresh, where=alert.c.at <= change.at)
    )


def _same(change: AlertTransition) -> sa.ColumnElement[bool]:
    return sa.and_(
        transition.c.alert_key == change.alert_key,
        transition.c.at == change.at,
        transition.c.from_state == str(change.from_state),
        transition.c.to_state == str(change.to_state),
    )


def _claimed(connection: sa.Connection, delivery_id: int) -> ClaimedTransition:
    question = (
        sa.select(transition, delivery.c.channel, delivery.c.attempts)
        .join_from(delivery, transition)
        .where(delivery.c.id == delivery_id)
    )
    row = connection.execute(question).mappings().one()
    return ClaimedTransition(
        delivery_id=delivery_id,
        transition_id=row["id"],
        channel=row["channel"],
        attempt=row["attempts"],
        transition=_to_transition(row),
    )


def _to_transition(row: sa.RowMapping, prefix: str = "") -> AlertTransition:
    return msgspec.convert({name: row[prefix + name] for name in _FIELDS}, AlertTransition)


def _to_status(row: sa.RowMapping) -> AlertStatus:
    return AlertStatus(
        alert_key=row["alert_alert_key"],
        state=AlertState(row["alert_state"]),
        transition_id=row["alert_transition_id"],
        transition=_to_transition(row, "transition_"),
        acknowledged_by=row["alert_acknowledged_by"],
        acknowledged_at=row["alert_acknowledged_at"],
        note=row["alert_note"],
    )
