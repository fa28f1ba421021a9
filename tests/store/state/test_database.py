from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from store.error import StateError
from store.state import StateStore
from store.state.database import newest_revision
from store.state.table import metadata

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_migrations_make_exactly_the_tables_of_the_code(store: StateStore) -> None:
    with store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), metadata) == []


def test_the_newest_migration_is_known_without_alembic(url: str) -> None:
    with StateStore(url) as store:
        assert store.database.pending_migrations()[-1] == newest_revision()


def test_migrating_is_harmless_when_done(url: str) -> None:
    with StateStore(url) as store:
        assert store.database.pending_migrations() == [
            "0001",
            "0002",
            "0003",
            "0004_review",
            "0005",
            "0009",
            "0007",
            "0006",
            "0008",
            "0010",
            "0011",
            "0012",
            "0013",
        ]
        store.migrate()
        store.migrate()
        assert store.database.pending_migrations() == []


@pytest.mark.slow
def test_processes_may_migrate_at_once(url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(_migrate, [url] * 3)) == [[], [], []]


def _migrate(url: str) -> list[str]:
    with StateStore(url) as store:
        store.migrate()
        return store.database.pending_migrations()


def test_tables_that_are_missing_are_explained(url: str) -> None:
    with StateStore(url) as store, pytest.raises(StateError, match="skyground migrate"):
        store.runs.list()


def test_an_invalid_url_is_explained() -> None:
    with pytest.raises(StateError, match="SKYGROUND_STATE_URL"):
        StateStore("nonsense")


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense://x", "postgresql://host/db", "postgres://host/db"])
def test_a_url_of_another_database_or_driver_is_explained(url: str) -> None:
    with pytest.raises(
        StateError, match=r"SKYGROUND_STATE_URL begins with .*expected sqlite:///path or postgresql\+psycopg"
    ):
        StateStore(url)


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="file cannot be made: File exists; correct SKYGROUND_STATE_URL"):
        StateStore(f"sqlite:///{tmp_path / 'file' / 'state.sqlite'}")


def test_a_naive_time_is_a_programming_error(store: StateStore) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive"):
        store.balance.read(datetime(2026, 1, 1), NOW)  # noqa: DTZ001 - the point of the test
