from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
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


def test_a_document_that_is_put_again_unchanged_says_when(store: StateStore) -> None:
    store.documents.put("attribution", "a/1", {"x": 1})
    store.documents.put("attribution", "a/1", {"x": 2})
    store.documents.put("attribution", "a/1", {"x": 2})
    newest, first = store.documents.list_versions("attribution", "a/1")
    assert first.checked_at is None
    assert newest.checked_at is not None
    assert newest.checked_at >= newest.created_at
    (head,) = store.documents.heads("attribution")
    assert head.checked_at == newest.checked_at


def test_documents_are_listed_by_kind_and_prefix(store: StateStore) -> None:
    for key in ("a/1", "a%/2", "b/1"):
        store.documents.put("attribution", key, {"key": key})
    assert [item.key for item in store.documents.list("attribution", prefix="a%")] == ["a%/2"]
    assert len(store.documents.list("attribution")) == 3
    assert store.documents.list("backtest") == []


def test_what_is_found_and_put_in_one_transaction_keeps_others_out(store: StateStore) -> None:
    other_may_begin, other_found = threading.Event(), list[list[str]]()

    def put_too() -> None:
        other_may_begin.wait()
        with store.documents.to_renew("case", "a/") as (documents, put):
            other_found.append([item.key for item in documents])
            put(documents[0].key if documents else "a/2", {"x": 2})

    other = threading.Thread(target=put_too)
    other.start()
    with store.documents.to_renew("case", "a/") as (documents, put):
        assert documents == []
        other_may_begin.set()
        other.join(timeout=0.5)
        assert other.is_alive()
        assert put("a/1", {"x": 1}) == 1
    other.join(timeout=30)
    assert other_found == [["a/1"]]
    assert [item.version for item in store.documents.list_versions("case", "a/1")] == [2, 1]
    assert [item.key for item in store.documents.list("case")] == ["a/1"]


def test_first_versions_that_are_put_at_once_follow_each_other(store: StateStore) -> None:
    together = threading.Barrier(4)

    def put(number: int) -> list[int]:
        found = []
        for key in range(10):
            together.wait(30)
            found.append(store.documents.put("case", str(key), {"number": number}))
        return found

    with ThreadPoolExecutor(4) as threads:
        versions = list(threads.map(put, range(4)))
    assert [sorted(item) for item in zip(*versions, strict=True)] == [[1, 2, 3, 4]] * 10


def test_heads_have_values_of_the_body_without_the_body(store: StateStore) -> None:
    store.documents.put("case", "a/1", {"state": "x", "list": []})
    store.documents.put("case", "a/1", {"state": "y", "list": [{"name": "first"}]})
    store.documents.put("case", "b/1", {})
    fields = {"state": ("state",), "name": ("list", 0, "name")}
    found = {item.key: (item.version, item.fields) for item in store.documents.heads("case", fields)}
    assert found == {"a/1": (2, {"state": "y", "name": "first"}), "b/1": (1, {"state": None, "name": None})}
    versions = store.documents.heads("case", fields, keys=["a/1"], every_version=True)
    assert [(item.version, item.fields["name"]) for item in versions] == [(2, "first"), (1, None)]
    first = store.documents.get_version("case", "a/1", 1)
    assert first is not None
    assert first.body["state"] == "x"
    assert store.documents.get_version("case", "a/1", 3) is None
