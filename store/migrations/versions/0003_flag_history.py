"""history of flags and hourly values, fingerprints of judged months"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "flag_rule",
        *columns(sa.Text(), "digest", "test", "version"),
        *columns(sa.JSON(), "figures"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_flag_rule")),
    )
    op.create_table(
        "flag_change",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "level", "network", "station_id"),
        *columns(sa.Text(), "instrument_id", nullable=True),
        *columns(sa.Text(), "parameter", "test"),
        *columns(sa.DateTime(timezone=True), "start"),
        *columns(sa.Integer(), "flag"),
        *columns(sa.Text(), "reason"),
        *columns(sa.Integer(), "flag_before"),
        *columns(sa.Text(), "reason_before", "rule", "run_id"),
        *columns(sa.DateTime(timezone=True), "recorded_at"),
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
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network", "station_id", "parameter"),
        *columns(sa.DateTime(timezone=True), "hour"),
        *columns(sa.Integer(), "revision"),
        *columns(sa.Float(), "value", nullable=True),
        *columns(sa.Integer(), "count", "flag"),
        *columns(sa.Text(), "run_id"),
        *columns(sa.DateTime(timezone=True), "recorded_at"),
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
        *columns(sa.Text(), "network", "station_id"),
        *columns(sa.DateTime(timezone=True), "month"),
        *columns(sa.Text(), "rules"),
        *columns(sa.JSON(), "days"),
        *columns(sa.Text(), "run_id"),
        *columns(sa.DateTime(timezone=True), "judged_at"),
        sa.PrimaryKeyConstraint("network", "station_id", "month", name=op.f("pk_judged_month")),
    )


def downgrade() -> None:
    op.drop_table("judged_month")
    op.drop_table("hour_revision")
    op.drop_index(op.f("ix_flag_change_station_id_parameter_start"), table_name="flag_change")
    op.drop_table("flag_change")
    op.drop_table("flag_rule")
