"""review trail and decisions on held batches, both append-only"""

import sqlalchemy as sa
from alembic import op

from store.state.column import ID, columns

revision = "0004_review"
down_revision = "0003"

KEPT = {"gate_decision": "id", "review_record": "position"}
SQLITE = (
    "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    # INSERT OR REPLACE deletes without firing the trigger for DELETE
    (
        "CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS "
        "(SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    ),
)
POSTGRESQL = (
    "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION skyground_append_only()",
    "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION skyground_append_only()",
)
FUNCTION = """CREATE FUNCTION skyground_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""


def upgrade() -> None:
    op.create_table(
        "gate_decision",
        *columns(ID, "id", autoincrement=True),
        *columns(ID, "result_id"),
        *columns(sa.Text(), "ruling", "who", "note"),
        *columns(sa.DateTime(timezone=True), "at"),
        sa.ForeignKeyConstraint(["result_id"], ["gate_result.id"], name=op.f("fk_gate_decision_result_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_decision")),
    )
    op.create_index(op.f("ix_gate_decision_result_id"), "gate_decision", ["result_id"], unique=False)
    op.create_table(
        "review_record",
        *columns(ID, "position", autoincrement=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("review_id", "bulk_id", "action", "who")],
        *columns(sa.DateTime(timezone=True), "at"),
        *columns(sa.Text(), "note"),
        *[
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("network", "station_id", "instrument_id", "parameter")
        ],
        *columns(sa.DateTime(timezone=True), "start", "end", nullable=True),
        *[sa.Column(name, sa.Text(), nullable=True) for name in ("verdict", "reason", "basis")],
        *columns(sa.Text(), "previous", "digest"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_review_record")),
        sa.UniqueConstraint("digest", name=op.f("uq_review_record_digest")),
    )
    op.create_index(op.f("ix_review_record_review_id"), "review_record", ["review_id"], unique=False)
    op.create_index(
        op.f("ix_review_record_network_station_id_parameter_start"),
        "review_record",
        ["network", "station_id", "parameter", "start"],
        unique=False,
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(FUNCTION)
    for table, key in KEPT.items():
        for statement in POSTGRESQL if is_postgresql else SQLITE:
            op.execute(statement.format(table=table, key=key))


def downgrade() -> None:
    op.drop_table("review_record")
    op.drop_table("gate_decision")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION skyground_append_only()")
