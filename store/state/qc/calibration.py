"""Results of calibration checks, their outcomes, and decisions to correct a drift."""

from __future__ import annotations

from datetime import datetime
from operator import eq, ge, lt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from schemas.calibration import CheckKind, CheckOutcome, CheckResult, Correction
from store.error import StateError
from store.state.database import StateTables
from store.state.qc.revision import ReopenedHour, ReopenReason, reopen
from store.state.statement import in_order, insert, narrowed, utc_now
from store.state.table import calibration, correction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class StoredCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A result with its number and the receipt of its message; ``outcome`` is None until it is evaluated.

    The drift of zero, span and flow is in [%], that of a target gas in the canonical unit.
    """

    id: int
    result: CheckResult
    received_at: datetime
    outcome: CheckOutcome | None
    drift: float | None


class StoredCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its number, and who reverted it, when and why (None: it is in force)."""

    id: int
    correction: Correction
    recorded_at: datetime
    reverted_by: str | None
    reverted_why: str | None
    reverted_at: datetime | None


class OverlapError(StateError):
    """A correction in force already covers part of the time; the message names it."""


class CalibrationStore(StateTables):
    """Functions on calibration results and corrections."""

    def add_checks(self, results: Iterable[CheckResult], received_at: datetime) -> None:
        """Store results; the same result again changes nothing."""
        now = utc_now()
        rows = [
            msgspec.structs.asdict(item) | {"kind": item.kind.value, "received_at": received_at, "recorded_at": now}
            for item in results
        ]
        if rows:
            with self.database.writing() as connection:
                connection.execute(insert(connection, calibration).on_conflict_do_nothing(), rows)

    def list_checks(  # noqa: PLR0913 - one filter a column
        self,
        *,
        network: str | None = None,
        station_id: str | None = None,
        instrument_id: str | None = None,
        parameter: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> list[StoredCheck]:
        """Results in ``[start, end)``, in order of time; with ``limit`` the newest so many, newest first."""
        question = narrowed(
            in_order(sa.select(calibration), calibration.c.at, calibration.c.id, limit=limit),
            (calibration.c.network, eq, network),
            (calibration.c.station_id, eq, station_id),
            (calibration.c.instrument_id, eq, instrument_id),
            (calibration.c.parameter, eq, parameter),
            (calibration.c.at, ge, start),
            (calibration.c.at, lt, end),
        )
        return [_to_check(row) for row in self.database.rows(question)]

    def get_check(self, check_id: int) -> StoredCheck | None:
        """One result, or None."""
        row = self.database.first(sa.select(calibration).where(calibration.c.id == check_id))
        return _to_check(row) if row else None

    def list_new_checks(self, network: str) -> list[StoredCheck]:
        """Results without an outcome, in order of time."""
        question = sa.select(calibration).where(calibration.c.network == network, calibration.c.outcome.is_(None))
        rows = self.database.rows(question.order_by(calibration.c.at, calibration.c.id))
        return [_to_check(row) for row in rows]

    def list_last_checks(self, network: str, before: datetime) -> list[StoredCheck]:
        """The last result of each instrument, parameter, kind and gas before a moment, in order of time."""
        key = [calibration.c[name] for name in ("station_id", "instrument_id", "parameter", "kind", "gas")]
        chosen = sa.select(*key, sa.func.max(calibration.c.at).label("at"))
        latest = (
            chosen.where(calibration.c.network == network, calibration.c.at < before).group_by(*key).subquery("latest")
        )
        same = [column == latest.c[column.name] for column in [*key, calibration.c.at]]
        question = sa.select(calibration).join(latest, sa.and_(*same)).where(calibration.c.network == network)
        rows = self.database.rows(question.order_by(calibration.c.at, calibration.c.id))
        return [_to_check(row) for row in rows]

    def note_outcomes(
        self,
        outcomes: Mapping[int, tuple[CheckOutcome, float | None]],
        reopened: Iterable[tuple[str, str, datetime]],
        now: datetime,
    ) -> None:
        """Store the outcomes of checks at ``now`` and re-open the hours (network, station, start); all or none."""
        change = sa.update(calibration).where(calibration.c.id == sa.bindparam("check_id"))
        rows = [
            {"check_id": number, "outcome": outcome.value, "drift": drift, "judged_at": now}
            for number, (outcome, drift) in outcomes.items()
        ]
        with self.database.writing() as connection:
            if rows:
                connection.execute(change, rows)
            _reopen(connection, reopened, ReopenReason.CALIBRATION, now)

    def add_correction(self, decision: Correction, reopened: Iterable[tuple[str, str, datetime]]) -> int:
        """Record a decision and re-open its hours; returns its number.

        Raises
        ------
        OverlapError
            One in force covers part of the same time.
        """
        now = utc_now()
        with self.database.writing() as connection:
            same = sa.and_(
                *(
                    correction.c[name] == getattr(decision, name)
                    for name in ("network", "station_id", "instrument_id", "parameter")
                ),
                correction.c.reverted_at.is_(None),
                correction.c.start < decision.end,
                correction.c.end > decision.start,
            )
            other = connection.execute(sa.select(correction.c.id).where(same)).scalar()
            if other is not None:
                msg = f"correction {other} already covers part of that time; revert it first"
                raise OverlapError(msg)
            values = msgspec.structs.asdict(decision) | {"recorded_at": now}
            number = connection.execute(sa.insert(correction).values(values)).inserted_primary_key
            _reopen(connection, reopened, ReopenReason.CORRECTION, now)
        return int(number[0]) if number else 0

    def revert_correction(self, number: int, who: str, why: str, reopened: Iterable[tuple[str, str, datetime]]) -> bool:
        """Revert a decision, which stays on record; False where it is not in force."""
        now = utc_now()
        change = sa.update(correction).where(correction.c.id == number, correction.c.reverted_at.is_(None))
        with self.database.writing() as connection:
            done = connection.execute(change.values(reverted_by=who, reverted_why=why, reverted_at=now)).rowcount
            if done:
                _reopen(connection, reopened, ReopenReason.CORRECTION, now)
        return bool(done)

    def list_corrections(
        self,
        *,
        network: str | None = None,
        station_id: str | None = None,
        parameter: str | None = None,
        only_active: bool = False,
        limit: int | None = None,
    ) -> list[StoredCorrection]:
        """Decisions in the order in which they were taken; with ``limit`` the newest so many, newest first."""
        question = in_order(sa.select(correction), correction.c.id, limit=limit)
        place = ((correction.c.network, eq, network), (correction.c.station_id, eq, station_id))
        question = narrowed(question, *place, (correction.c.parameter, eq, parameter))
        if only_active:
            question = question.where(correction.c.reverted_at.is_(None))
        return [_to_correction(row) for row in self.database.rows(question)]


def _reopen(
    connection: sa.Connection, hours: Iterable[tuple[str, str, datetime]], reason: ReopenReason, at: datetime
) -> None:
    reopen(connection, (ReopenedHour(*hour, reason, at) for hour in set(hours)))


def _to_check(row: sa.RowMapping) -> StoredCheck:
    known: dict[str, Any] = {name: row[name] for name in CheckResult.__struct_fields__}
    return StoredCheck(
        id=row["id"],
        result=CheckResult(**{**known, "kind": CheckKind(row["kind"])}),
        received_at=row["received_at"],
        outcome=None if row["outcome"] is None else CheckOutcome(row["outcome"]),
        drift=row["drift"],
    )


def _to_correction(row: sa.RowMapping) -> StoredCorrection:
    return StoredCorrection(
        id=row["id"],
        correction=Correction(**{name: row[name] for name in Correction.__struct_fields__}),
        **{name: row[name] for name in ("recorded_at", "reverted_by", "reverted_why", "reverted_at")},
    )
