"""history of flags and hourly values, fingerprints of judged months

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flag_rule",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_flag_rule")),
    )
    op.create_table(
        "flag_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.Text(), nullable=True),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flag", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("flag_before", sa.Integer(), nullable=False),
        sa.Column("reason_before", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["rule"], ["flag_rule.digest"], name=op.f("fk_flag_change_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_change")),
    )
    op.create_index(
        op.f("ix_flag_change_station_id_parameter_start"),
        "flag_change",
        ["station_id", "parameter", "start"],
        unique=False,
    )
    op.create_table(
        "hour_revision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("flag", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hour_revision")),
        sa.UniqueConstraint(
            "station_id",
            "parameter",
            "hour",
            "network",
            "revision",
            name=op.f("uq_hour_revision_station_id_parameter_hour_network_revision"),
        ),
    )
    op.create_table(
        "judged_month",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("month", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network", "station_id", "month", name=op.f("pk_judged_month")),
    )


def downgrade() -> None:
    op.drop_table("judged_month")
    op.drop_table("hour_revision")
    op.drop_index(op.f("ix_flag_change_station_id_parameter_start"), table_name="flag_change")
    op.drop_table("flag_change")
    op.drop_table("flag_rule")
