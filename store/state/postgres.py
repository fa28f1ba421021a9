"""What only a PostgreSQL state has: its size, and its tables moved aside for a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from store.state.database import StateDatabase

SCHEMA = "public"


def program_url(url: sa.URL) -> str:
    """URL for PostgreSQL's own programs, without the password: arguments show in process lists."""
    plain = sa.URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database, query=url.query
    )
    return plain.render_as_string()


def is_empty(database: StateDatabase) -> bool:
    """Whether the schema ``public`` has no table."""
    with database.any_schema() as connection:
        return not sa.inspect(connection).get_table_names(schema=SCHEMA)


def move_aside(database: StateDatabase, name: str) -> None:
    """Rename the schema ``public``, with all tables, to ``name``, and make an empty one."""
    with database.any_schema() as connection:
        connection.execute(sa.text(f'ALTER SCHEMA "{SCHEMA}" RENAME TO "{name}"'))
        connection.execute(sa.text(f'CREATE SCHEMA "{SCHEMA}"'))


def move_back(database: StateDatabase, name: str) -> None:
    """Undo `move_aside` after a restore that failed."""
    with database.any_schema() as connection:
        connection.execute(sa.text(f'DROP SCHEMA "{SCHEMA}" CASCADE'))
        connection.execute(sa.text(f'ALTER SCHEMA "{name}" RENAME TO "{SCHEMA}"'))


def sessions(database: StateDatabase) -> list[str]:
    """Other sessions of the database."""
    question = (
        "SELECT pid, usename, application_name, client_addr FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with database.any_schema() as connection:
        rows = connection.execute(sa.text(question)).all()
    return [
        f"session {row.pid} of {row.usename} ({row.application_name or row.client_addr or 'local'})" for row in rows
    ]


def size_bytes(database: StateDatabase) -> int:
    """Size of the database on its server, an upper bound of the dump's in practice [B]."""
    with database.any_schema() as connection:
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
