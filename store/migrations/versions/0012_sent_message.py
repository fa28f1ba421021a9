"""messages of cases that were or are being sent"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "sent_message",
        *columns(ID, "id", autoincrement=True),
        sa.Column("notice_id", ID, nullable=False),
        *columns(sa.Integer(), "version"),
        *columns(sa.Text(), "message_id"),
        *columns(sa.DateTime(timezone=True), "sent_at", nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_sent_message_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_message")),
        sa.UniqueConstraint("message_id", "notice_id", name=op.f("uq_sent_message_message_id_notice_id")),
    )
    op.create_index(op.f("ix_sent_message_notice_id"), "sent_message", ["notice_id"])


def downgrade() -> None:
    op.drop_table("sent_message")
