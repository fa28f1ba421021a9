"""cases of alerts, their steps and notices, mutes, used links, identity of the store"""

import secrets

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0011"
down_revision = "0010"

_MOMENT = sa.DateTime(timezone=True)
_TABLES = ("case_step", "case_alert", "unassigned", "notice", "alert_case", "mute", "used_link", "store_identity")


def upgrade() -> None:
    _create_cases()
    _create_notices()
    op.create_table(
        "mute",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "kind"),
        *columns(sa.JSON(), "matcher"),
        *columns(_MOMENT, "start", "end"),
        *columns(sa.Text(), "by", "reason"),
        *columns(_MOMENT, "recorded_at"),
        *columns(sa.Boolean(), "is_end_reported"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
    )
    op.create_index(op.f("ix_mute_end"), "mute", ["end"])
    op.create_table(
        "used_link",
        *columns(sa.Text(), "digest"),
        *columns(_MOMENT, "used_at"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_link")),
    )
    identity = op.create_table(
        "store_identity",
        *columns(sa.Text(), "id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_identity")),
    )
    op.bulk_insert(identity, [{"id": secrets.token_hex(8)}])
    # an alert that is open gets a case; what ended before there were cases gets none
    op.execute("INSERT INTO unassigned (transition_id) SELECT transition_id FROM alert WHERE state = 'firing'")


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)


def _create_cases() -> None:
    op.create_table(
        "alert_case",
        *columns(sa.Text(), "id", "state", "kind", "audience", "severity"),
        *columns(_MOMENT, "since"),
        *columns(_MOMENT, "ended_at", nullable=True),
        *columns(sa.Integer(), "version"),
        *columns(sa.JSON(), "body"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_case")),
    )
    op.create_index(op.f("ix_alert_case_state"), "alert_case", ["state"])
    op.create_index(op.f("ix_alert_case_since"), "alert_case", ["since"])
    op.create_table(
        "case_step",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "case_id"),
        *columns(sa.Integer(), "number"),
        *columns(sa.Text(), "kind", "by"),
        *columns(_MOMENT, "at", "recorded_at"),
        *columns(sa.JSON(), "body"),
        _case_key("case_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
        sa.UniqueConstraint("case_id", "number", name=op.f("uq_case_step_case_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "case_alert",
        *columns(sa.Text(), "alert_key"),
        *columns(sa.BigInteger(), "begin_id"),
        *columns(sa.Text(), "case_id"),
        _case_key("case_alert"),
        sa.PrimaryKeyConstraint("alert_key", "begin_id", name=op.f("pk_case_alert")),
    )
    op.create_index(op.f("ix_case_alert_case_id"), "case_alert", ["case_id"])
    op.create_table(
        "unassigned",
        *columns(ID, "transition_id", autoincrement=False),
        sa.ForeignKeyConstraint(
            ["transition_id"], ["transition.id"], name=op.f("fk_unassigned_transition_id_transition")
        ),
        sa.PrimaryKeyConstraint("transition_id", name=op.f("pk_unassigned")),
    )


def _create_notices() -> None:
    op.create_table(
        "notice",
        *columns(ID, "id", autoincrement=True),
        *columns(sa.Text(), "case_id", "recipient", "channel"),
        *columns(sa.Integer(), "wanted"),
        *columns(sa.Integer(), "claimed", nullable=True),
        *columns(sa.Integer(), "known"),
        *columns(sa.Text(), "state"),
        *columns(_MOMENT, "due_at"),
        *columns(sa.Text(), "worker", nullable=True),
        *columns(sa.Integer(), "attempts"),
        *columns(sa.Text(), "first_message_id", "last_message_id", nullable=True),
        *columns(_MOMENT, "sent_at", nullable=True),
        *columns(sa.Text(), "detail"),
        _case_key("notice"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("case_id", "recipient", "channel", name=op.f("uq_notice_case_id_recipient_channel")),
    )
    op.create_index(op.f("ix_notice_channel_state_due_at"), "notice", ["channel", "state", "due_at"])


def _case_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["case_id"], ["alert_case.id"], name=op.f(f"fk_{table}_case_id_alert_case"))
