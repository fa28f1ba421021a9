"""screened intervals, companions of revised hours, ends of earlier verdicts, processes of runs"""

import sqlalchemy as sa
from alembic import op

from store.state.column import columns

revision = "0009"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "screened",
        *columns(sa.Text(), "network", "station_id"),
        *columns(sa.DateTime(timezone=True), "start", "end"),
        sa.PrimaryKeyConstraint("network", "station_id", "start", name=op.f("pk_screened")),
    )
    op.add_column("flag_change", sa.Column("end_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("run", sa.Column("process", sa.Text(), nullable=True))
    for name in ("std", "completeness", "uncertainty"):
        op.add_column("hour_revision", sa.Column(name, sa.Float(), nullable=True))
    _fill_screened()


def downgrade() -> None:
    for name in ("uncertainty", "completeness", "std"):
        op.drop_column("hour_revision", name)
    op.drop_column("run", "process")
    op.drop_column("flag_change", "end_before")
    op.drop_table("screened")


def _fill_screened() -> None:
    """From the finished runs so far; a run over a whole network did not record its stations and is kept without one."""
    run = sa.table("run", *_span(), sa.column("kind"), sa.column("state"), sa.column("counts", sa.JSON()))
    screened = sa.table("screened", *_span(), sa.column("station_id"))
    connection = op.get_bind()
    done = (run.c.kind == "qc", run.c.state == "done", run.c.start < run.c.end)
    spans: dict[tuple[str, str], list[list[object]]] = {}
    for row in connection.execute(sa.select(run).where(*done).order_by(run.c.start)).mappings():
        for station in (row["counts"] or {}).get("stations") or ("",):
            known = spans.setdefault((row["network"], station), [])
            if known and row["start"] <= known[-1][1]:
                known[-1][1] = max(known[-1][1], row["end"])
            else:
                known.append([row["start"], row["end"]])
    rows = [
        {"network": network, "station_id": station, "start": first, "end": last}
        for (network, station), found in spans.items()
        for first, last in found
    ]
    if rows:
        connection.execute(sa.insert(screened), rows)


def _span() -> list[sa.ColumnClause[object]]:
    moment = sa.DateTime(timezone=True)
    return [sa.column("network"), sa.column("start", moment), sa.column("end", moment)]
