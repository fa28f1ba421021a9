"""Alerts: transitions, present state and extremes of every alert, acknowledgements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import eq, ge, gt, lt

import msgspec
import sqlalchemy as sa

from schemas.alert import AlertState, AlertTransition
from schemas.moment import stored_moment
from store.error import StateError
from store.state.alerts.case import await_case
from store.state.alerts.delivery import StoredTransition, enqueue, to_stored
from store.state.database import LARGEST_ID, StateTables
from store.state.statement import insert, narrowed, utc_now
from store.state.table import acknowledgement, alert, transition

Follow = Callable[[AlertTransition, int | None], int | None]
"""`AlertStore.follow`."""
_FIELDS = AlertTransition.__struct_fields__
_PROGRESS = ("extreme", "extreme_at", "latest", "latest_at")


class AlertProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Extreme and latest value of an open alert, in the unit of its transition.

    Attributes
    ----------
    extreme, extreme_at : float, datetime
        Most extreme value since it began, and the start of its interval.
    latest, latest_at : float, datetime
        Newest value, and the end of its interval.
    """

    extreme: float | None = None
    extreme_at: datetime | None = None
    latest: float | None = None
    latest_at: datetime | None = None


class AlertStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Present state of one alert: newest transition, extremes, acknowledgement."""

    alert_key: str
    state: AlertState
    transition_id: int
    transition: AlertTransition
    recorded_at: datetime
    progress: AlertProgress = AlertProgress()
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str | None = None


class AlertStore(StateTables):
    """Functions on alerts."""

    def save(self, change: AlertTransition, channels: Sequence[str] | None = None) -> int:
        """Store a transition, the alert's new state and the deliveries it needs, all or nothing; returns its id.

        The same transition again (a task that is run twice) changes nothing and returns the first id.

        Parameters
        ----------
        change : AlertTransition
        channels : sequence of str or None
            Where it is to be delivered; None: by email when an alert begins or stops firing.
        """
        with self.database.writing() as connection:
            return _save(connection, change, channels)

    def follow(self, change: AlertTransition, after: int | None) -> int | None:
        """Store a transition as `save` does, but only as the successor of ``after``.

        Of two workers that evaluated an alert in the same state only one stores its transition.

        Parameters
        ----------
        after : int or None
            Id of the alert's newest transition at the evaluation; None: there was none.

        Returns
        -------
        int or None
            None when the alert has changed since.
        """
        with self.together() as follow:
            return follow(change, after)

    @contextmanager
    def together(self) -> Iterator[Follow]:
        """`follow` for several transitions, of which other workers see all or none; one that raises is left out, and the others are stored."""
        with self.database.writing() as connection:

            def follow(change: AlertTransition, after: int | None) -> int | None:
                newest = sa.select(alert.c.transition_id).where(alert.c.alert_key == change.alert_key)
                if connection.execute(newest.with_for_update()).scalar() != after:
                    return None
                with connection.begin_nested():
                    return _save(connection, change, None)

            yield follow

    def note_progress(self, progress: Mapping[int, AlertProgress]) -> None:
        """Record extremes of open alerts by the id of their newest transition.

        Skipped is an alert that changed since, or of which another evaluator has noted a newer value.
        """
        if not progress:
            return
        with self.database.writing() as connection:
            for transition_id, item in progress.items():
                values = msgspec.structs.asdict(item)
                change = sa.update(alert).where(alert.c.transition_id == transition_id).values(values)
                if item.latest_at is not None:
                    change = change.where(sa.or_(alert.c.latest_at.is_(None), alert.c.latest_at <= item.latest_at))
                connection.execute(change)

    def get_states(
        self, *, after: int = 0, keys: Collection[str] | None = None, open_or: Collection[str] | None = None
    ) -> dict[str, AlertStatus]:
        """Present state of alerts, by alert key: of every alert that ever changed, unless told otherwise.

        Parameters
        ----------
        after : int
            Of alerts whose newest transition has an id above it.
        keys : collection of str or None
            Of these alerts only.
        open_or : collection of str or None
            Of alerts that are pending or firing, and of these.
        """
        question = sa.select(transition, alert).join_from(alert, transition, alert.c.transition_id == transition.c.id)
        if after:
            question = question.where(alert.c.transition_id > after)
        if keys is not None:
            question = question.where(alert.c.alert_key.in_(list(keys)))
        if open_or is not None:
            is_open = alert.c.state != AlertState.OK.value
            question = question.where(sa.or_(is_open, alert.c.alert_key.in_(list(open_or))))
        rows = self.database.rows(question.set_label_style(sa.LABEL_STYLE_TABLENAME_PLUS_COL))
        return {row["alert_alert_key"]: _to_status(row) for row in rows}

    def newest_id(self) -> int:
        """Id of the transition that was stored last; 0: none."""
        row = self.database.first(sa.select(sa.func.max(transition.c.id).label("newest")))
        return int(row["newest"] or 0) if row else 0

    def get(self, transition_id: int) -> StoredTransition | None:
        """One transition; None where there is none."""
        if not 0 < transition_id <= LARGEST_ID:
            return None
        row = self.database.first(sa.select(transition).where(transition.c.id == transition_id))
        return to_stored(row) if row else None

    def list_ends(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        stations: Sequence[str] = (),
        before: int | None = None,
        limit: int = 200,
    ) -> list[StoredTransition]:
        """Returns to OK of alerts that were open at any time in ``[start, end)``, latest first, a page at a time.

        Parameters
        ----------
        stations : sequence of str
            Empty: all.
        before : int or None
            Id of the last end of the page before this one.
        """
        place = sa.tuple_(transition.c.at, transition.c.id)
        ended = sa.select(transition).where(transition.c.to_state == AlertState.OK.value)
        question = narrowed(ended, (transition.c.at, gt, start), (transition.c.since, lt, end))
        if stations:
            question = question.where(transition.c.station_id.in_(stations))
        if before is not None:
            seen = sa.select(transition.c.at, transition.c.id).where(transition.c.id == before).scalar_subquery()
            question = question.where(place < seen)
        question = question.order_by(transition.c.at.desc(), transition.c.id.desc()).limit(limit)
        return [to_stored(row) for row in self.database.rows(question)]

    def list_steps(self, spans: Mapping[str, tuple[datetime, datetime]]) -> list[StoredTransition]:
        """Transitions of several alerts, by alert key each within ``[first, last]``."""
        if not spans:
            return []
        first, last = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
        question = sa.select(transition).where(
            transition.c.alert_key.in_(list(spans)), transition.c.at >= first, transition.c.at <= last
        )
        found = [to_stored(row) for row in self.database.rows(question)]
        return [item for item in found if _is_within(item.transition.at, spans[item.transition.alert_key])]

    def acknowledge(self, alert_key: str, who: str, note: str = "", *, now: datetime | None = None) -> None:
        """Record an acknowledgement; earlier ones stay on record.

        Raises
        ------
        StateError
            No such alert.
        """
        now = now or utc_now()
        taken = {"acknowledged_by": who, "acknowledged_at": now, "note": note}
        change = sa.update(alert).where(alert.c.alert_key == alert_key).values(taken).returning(alert.c.transition_id)
        with self.database.writing() as connection:
            transition_id = connection.execute(change).scalar()
            if transition_id is None:
                msg = f"there is no alert {alert_key!r}"
                raise StateError(msg)
            record = {"alert_key": alert_key, "transition_id": transition_id, "who": who, "note": note, "at": now}
            connection.execute(sa.insert(acknowledgement).values(record))

    def list(
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
        wanted = ((transition.c.alert_key, eq, alert_key), (transition.c.station_id, eq, station_id))
        question = narrowed(question, (transition.c.at, ge, start), (transition.c.at, lt, end), *wanted)
        return [to_stored(row) for row in self.database.rows(question)]


def _is_within(moment: datetime, span: tuple[datetime, datetime]) -> bool:
    return span[0] <= moment <= span[1]


def _save(connection: sa.Connection, change: AlertTransition, channels: Sequence[str] | None) -> int:
    now = utc_now()
    values = msgspec.to_builtins(change, builtin_types=(datetime,)) | {"recorded_at": now}
    stored = insert(connection, transition).values(values).on_conflict_do_nothing().returning(transition.c.id)
    transition_id = connection.execute(stored).scalar()
    if transition_id is None:
        return int(connection.execute(sa.select(transition.c.id).where(_same(change))).scalar_one())
    _set_state(connection, change, transition_id)
    enqueue(connection, transition_id, channels or (), now)
    if AlertState.FIRING in (change.from_state, change.to_state):
        await_case(connection, transition_id)
    return int(transition_id)


def _set_state(connection: sa.Connection, change: AlertTransition, transition_id: int) -> None:
    """Make a transition the alert's newest, unless a later one is known; a new state is not acknowledged."""
    values = {
        "alert_key": change.alert_key,
        "state": str(change.to_state),
        "transition_id": transition_id,
        "at": change.at,
        **msgspec.structs.asdict(_progress_of(change)),
    }
    fresh = values | {"acknowledged_by": None, "acknowledged_at": None, "note": None}
    statement = insert(connection, alert).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["alert_key"], set_=fresh, where=alert.c.at <= change.at)
    )


def _progress_of(change: AlertTransition) -> AlertProgress:
    extreme, extreme_at = change.evidence.get("extreme"), change.evidence.get("extreme_at")
    return AlertProgress(
        extreme=float(extreme) if isinstance(extreme, (int, float)) else change.value,
        extreme_at=stored_moment(extreme_at),
        latest=change.value,
        latest_at=change.at,
    )


def _same(change: AlertTransition) -> sa.ColumnElement[bool]:
    return sa.and_(
        transition.c.alert_key == change.alert_key,
        transition.c.at == change.at,
        transition.c.from_state == str(change.from_state),
        transition.c.to_state == str(change.to_state),
    )


def _to_status(row: sa.RowMapping) -> AlertStatus:
    return AlertStatus(
        alert_key=row["alert_alert_key"],
        state=AlertState(row["alert_state"]),
        transition_id=row["alert_transition_id"],
        transition=msgspec.convert({name: row[f"transition_{name}"] for name in _FIELDS}, AlertTransition),
        recorded_at=row["transition_recorded_at"],
        progress=AlertProgress(**{name: row[f"alert_{name}"] for name in _PROGRESS}),
        acknowledged_by=row["alert_acknowledged_by"],
        acknowledged_at=row["alert_acknowledged_at"],
        note=row["alert_note"],
    )
