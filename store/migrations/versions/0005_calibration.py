"""calibration results, corrections

Revision ID: 0005
Revises: 0004_review
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004_review"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calibration",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Float(), nullable=False),
        sa.Column("response", sa.Float(), nullable=False),
        sa.Column("gas", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("drift", sa.Float(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sa.UniqueConstraint(
            "station_id",
            "instrument_id",
            "parameter",
            "kind",
            "gas",
            "at",
            "reference",
            "response",
            name=op.f("uq_calibration_result"),
        ),
    )
    op.create_index(op.f("ix_calibration_network_at"), "calibration", ["network", "at"], unique=False)
    op.create_table(
        "correction",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zero_start", sa.Float(), nullable=False),
        sa.Column("zero_end", sa.Float(), nullable=False),
        sa.Column("gain_start", sa.Float(), nullable=False),
        sa.Column("gain_end", sa.Float(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverted_by", sa.Text(), nullable=True),
        sa.Column("reverted_why", sa.Text(), nullable=True),
        sa.Column("reverted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_network_station_id"), "correction", ["network", "station_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_correction_network_station_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_calibration_network_at"), table_name="calibration")
    op.drop_table("calibration")
