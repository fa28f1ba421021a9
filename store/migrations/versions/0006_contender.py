"""messages about points that more than one message is about

Revision ID: 0006
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contender",
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("is_answer", sa.Boolean(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "instrument_id", "start", "digest", name=op.f("pk_contender")),
    )
    op.create_index(op.f("ix_contender_changed_at"), "contender", ["changed_at"], unique=False)
    op.create_index(op.f("ix_contender_start"), "contender", ["start"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_contender_start"), table_name="contender")
    op.drop_index(op.f("ix_contender_changed_at"), table_name="contender")
    op.drop_table("contender")
