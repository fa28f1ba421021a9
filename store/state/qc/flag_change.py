"""History of quality control: every change of a flag, and the values of an hour before each revision.

Both are append-only. The present state is in the time-series database; `store.history` undoes later changes to answer for any
earlier moment.
"""

from __future__ import annotations

from datetime import datetime
from operator import eq, gt
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import insert, narrowed, to_type, utc_now
from store.state.table import flag_change, flag_rule, hour_revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


#: Rows of one statement, so that a year's flags are not in memory twice.
_ROWS = 20_000


class LimitSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The limit that a flag was set by, kept once by the digest of the rest; ``version`` is that of the thresholds.

    ``figures`` is plain JSON: the limit as it was, with unit, source and ``verified``; empty where the test needs none.
    """

    digest: str
    test: str
    version: str
    figures: dict[str, Any]


class FlagChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one test's flag on one value.

    Attributes
    ----------
    level : str
        ``native`` or ``hourly``.
    start : datetime
        Of the value's interval, UTC.
    end_before : datetime or None
        End of the interval of the flag before, where its record states one.
    flag, flag_before : int
        QARTOD; PASS means no flag: a change to PASS removed a flag.
    rule : str
        Digest of the rule of the run; ``version`` and ``figures`` are its own.
    recorded_at : datetime
        When it was recorded, UTC; the flag is valid from then on.
    """

    level: str
    network: str
    station_id: str
    instrument_id: str | None
    parameter: str
    test: str
    start: datetime
    flag: int
    reason: str
    flag_before: int
    reason_before: str
    rule: str
    run_id: str
    recorded_at: datetime
    version: str
    figures: dict[str, Any]
    end_before: datetime | None = None


class HourRevision(msgspec.Struct, frozen=True, kw_only=True):
    """Values of an hour of a parameter until ``recorded_at``.

    Attributes
    ----------
    revision : int
        Number of the state that was replaced, from 0.
    value : float or None
        Canonical unit; None where there was no value.
    count, flag : int
        Valid native values [1]; combined flag.
    std, completeness, uncertainty : float or None
        As the hour's companions (`schemas.frames`); None where it had none, or they were not recorded yet.
    """

    network: str
    station_id: str
    parameter: str
    hour: datetime
    revision: int
    value: float | None
    count: int
    flag: int
    run_id: str
    recorded_at: datetime
    std: float | None = None
    completeness: float | None = None
    uncertainty: float | None = None


class FlagHistoryStore(StateTables):
    """Functions on the history of flags and hours."""

    def add_changes(self, rules: Iterable[LimitSnapshot], rows: Sequence[Mapping[str, Any]]) -> None:
        """Store changes, all or none.

        Parameters
        ----------
        rules : iterable of LimitSnapshot
            Those that the rows name; known ones are left as they are.
        rows : sequence of mapping
            Fields of `FlagChange` but ``recorded_at``, ``version`` and ``figures``: plain, since a run may bring hundreds
            of thousands.
        """
        if not rows:
            return
        stated = [msgspec.structs.asdict(item) for item in rules]
        with self.database.writing() as connection:
            if stated:
                connection.execute(insert(connection, flag_rule).on_conflict_do_nothing(), stated)
            for batch in _batches(rows):
                connection.execute(sa.insert(flag_change), batch)

    def list_changes(
        self,
        *,
        start: datetime,
        end: datetime,
        station_id: str | None = None,
        parameter: str | None = None,
        recorded_after: datetime | None = None,
    ) -> list[FlagChange]:
        """Changes of flags on values that start in ``[start, end)``, in the order in which they were recorded."""
        columns = flag_change.c
        question = (
            sa.select(flag_change, flag_rule.c.version, flag_rule.c.figures)
            .join(flag_rule, flag_rule.c.digest == columns.rule)
            .where(columns.start >= start, columns.start < end)
            .order_by(columns.id)
        )
        wanted = ((columns.station_id, eq, station_id), (columns.parameter, eq, parameter))
        question = narrowed(question, *wanted, (columns.recorded_at, gt, recorded_after))
        return [to_type(row, FlagChange) for row in self.database.rows(question)]

    def add_hours(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store earlier values of hours; rows are fields of `HourRevision` but ``recorded_at``. Repeating it changes nothing."""
        if not rows:
            return
        with self.database.writing() as connection:
            for batch in _batches(rows):
                connection.execute(insert(connection, hour_revision).on_conflict_do_nothing(), batch)

    def list_hours(
        self,
        *,
        start: datetime,
        end: datetime,
        station_id: str | None = None,
        network: str | None = None,
        recorded_after: datetime | None = None,
    ) -> list[HourRevision]:
        """Earlier values of hours in ``[start, end)``, in the order in which they were replaced."""
        columns = hour_revision.c
        within = sa.select(hour_revision).where(columns.hour >= start, columns.hour < end)
        wanted = ((columns.station_id, eq, station_id), (columns.network, eq, network))
        question = narrowed(within, *wanted, (columns.recorded_at, gt, recorded_after))
        rows = self.database.rows(question.order_by(columns.revision, columns.id))
        return [to_type(row, HourRevision) for row in rows]


def _batches(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    now = utc_now()
    for first in range(0, len(rows), _ROWS):
        yield [{**row, "recorded_at": now} for row in rows[first : first + _ROWS]]
