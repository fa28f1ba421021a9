"""Expiry of the oldest entries of the quarantine when a bound is reached; they are counted."""

from __future__ import annotations

import sqlalchemy as sa

from store.state.statement import insert, utc_now
from store.state.table import quarantine, quarantine_expired, quarantine_message

QUESTION_ROWS = 500
"""Digests of one question."""


def expire_items(connection: sa.Connection, limit: int) -> None:
    """Delete the oldest items where there are more than ``limit``, and count them."""
    # ids only grow, so their span bounds the number from above without counting
    oldest, newest = connection.execute(sa.select(sa.func.min(quarantine.c.id), sa.func.max(quarantine.c.id))).one()
    if newest is None or newest - oldest < limit:
        return
    delete_counted(connection, quarantine.c.id <= newest - limit)


def first_kept_message(connection: sa.Connection, limit_bytes: int) -> int | None:
    """Id of the oldest message that fits into the bound with all newer ones; None where all do."""
    columns = (quarantine_message.c.id, sa.func.length(quarantine_message.c.payload))
    total, kept = 0, None
    for message_id, size in connection.execute(sa.select(*columns).order_by(quarantine_message.c.id.desc())):
        total += size
        if total > limit_bytes:
            return kept
        kept = message_id
    return None


def delete_counted(connection: sa.Connection, doomed: sa.ColumnElement[bool]) -> None:
    """Delete entries, count them by reason, and delete messages that no entry needs."""
    now = utc_now()
    for reason, count in connection.execute(
        sa.select(quarantine.c.reason, sa.func.count()).where(doomed).group_by(quarantine.c.reason)
    ).all():
        statement = insert(connection, quarantine_expired).values(reason=reason, count=count, last_at=now)
        raised = {"count": quarantine_expired.c.count + statement.excluded["count"], "last_at": now}
        connection.execute(statement.on_conflict_do_update(index_elements=["reason"], set_=raised))
    connection.execute(sa.delete(quarantine).where(doomed))
    held = sa.select(quarantine.c.message_id).where(quarantine.c.message_id == quarantine_message.c.id).exists()
    connection.execute(sa.delete(quarantine_message).where(~held))
