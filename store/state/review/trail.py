"""The audit trail of reviews as a chain: each record has the digest of the one before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store.state.table import review_record

if TYPE_CHECKING:
    from collections.abc import Sequence


FIRST_PREVIOUS = "0" * 64


def append(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add records to the end of the chain."""
    newest = sa.select(review_record.c.position, review_record.c.digest).order_by(review_record.c.position.desc())
    last = connection.execute(newest.limit(1)).first()
    position, previous = (0, FIRST_PREVIOUS) if last is None else (int(last[0]), str(last[1]))
    chained = []
    empty = dict.fromkeys(column.name for column in review_record.columns)
    for row in rows:
        position += 1
        full = {**empty, **row, "position": position, "previous": previous}
        previous = digest_of(full)
        chained.append({**full, "digest": previous})
    if chained:
        connection.execute(sa.insert(review_record), chained)


def digest_of(row: sa.RowMapping | dict[str, Any]) -> str:
    """SHA-256 of all fields of a record that are given, the digest of the one before included."""
    given = {
        column.name: _plain(row[column.name])
        for column in review_record.columns
        if column.name != "digest" and row[column.name] is not None
    }
    text = json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def fault_of(row: sa.RowMapping, position: int, previous: str) -> str:
    """The inconsistency of a record at its position; empty: none."""
    if row["position"] != position:
        return f"record {position} is missing, {row['position']} follows"
    if row["previous"] != previous:
        return f"record {position} does not follow the one before"
    if row["digest"] != digest_of(row):
        return f"record {position} was changed after it was written"
    return ""
