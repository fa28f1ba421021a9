"""gaps, clocks, revisions, balance sheet, findings"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "balance_sheet",
        *columns(sa.DateTime(timezone=True), "hour"),
        *columns(sa.Text(), "station_id", "instrument_id"),
        *columns(sa.JSON(), "figures"),
        *columns(sa.BigInteger(), "rest"),
        *columns(sa.DateTime(timezone=True), "settled_at"),
        sa.PrimaryKeyConstraint("hour", "station_id", "instrument_id", name=op.f("pk_balance_sheet")),
    )
    op.create_table(
        "finding",
        *columns(sa.Text(), "key", "kind"),
        *columns(sa.Text(), "station_id", "instrument_id", nullable=True),
        *columns(sa.JSON(), "facts"),
        *columns(sa.BigInteger(), "count"),
        *columns(sa.DateTime(timezone=True), "first_at", "last_at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_finding")),
    )
    op.create_index(op.f("ix_finding_kind"), "finding", ["kind"], unique=False)
    op.create_table(
        "gap",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network", "station_id", "instrument_id"),
        *columns(sa.DateTime(timezone=True), "start", "end"),
        *columns(sa.Integer(), "missing"),
        *columns(sa.Text(), "found_by"),
        *columns(sa.DateTime(timezone=True), "found_at"),
        *columns(sa.Text(), "state"),
        *columns(sa.DateTime(timezone=True), "state_at"),
        *columns(sa.Integer(), "attempts"),
        *columns(sa.DateTime(timezone=True), "due_at"),
        *columns(sa.Text(), "detail"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
        sa.UniqueConstraint(
            "station_id", "instrument_id", "start", "end", name=op.f("uq_gap_station_id_instrument_id_start_end")
        ),
    )
    op.create_index(op.f("ix_gap_state"), "gap", ["state"], unique=False)
    op.create_table(
        "instrument_state",
        *columns(sa.Text(), "station_id", "instrument_id", "network"),
        *columns(sa.BigInteger(), "last_seq", nullable=True),
        *columns(sa.DateTime(timezone=True), "last_start", "last_end", "last_received_at", nullable=True),
        *columns(sa.Float(), "skew_s", nullable=True),
        *columns(sa.Text(), "clock"),
        *columns(sa.DateTime(timezone=True), "clock_since", nullable=True),
        *columns(sa.BigInteger(), "held"),
        sa.PrimaryKeyConstraint("station_id", "instrument_id", name=op.f("pk_instrument_state")),
    )
    op.create_table(
        "reopened_hour",
        *columns(sa.Text(), "network", "station_id"),
        *columns(sa.DateTime(timezone=True), "hour"),
        *columns(sa.Text(), "reason"),
        *columns(sa.DateTime(timezone=True), "at"),
        sa.PrimaryKeyConstraint("network", "station_id", "hour", name=op.f("pk_reopened_hour")),
    )
    op.create_table(
        "revision",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network", "station_id", "instrument_id"),
        *columns(sa.DateTime(timezone=True), "first", "last", "received_at", "recorded_at"),
        *columns(sa.Text(), "origin"),
        *columns(sa.Integer(), "readings"),
        *columns(sa.JSON(), "before"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint(
            "station_id",
            "instrument_id",
            "first",
            "last",
            "received_at",
            name=op.f("uq_revision_station_id_instrument_id_first_last_received_at"),
        ),
    )
    op.create_index(
        op.f("ix_revision_station_id_instrument_id_last"),
        "revision",
        ["station_id", "instrument_id", "last"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_revision_station_id_instrument_id_last"), table_name="revision")
    op.drop_table("revision")
    op.drop_table("reopened_hour")
    op.drop_table("instrument_state")
    op.drop_index(op.f("ix_gap_state"), table_name="gap")
    op.drop_table("gap")
    op.drop_index(op.f("ix_finding_kind"), table_name="finding")
    op.drop_table("finding")
    op.drop_table("balance_sheet")
