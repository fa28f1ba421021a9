"""A state database of an earlier version is brought to this one; one of a later version is refused.

``state_0005.sql`` is a dump of a database that version 0.1.0 made at schema 0005, with two rows in each table.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command

from store.error import StateSchemaError
from store.state import StateStore
from store.state.database import _alembic_config, newest_revision
from store.state.table import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

OLD = "0005"
DUMP = Path(__file__).with_name("state_0005.sql")
#: Changed by a migration: reasons are stored as data since 0010.
CHANGED = {"flag_change": {"reason", "reason_before"}}
_Rows = dict[str, list[dict[str, object]]]


def rows_of(connection: sa.Connection, only: _Rows | None = None) -> _Rows:
    """All rows by table, of the columns that there are; with ``only``, of its tables and columns."""
    found: _Rows = {}
    for table in metadata.sorted_tables:
        if not sa.inspect(connection).has_table(table.name) or (only is not None and table.name not in only):
            continue
        there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        wanted = there if only is None else set(only[table.name][0])
        columns = [column for column in table.columns if column.name in wanted]
        question = sa.select(*columns).order_by(*table.primary_key)
        found[table.name] = [dict(row) for row in connection.execute(question).mappings()]
    return found


def unchanged(rows: Mapping[str, list[dict[str, object]]]) -> _Rows:
    return {
        table: [{name: value for name, value in row.items() if name not in CHANGED.get(table, ())} for row in found]
        for table, found in rows.items()
    }


@pytest.fixture
def old_rows(tmp_path: Path) -> _Rows:
    """Rows of the dump."""
    path = tmp_path / "dump.sqlite"
    load(path)
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        found = rows_of(connection)
    engine.dispose()
    assert all(len(rows) == 2 for rows in found.values())
    return found


def load(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8"))


def make_old(url: str, rows: _Rows) -> None:
    """An old database: SQLite from the dump itself, PostgreSQL from the migrations and the dump's rows."""
    parsed = sa.make_url(url)
    if parsed.database and parsed.get_backend_name() == "sqlite":
        load(Path(parsed.database))
        return
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        command.upgrade(_alembic_config(connection), OLD)
        for table in metadata.sorted_tables:
            if table.name in rows:
                connection.execute(sa.insert(table), rows[table.name])
    engine.dispose()


def stamp(url: str, revision: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :now"), {"now": revision})
    engine.dispose()


def test_an_upgrade_keeps_every_row(url: str, old_rows: _Rows) -> None:
    make_old(url, old_rows)
    with StateStore(url) as state:
        assert state.database.revision() == OLD
        state.migrate()
        assert state.database.revision() == newest_revision()
        with state.database.reading() as connection:
            found = rows_of(connection, old_rows)
    assert unchanged(found) == unchanged(old_rows)
    assert all(str(row["reason"]).startswith("{") for row in found["flag_change"])


def test_an_open_alert_of_an_earlier_version_waits_for_a_case_and_an_ended_one_does_not(
    url: str, old_rows: _Rows
) -> None:
    make_old(url, old_rows)
    is_open = {row["transition_id"] for row in old_rows["alert"] if row["state"] == "firing"}
    with StateStore(url) as state:
        state.migrate()
        assert {item.id for item in state.cases.list_unassigned()} == is_open


def test_a_database_of_an_earlier_version_is_refused_until_it_is_migrated(url: str, old_rows: _Rows) -> None:
    make_old(url, old_rows)
    with StateStore(url) as state:
        with pytest.raises(StateSchemaError, match=rf"0005.*{newest_revision()}.*skyground migrate"):
            state.gaps.list()
        state.migrate()
        assert len(state.gaps.list()) == 2


def test_a_downgrade_is_refused_with_both_versions(url: str) -> None:
    with StateStore(url) as state:
        state.migrate()
    stamp(url, "0999")
    with StateStore(url) as state:
        for call in (state.migrate, state.gaps.list, state.database.pending_migrations):
            with pytest.raises(StateSchemaError, match=rf"0999.*{newest_revision()}.*downgrade"):
                call()


def test_a_refused_upgrade_changes_nothing(url: str, old_rows: _Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    make_old(url, old_rows)

    def fail(*_: object) -> str:
        msg = "boom"
        raise RuntimeError(msg)

    monkeypatch.setattr("store.old_reason.upgraded", fail)
    with StateStore(url) as state:
        with pytest.raises(RuntimeError):
            state.migrate()
        assert state.database.revision() == OLD
