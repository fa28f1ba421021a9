from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.state import StateStore

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def test_documents_keep_their_versions_and_the_newest_wins(store: StateStore) -> None:
    versions = [store.documents.put("attribution", "a/1", body) for body in ({"x": 1}, {"x": 1}, {"x": 2})]
    assert versions == [1, 1, 2]
    newest = store.documents.get("attribution", "a/1")
    assert newest is not None
    assert (newest.version, newest.body) == (2, {"x": 2})
    assert [item.version for item in store.documents.list_versions("attribution", "a/1")] == [2, 1]
    assert store.documents.get("attribution", "a/2") is None


def test_documents_are_listed_by_kind_and_prefix(store: StateStore) -> None:
    for key in ("a/1", "a%/2", "b/1"):
        store.documents.put("attribution", key, {"key": key})
    assert [item.key for item in store.documents.list("attribution", prefix="a%")] == ["a%/2"]
    assert len(store.documents.list("attribution")) == 3
    assert store.documents.list("backtest") == []
