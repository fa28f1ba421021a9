"""why an alert ended, its extreme and latest value, state of the mail channel

Revision ID: 0007
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0009"
branch_labels = None
depends_on = None

_PROGRESS = ("extreme", "extreme_at", "latest", "latest_at")


def upgrade() -> None:
    op.add_column("transition", sa.Column("reason", sa.Text(), nullable=True))
    for name in _PROGRESS:
        kind = sa.DateTime(timezone=True) if name.endswith("_at") else sa.Float()
        op.add_column("alert", sa.Column(name, kind, nullable=True))
    op.create_table(
        "channel",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("alarmed_at", sa.DateTime(timezone=True), nullable=True),
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
