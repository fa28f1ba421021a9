"""initial tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "balance",
        *columns(sa.DateTime(timezone=True), "hour"),
        *columns(sa.Text(), "station_id", "instrument_id", "item"),
        *columns(sa.BigInteger(), "count"),
        sa.PrimaryKeyConstraint("hour", "station_id", "instrument_id", "item", name=op.f("pk_balance")),
    )
    op.create_table(
        "document",
        *columns(sa.Text(), "kind", "key"),
        *columns(sa.Integer(), "version"),
        *columns(sa.JSON(), "body"),
        *columns(sa.DateTime(timezone=True), "created_at"),
        sa.PrimaryKeyConstraint("kind", "key", "version", name=op.f("pk_document")),
    )
    op.create_table(
        "gate_result",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "network"),
        *columns(sa.DateTime(timezone=True), "start", "end"),
        *columns(sa.Text(), "outcome"),
        *columns(sa.JSON(), "detail"),
        *columns(sa.Text(), "run_id", nullable=True),
        *columns(sa.DateTime(timezone=True), "created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_result")),
    )
    op.create_index(op.f("ix_gate_result_network_start"), "gate_result", ["network", "start"], unique=False)
    op.create_table(
        "quarantine_expired",
        *columns(sa.Text(), "reason"),
        *columns(sa.BigInteger(), "count"),
        *columns(sa.DateTime(timezone=True), "last_at"),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_quarantine_expired")),
    )
    op.create_table(
        "quarantine_message",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.DateTime(timezone=True), "received_at"),
        *columns(sa.Text(), "topic"),
        *columns(sa.Text(), "network", "format", nullable=True),
        *columns(sa.LargeBinary(), "payload"),
        *columns(sa.BigInteger(), "payload_bytes"),
        *columns(sa.Text(), "digest"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine_message")),
        sa.UniqueConstraint("digest", name=op.f("uq_quarantine_message_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run",
        *columns(sa.Text(), "id", "kind"),
        *columns(sa.Text(), "network", nullable=True),
        *columns(sa.DateTime(timezone=True), "start", "end", nullable=True),
        *columns(sa.Text(), "version", "state"),
        *columns(sa.JSON(), "counts"),
        *columns(sa.DateTime(timezone=True), "started_at"),
        *columns(sa.DateTime(timezone=True), "finished_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_started_at"), "run", ["started_at"], unique=False)
    op.create_table(
        "transition",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "alert_key", "rule", "kind", "severity", "station_id"),
        *columns(sa.Text(), "parameter", nullable=True),
        *columns(sa.Text(), "from_state", "to_state"),
        *columns(sa.DateTime(timezone=True), "at", "since"),
        *columns(sa.Float(), "value", "threshold", nullable=True),
        *columns(sa.Text(), "unit", nullable=True),
        *columns(sa.JSON(), "evidence"),
        *columns(sa.DateTime(timezone=True), "recorded_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        sa.UniqueConstraint(
            "alert_key", "at", "from_state", "to_state", name=op.f("uq_transition_alert_key_at_from_state_to_state")
        ),
    )
    op.create_index(op.f("ix_transition_at"), "transition", ["at"], unique=False)
    op.create_index(op.f("ix_transition_station_id"), "transition", ["station_id"], unique=False)
    op.create_table(
        "acknowledgement",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "alert_key"),
        *columns(ID, "transition_id"),
        *columns(sa.Text(), "who", "note"),
        *columns(sa.DateTime(timezone=True), "at"),
        sa.ForeignKeyConstraint(["transition_id"], ["transition.id"], name=op.f("fk_acknowledgement_transition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    op.create_index(op.f("ix_acknowledgement_alert_key"), "acknowledgement", ["alert_key"], unique=False)
    op.create_table(
        "alert",
        *columns(sa.Text(), "alert_key", "state"),
        *columns(ID, "transition_id"),
        *columns(sa.DateTime(timezone=True), "at"),
        *columns(sa.Text(), "acknowledged_by", nullable=True),
        *columns(sa.DateTime(timezone=True), "acknowledged_at", nullable=True),
        *columns(sa.Text(), "note", nullable=True),
        sa.ForeignKeyConstraint(["transition_id"], ["transition.id"], name=op.f("fk_alert_transition_id")),
        sa.PrimaryKeyConstraint("alert_key", name=op.f("pk_alert")),
    )
    op.create_table(
        "delivery",
        *columns(ID, "id", autoincrement=True),
        *columns(ID, "transition_id"),
        *columns(sa.Text(), "channel", "state"),
        *columns(sa.Text(), "worker", nullable=True),
        *columns(sa.Integer(), "attempts"),
        *columns(sa.DateTime(timezone=True), "due_at"),
        *columns(sa.DateTime(timezone=True), "finished_at", nullable=True),
        *columns(sa.Text(), "detail"),
        sa.ForeignKeyConstraint(["transition_id"], ["transition.id"], name=op.f("fk_delivery_transition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("transition_id", "channel", name=op.f("uq_delivery_transition_id_channel")),
    )
    op.create_index(op.f("ix_delivery_channel_state_due_at"), "delivery", ["channel", "state", "due_at"], unique=False)
    op.create_table(
        "quarantine",
        *columns(ID, "id", autoincrement=True),
        *columns(ID, "message_id"),
        *columns(sa.Text(), "digest"),
        *columns(sa.Text(), "station_id", "instrument_id", "parameter", nullable=True),
        *columns(sa.Text(), "reason", "detail"),
        *columns(sa.DateTime(timezone=True), "interval_start", nullable=True),
        *columns(sa.Text(), "state"),
        *columns(sa.DateTime(timezone=True), "state_at"),
        sa.ForeignKeyConstraint(["message_id"], ["quarantine_message.id"], name=op.f("fk_quarantine_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("message_id", "digest", name=op.f("uq_quarantine_message_id_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quarantine_reason"), "quarantine", ["reason"], unique=False)
    op.create_index(op.f("ix_quarantine_station_id"), "quarantine", ["station_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_quarantine_station_id"), table_name="quarantine")
    op.drop_index(op.f("ix_quarantine_reason"), table_name="quarantine")
    op.drop_table("quarantine")
    op.drop_index(op.f("ix_delivery_channel_state_due_at"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("alert")
    op.drop_index(op.f("ix_acknowledgement_alert_key"), table_name="acknowledgement")
    op.drop_table("acknowledgement")
    op.drop_index(op.f("ix_transition_station_id"), table_name="transition")
    op.drop_index(op.f("ix_transition_at"), table_name="transition")
    op.drop_table("transition")
    op.drop_index(op.f("ix_run_started_at"), table_name="run")
    op.drop_table("run")
    op.drop_table("quarantine_message")
    op.drop_table("quarantine_expired")
    op.drop_index(op.f("ix_gate_result_network_start"), table_name="gate_result")
    op.drop_table("gate_result")
    op.drop_table("document")
    op.drop_table("balance")
