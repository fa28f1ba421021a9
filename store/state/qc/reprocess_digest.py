"""Digests of what a station's month was processed with, so that reprocessing skips unchanged days."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import to_type, upsert, utc_now
from store.state.table import judged_month

if TYPE_CHECKING:
    from collections.abc import Collection


class ReprocessDigest(msgspec.Struct, frozen=True, kw_only=True):
    """Digests of a station's month.

    Attributes
    ----------
    month : datetime
        Its first moment, UTC.
    rules : str
        Digest of limits and instruments.
    days : dict of str to str
        Digest of the native values by day, as ``2026-11-22``; a day that is absent was not processed.
    """

    network: str
    station_id: str
    month: datetime
    rules: str
    days: dict[str, str]
    run_id: str


class ReprocessDigestStore(StateTables):
    """Functions on digests of months."""

    def put(self, item: ReprocessDigest) -> None:
        """Store the digests of a month; they replace earlier ones."""
        values = msgspec.structs.asdict(item) | {"judged_at": utc_now()}
        with self.database.writing() as connection:
            upsert(connection, judged_month, [values])

    def get(self, network: str, station_id: str, month: datetime) -> ReprocessDigest | None:
        """Digests of a month; None: it was never processed."""
        columns = judged_month.c
        question = sa.select(judged_month).where(
            columns.network == network, columns.station_id == station_id, columns.month == month
        )
        row = self.database.first(question)
        return None if row is None else to_type(row, ReprocessDigest)

    def forget(self, network: str, stations: Collection[str], start: datetime, end: datetime) -> int:
        """Delete months that begin in ``[start, end)``, so that they are reprocessed; returns how many."""
        columns = judged_month.c
        change = sa.delete(judged_month).where(
            columns.network == network, columns.station_id.in_(stations), columns.month >= start, columns.month < end
        )
        return self.database.change(change)
