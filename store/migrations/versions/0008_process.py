"""beats of the processes that run for long"""

import sqlalchemy as sa
from alembic import op

from store.state.column import columns

revision = "0008"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "process",
        *columns(sa.Text(), "name", "host"),
        *columns(sa.Integer(), "pid"),
        *columns(sa.DateTime(timezone=True), "started_at", "beat_at"),
        *columns(sa.Float(), "every_s"),
        *columns(sa.Integer(), "restarts"),
        *columns(sa.Text(), "complaint"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_process")),
    )


def downgrade() -> None:
    op.drop_table("process")
