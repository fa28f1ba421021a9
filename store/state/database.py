"""Connection to the state database, transactions, migrations."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store.error import StateError, StateSchemaError, StateValueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.config import Config

DatabaseUrl = sa.URL
_MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_DOWN = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
_WRITE = "BEGIN IMMEDIATE"
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql+psycopg"})
_EXPECTED_URL = "expected sqlite:///path or postgresql+psycopg://user@host/database"
_BUSY_TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 10
LARGEST_ID = 2**63 - 1
"""Largest number that a row can have."""
#: Key of the advisory lock that lets one process migrate at a time (any constant of our own).
_MIGRATION_LOCK = 0x736B7967


class StateDatabase:
    """Engine, transactions and schema version of the state database.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://...``.
    """

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self._engine = _engine(self._url)
        self._is_checked = False

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def migrate(self) -> None:
        """Bring the tables to the newest version; harmless when they are. Several processes may call it at once.

        Raises as `revision`.
        """
        if self.revision() == newest_revision():
            self._is_checked = True
            return  # without Alembic, which takes half a second to import
        from alembic import command

        with self._explained(), self._transaction(_WRITE) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SET LOCAL lock_timeout = 0"))  # a migration may take its time
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            command.upgrade(_alembic_config(connection), "head")
        self._is_checked = True

    def revision(self) -> str:
        """Schema revision of the tables; empty where there are none.

        Raises
        ------
        StateSchemaError
            This version of the software does not know it.
        StateError
        """
        with self._explained(), self._transaction() as connection:
            found = _revision_of(connection)
        if found and found not in known_revisions():
            msg = (
                f"state database {self._place()} has schema {found}, this version of skyground knows up to "
                f"{newest_revision()}: a later version upgraded it, and a downgrade is not possible. Install that version, "
                "or restore the backup of before the upgrade (`skyground restore DIR --only state --force`)"
            )
            raise StateSchemaError(msg)
        return found

    def try_write(self) -> None:
        """Take a write transaction and roll it back; raises `StateError` where this user may not write."""
        with self._explained(), self._engine.connect() as connection, connection.begin() as transaction:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
            transaction.rollback()

    def pending_migrations(self) -> list[str]:
        """Revisions that `migrate` would apply, oldest first; empty when the tables are up to date. Raises as `revision`."""
        from alembic.script import ScriptDirectory

        current = self.revision()
        with self._explained(), self._transaction() as connection:
            script = ScriptDirectory.from_config(_alembic_config(connection))
            found = [revision.revision for revision in script.iterate_revisions("head", current or "base")]
        return found[::-1]

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that may write; on SQLite it takes the write lock at once, so that it cannot lose it half-way."""
        self._check_schema()
        with self._explained(), self._transaction(_WRITE) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        self._check_schema()
        with self._explained(), self._transaction() as connection:
            yield connection

    def rows(self, question: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        """All rows of a query."""
        with self.reading() as connection:
            return connection.execute(question).mappings().all()

    def first(self, question: sa.Select[Any]) -> sa.RowMapping | None:
        """The first row of a query; None where there is none."""
        with self.reading() as connection:
            return connection.execute(question).mappings().first()

    def change(self, statement: sa.UpdateBase) -> int:
        """Execute one statement that changes rows; returns how many it changed."""
        with self.writing() as connection:
            return connection.execute(statement).rowcount

    @contextmanager
    def any_schema(self) -> Iterator[sa.Connection]:
        """A transaction that may write whatever version the tables have: for what does not read them by column."""
        with self._explained(), self._transaction(_WRITE) as connection:
            yield connection

    def _check_schema(self) -> None:
        """Refuse tables of another version before the first statement; a database without tables gives its own error."""
        if self._is_checked:
            return
        found = self.revision()
        if found and found != newest_revision():
            msg = (
                f"state database {self._place()} has schema {found}, this version of skyground needs "
                f"{newest_revision()}: run `skyground migrate`"
            )
            raise StateSchemaError(msg)
        self._is_checked = bool(found)

    def _transaction(self, begin: str = "BEGIN") -> AbstractContextManager[sa.Connection]:
        return self._engine.execution_options(skyground_begin=begin).begin()

    def _place(self) -> str:
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OverflowError as error:
            # sqlite3 refuses it before the statement runs
            msg = "state database refuses a number beyond 64 bits"
            raise StateValueError(msg) from error
        except (sa.exc.DataError, sa.exc.IntegrityError) as error:
            msg = f"state database refuses a row: {error.orig}"
            raise StateValueError(msg) from error
        except (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.DatabaseError) as error:
            msg = (
                f"state database {self._place()}: {error.orig}; is it reachable, and has `skyground migrate` been run?"
            )
            raise StateError(msg) from error


@dataclass(frozen=True, slots=True)
class StateTables:
    """Base of the functions on one subject: the database with its tables."""

    database: StateDatabase


def parse_url(url: str) -> sa.URL:
    """Parse a SQLAlchemy URL; raises `StateError` where it is none, or that of a database or driver that is not used here."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        msg = f"SKYGROUND_STATE_URL is no SQLAlchemy URL; {_EXPECTED_URL}"
        raise StateError(msg) from error
    if parsed.drivername not in _DRIVERS:
        msg = f"SKYGROUND_STATE_URL begins with {parsed.drivername}://; {_EXPECTED_URL}"
        raise StateError(msg)
    return parsed


def known_revisions() -> frozenset[str]:
    """Schema revisions that this version of the software can read or bring to its own."""
    return frozenset(_predecessors())


def newest_revision() -> str:
    """The revision that no other one follows."""
    ends = _predecessors().keys() - set(_predecessors().values())
    return ends.pop() if len(ends) == 1 else ""


@cache
def _predecessors() -> dict[str, str]:
    """Each revision with the one that it follows (empty: none), as the files of the migrations state them."""
    texts = (path.read_text(encoding="utf-8") for path in (_MIGRATIONS / "versions").glob("*.py"))
    followed = ((_REVISION.search(text), _DOWN.search(text)) for text in texts)
    return {found[1]: "" if before is None else before[1] for found, before in followed if found is not None}


def _revision_of(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or "")


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        first = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_TIMEOUT_S}
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args=first)
        sa.event.listen(engine, "connect", _prepare_postgresql)
        return engine
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_S})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"state database: folder {folder} cannot be made: {error.strerror}; "
            "correct SKYGROUND_STATE_URL or SKYGROUND_RUN_DIR, or the permissions above it"
        )
        raise StateError(msg) from error


def _prepare_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    """Wait for a lock as long as with SQLite; the default of PostgreSQL is to wait without end."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {_BUSY_TIMEOUT_S * 1_000:.0f}")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    # the driver's own BEGIN comes too late; ours is in _begin_sqlite
    connection.isolation_level = None
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(connection: Any) -> None:  # noqa: ANN401 - the driver's own connection
    """Several processes may open a new file at once, and SQLite does not wait for a lock by itself in this one statement."""
    # not tenacity: its import takes 0.1 s, and every command opens this file
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("skyground_begin", "BEGIN"))


def _alembic_config(connection: sa.Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
