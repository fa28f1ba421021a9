"""Cases of alerts: their steps, which case an alert belongs to, and transitions that no case has yet.

Steps are only ever added. `CaseStore.append` adds steps to one or more cases at once or not at all: of two workers that read
the same cases, the second is refused and has to read again.
"""

from __future__ import annotations

from datetime import datetime
from operator import eq, ge, lt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.alert import Severity
from schemas.alert_case import AlertCase, Audience, CaseState, CaseStep
from store.state.alerts.delivery import StoredTransition, to_stored
from store.state.alerts.notice import add_request
from store.state.database import StateTables
from store.state.statement import insert, narrowed
from store.state.table import alert_case, case_alert, case_step, transition, unassigned

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.state.alerts.notice import NoticeRequest

#: Key of the advisory lock under which steps are added (any constant of our own).
_LOCK = 0x736B7963
_COLUMNS = ("id", "state", "kind", "audience", "severity", "since", "ended_at", "version")
_SEVERITY_RANK = {Severity.CRITICAL.value: 0, Severity.WARNING.value: 1, Severity.INFO.value: 2}
_STEP_COLUMNS = ("case_id", "number", "kind", "by", "at", "recorded_at")


class CaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """Steps to add to one case.

    Attributes
    ----------
    case : AlertCase
        The case with the new steps folded in, ``steps`` holding at least the new ones.
    after : int
        Version that the worker read; 0 for a new case.
    """

    case: AlertCase
    after: int = 0


class CaseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases, and which page of them.

    Attributes
    ----------
    state, audience : CaseState or None, Audience or None
        None: all.
    since_from, since_to : datetime or None
        Begin of the case in ``[since_from, since_to)``; None: open to that side.
    offset, limit : int
        Cases before the page, and most cases of it [1].
    """

    state: CaseState | None = None
    audience: Audience | None = None
    since_from: datetime | None = None
    since_to: datetime | None = None
    offset: int = 0
    limit: int = 25


class CaseStore(StateTables):
    """Functions on cases."""

    def append(
        self,
        changes: Sequence[CaseChange],
        *,
        assigned: Iterable[int] = (),
        seen: int | None = None,
        notices: Iterable[NoticeRequest] = (),
    ) -> list[AlertCase] | None:
        """Add the steps of all changes, or none.

        Parameters
        ----------
        changes : sequence of CaseChange
            At most one of each case.
        assigned : iterable of int
            Numbers of transitions that these steps account for: they are no longer unassigned.
        seen : int or None
            `newest_step` when the worker read: any step added since by another worker refuses the change. None: only steps of the same
            cases refuse it.
        notices : iterable of NoticeRequest
            Who should know of the new steps, stored with them: no crash comes between.

        Returns
        -------
        list of AlertCase or None
            The cases as stored; None when one of them, or with ``seen`` any case, has changed since it was read.
        """
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            if seen is not None and _newest_step(connection) != seen:
                return None
            if any(_version(connection, change.case.id) != change.after for change in changes):
                return None
            for change in changes:
                _add(connection, change)
            for item in notices:
                add_request(connection, item)
            done = list(assigned)
            if done:
                connection.execute(sa.delete(unassigned).where(unassigned.c.transition_id.in_(done)))
        return [change.case for change in changes]

    def newest_step(self) -> int:
        """Number of the newest step of all cases; 0 where there is none."""
        with self.database.reading() as connection:
            return _newest_step(connection)

    def get(self, case_id: str) -> AlertCase | None:
        """One case with its steps; None where there is none."""
        row = self.database.first(sa.select(alert_case.c.body).where(alert_case.c.id == case_id))
        if row is None:
            return None
        return msgspec.structs.replace(_to_case(row), steps=tuple(self.list_steps(case_id)))

    def list_steps(self, case_id: str) -> list[CaseStep]:
        """Steps of a case, ascending."""
        question = sa.select(case_step).where(case_step.c.case_id == case_id).order_by(case_step.c.number)
        return [_to_step(row) for row in self.database.rows(question)]

    def list_open(self) -> list[AlertCase]:
        """All open cases with their steps, the youngest first, in two questions."""
        is_open = alert_case.c.state == CaseState.OPEN.value
        newest = (alert_case.c.since.desc(), alert_case.c.id.desc())
        rows = self.database.rows(sa.select(alert_case.c.body).where(is_open).order_by(*newest))
        # steps of a case that was opened between the two questions are left out
        wanted = sa.select(case_step).join_from(case_step, alert_case).where(is_open)
        steps: dict[str, list[CaseStep]] = {}
        for row in self.database.rows(wanted.order_by(case_step.c.case_id, case_step.c.number)):
            steps.setdefault(row["case_id"], []).append(_to_step(row))
        cases = [_to_case(row) for row in rows]
        return [
            msgspec.structs.replace(case, steps=tuple(item for item in steps[case.id] if item.number <= case.version))
            for case in cases
            if case.id in steps
        ]

    def list_recent(self, ended_from: datetime) -> list[AlertCase]:
        """Cases that are open or ended at or after a moment, without their steps, the oldest first."""
        is_recent = sa.or_(alert_case.c.ended_at.is_(None), alert_case.c.ended_at >= ended_from)
        question = sa.select(alert_case.c.body).where(is_recent, alert_case.c.state != CaseState.MERGED.value)
        return [_to_case(row) for row in self.database.rows(question.order_by(alert_case.c.since, alert_case.c.id))]

    def of_alert(self, alert_key: str, begin_id: int | None = None) -> AlertCase | None:
        """The case, without its steps, of the firing that a transition began; without one of the alert's newest firing."""
        question = sa.select(alert_case.c.body).join_from(case_alert, alert_case)
        question = question.where(case_alert.c.alert_key == alert_key).order_by(case_alert.c.begin_id.desc()).limit(1)
        row = self.database.first(narrowed(question, (case_alert.c.begin_id, eq, begin_id)))
        return _to_case(row) if row else None

    def list_unassigned(self, limit: int = 10_000) -> list[StoredTransition]:
        """Transitions that no case has yet, in the order in which they were stored."""
        question = sa.select(transition).join_from(unassigned, transition).order_by(transition.c.id).limit(limit)
        return [to_stored(row) for row in self.database.rows(question)]

    def page(self, query: CaseQuery) -> list[AlertCase]:
        """Cases without their steps: the open ones first, of these the gravest; then the youngest. Merged ones are left out."""
        is_over = sa.case((alert_case.c.state == CaseState.OPEN.value, 0), else_=1)
        rank = sa.case(_SEVERITY_RANK, value=alert_case.c.severity, else_=len(_SEVERITY_RANK))
        urgency = sa.case((alert_case.c.state == CaseState.OPEN.value, rank), else_=0)
        order = (is_over, urgency, alert_case.c.since.desc(), alert_case.c.id.desc())
        question = sa.select(alert_case.c.body).where(alert_case.c.state != CaseState.MERGED.value).order_by(*order)
        question = narrowed(
            question.limit(query.limit).offset(query.offset),
            (alert_case.c.state, eq, query.state),
            (alert_case.c.audience, eq, query.audience),
            (alert_case.c.since, ge, query.since_from),
            (alert_case.c.since, lt, query.since_to),
        )
        return [_to_case(row) for row in self.database.rows(question)]

    def list(
        self,
        *,
        state: CaseState | None = None,
        since_from: datetime | None = None,
        since_to: datetime | None = None,
        limit: int = 1000,
    ) -> list[AlertCase]:
        """Cases without their steps, ``since`` in ``[since_from, since_to)``, the youngest first."""
        question = sa.select(alert_case.c.body).order_by(alert_case.c.since.desc(), alert_case.c.id.desc()).limit(limit)
        question = narrowed(
            question,
            (alert_case.c.state, eq, state),
            (alert_case.c.since, ge, since_from),
            (alert_case.c.since, lt, since_to),
        )
        return [_to_case(row) for row in self.database.rows(question)]

    def count_open(self, audience: Audience | None = None) -> int:
        """Open cases [1]."""
        question = sa.select(sa.func.count()).where(alert_case.c.state == CaseState.OPEN.value)
        with self.database.reading() as connection:
            return int(connection.execute(narrowed(question, (alert_case.c.audience, eq, audience))).scalar_one())


def await_case(connection: sa.Connection, transition_id: int) -> None:
    """Note that a transition that is being stored has no case yet."""
    connection.execute(insert(connection, unassigned).values(transition_id=transition_id).on_conflict_do_nothing())


def _add(connection: sa.Connection, change: CaseChange) -> None:
    item = change.case
    body = msgspec.to_builtins(msgspec.structs.replace(item, steps=()))
    values = {name: getattr(item, name) for name in _COLUMNS} | {"body": body}
    if change.after:
        connection.execute(sa.update(alert_case).where(alert_case.c.id == item.id).values(values))
    else:
        connection.execute(sa.insert(alert_case).values(values))
    added = [step for step in item.steps if step.number > change.after]
    connection.execute(sa.insert(case_step), [_step_row(step) for step in added])
    for alert in (alert for step in added for alert in step.alerts):
        place = {"alert_key": alert.alert_key, "begin_id": alert.begin_id, "case_id": item.id}
        statement = insert(connection, case_alert).values(place)
        # of a merged case the alerts move to the older one
        moved = statement.on_conflict_do_update(index_elements=["alert_key", "begin_id"], set_={"case_id": item.id})
        connection.execute(moved)


def _step_row(step: CaseStep) -> dict[str, Any]:
    return {name: getattr(step, name) for name in _STEP_COLUMNS} | {"body": msgspec.to_builtins(step)}


def _version(connection: sa.Connection, case_id: str) -> int:
    found = connection.execute(sa.select(alert_case.c.version).where(alert_case.c.id == case_id).with_for_update())
    return int(found.scalar() or 0)


def _newest_step(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.max(case_step.c.id))).scalar() or 0)


def _to_case(row: sa.RowMapping) -> AlertCase:
    return msgspec.convert(row["body"], AlertCase)


def _to_step(row: sa.RowMapping) -> CaseStep:
    return msgspec.convert(row["body"], CaseStep)
