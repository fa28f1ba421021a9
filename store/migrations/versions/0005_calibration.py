"""calibration results, corrections"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0005"
down_revision = "0004_review"


def upgrade() -> None:
    op.create_table(
        "calibration",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network", "station_id", "instrument_id", "parameter"),
        *columns(sa.DateTime(timezone=True), "at"),
        *columns(sa.Text(), "kind"),
        *columns(sa.Float(), "reference", "response"),
        *columns(sa.Text(), "gas"),
        *columns(sa.DateTime(timezone=True), "received_at", "recorded_at"),
        *columns(sa.Text(), "outcome", nullable=True),
        *columns(sa.Float(), "drift", nullable=True),
        *columns(sa.DateTime(timezone=True), "judged_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sa.UniqueConstraint(
            *("station_id", "instrument_id", "parameter", "kind", "gas", "at", "reference", "response"),
            name=op.f("uq_calibration_result"),
        ),
    )
    op.create_index(op.f("ix_calibration_network_at"), "calibration", ["network", "at"], unique=False)
    op.create_table(
        "correction",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network", "station_id", "instrument_id", "parameter"),
        *columns(sa.DateTime(timezone=True), "start", "end"),
        *columns(sa.Float(), "zero_start", "zero_end", "gain_start", "gain_end"),
        *columns(sa.Text(), "who", "why"),
        *columns(sa.DateTime(timezone=True), "recorded_at"),
        *columns(sa.Text(), "reverted_by", "reverted_why", nullable=True),
        *columns(sa.DateTime(timezone=True), "reverted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_network_station_id"), "correction", ["network", "station_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_correction_network_station_id"), table_name="correction")
    op.drop_table("correction")
    op.drop_index(op.f("ix_calibration_network_at"), table_name="calibration")
    op.drop_table("calibration")
