"""A state database that another process has locked is an error after a while, never an endless wait."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from store.error import StateError
from store.state import Process, StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@contextmanager
def locked(url: str) -> Iterator[None]:
    """All of `process` held by another connection."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        server.execute("LOCK TABLE process IN ACCESS EXCLUSIVE MODE")
        yield
        server.rollback()


def test_a_lock_that_another_holds_is_an_error_after_a_while(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.state.database._BUSY_TIMEOUT_S", 0.5)
    item = Process(name="collector/a", host="h", pid=1, started_at=NOW, beat_at=NOW, every_s=15.0)
    with StateStore(url) as state:
        state.migrate()
        with locked(url):
            began = time.monotonic()
            with pytest.raises(StateError, match="lock"):
                state.processes.note(item)
            assert time.monotonic() - began < 10.0
        state.processes.note(item)
        assert [found.name for found in state.processes.list()] == ["collector/a"]
