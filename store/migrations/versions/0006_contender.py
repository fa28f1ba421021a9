"""messages about points that more than one message is about"""

import sqlalchemy as sa
from alembic import op

from store.state.column import columns

revision = "0006"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "contender",
        *columns(sa.Text(), "station_id", "instrument_id"),
        *columns(sa.DateTime(timezone=True), "start"),
        *columns(sa.Text(), "digest", "network"),
        *columns(sa.DateTime(timezone=True), "received_at"),
        *columns(sa.Boolean(), "is_exact"),
        *columns(sa.BigInteger(), "seq", nullable=True),
        *columns(sa.Integer(), "part"),
        *columns(sa.Boolean(), "is_answer"),
        *columns(sa.JSON(), "content"),
        *columns(sa.DateTime(timezone=True), "changed_at"),
        sa.PrimaryKeyConstraint("station_id", "instrument_id", "start", "digest", name=op.f("pk_contender")),
    )
    op.create_index(op.f("ix_contender_changed_at"), "contender", ["changed_at"], unique=False)
    op.create_index(op.f("ix_contender_start"), "contender", ["start"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_contender_start"), table_name="contender")
    op.drop_index(op.f("ix_contender_changed_at"), table_name="contender")
    op.drop_table("contender")
