"""reasons of flag changes as key and figures in place of English sentences"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"

_ROWS = 20_000
_SENTENCE = "{%"


def upgrade() -> None:
    from store.old_reason import upgraded

    table = sa.table("flag_change", *[sa.column(name) for name in ("id", "test", "reason", "reason_before")])
    columns = table.c
    old = sa.or_(*[(one != "") & one.not_like(_SENTENCE) for one in (columns.reason, columns.reason_before)])
    by_id = sa.update(table).where(columns.id == sa.bindparam("row"))
    change = by_id.values(reason=sa.bindparam("now"), reason_before=sa.bindparam("then"))
    connection, last = op.get_bind(), -1
    while rows := connection.execute(
        sa.select(table).where(columns.id > last, old).order_by(columns.id).limit(_ROWS)
    ).all():
        connection.execute(
            change,
            [
                {"row": row.id, "now": upgraded(row.test, row.reason), "then": upgraded(row.test, row.reason_before)}
                for row in rows
            ],
        )
        last = rows[-1].id


def downgrade() -> None:
    """Leave the reasons: an earlier version shows a text that it does not recognise as it is."""
