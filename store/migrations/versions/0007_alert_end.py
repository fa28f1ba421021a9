"""why an alert ended, its extreme and latest value, state of the mail channel"""

import sqlalchemy as sa
from alembic import op

from store.state.column import columns

revision = "0007"
down_revision = "0009"

_PROGRESS = ("extreme", "extreme_at", "latest", "latest_at")


def upgrade() -> None:
    op.add_column("transition", sa.Column("reason", sa.Text(), nullable=True))
    for name in _PROGRESS:
        kind = sa.DateTime(timezone=True) if name.endswith("_at") else sa.Float()
        op.add_column("alert", sa.Column(name, kind, nullable=True))
    op.create_table(
        "channel",
        *columns(sa.Text(), "name"),
        *columns(sa.Boolean(), "ok"),
        *columns(sa.DateTime(timezone=True), "since", "checked_at"),
        *columns(sa.BigInteger(), "failures"),
        *columns(sa.Text(), "detail"),
        *columns(sa.DateTime(timezone=True), "alarmed_at", nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channel")),
    )
    op.execute("UPDATE delivery SET state = 'skipped' WHERE state = 'sent' AND detail LIKE 'not mailed:%'")


def downgrade() -> None:
    op.execute("UPDATE delivery SET state = 'sent' WHERE state = 'skipped'")
    op.drop_table("channel")
    with op.batch_alter_table("alert") as table:
        for name in _PROGRESS:
            table.drop_column(name)
    with op.batch_alter_table("transition") as table:
        table.drop_column("reason")
