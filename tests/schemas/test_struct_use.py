"""Structs that were prepared may be used by several threads at once."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

USED = """
import sys, threading
import msgspec
from schemas.struct_use import prepare_structs
sys.setswitchinterval(1e-6)
fields = {f"f{number}": "int | str | None" for number in range(30)}
data = {"inner": dict.fromkeys(fields, 1), "listed": {"x": [1]}}
for _ in range(50):
    inner = type("Inner", (msgspec.Struct,), {"__annotations__": fields, "__module__": __name__})
    types = {"inner": inner, "listed": "dict[str, list[int]]"}
    outer = type("Outer", (msgspec.Struct,), {"__annotations__": types, "__module__": __name__})
    prepare_structs()
    at_once = threading.Barrier(4)
    def use():
        at_once.wait()
        msgspec.convert(data, outer)
    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_prepared_structs_are_used_by_several_threads_at_once() -> None:
    assert subprocess.run([sys.executable, "-c", USED], check=False, timeout=60).returncode == 0


class _PreparedError(Exception):
    pass


def prepared() -> int:
    raise _PreparedError


@pytest.mark.parametrize(
    ("module", "start", "count"),
    [
        ("console.web.app", "create_app", 1),
        ("ingest.collector.collector", "collect", 2),
        ("ingest.collector.drain", "drain", 2),
        ("ingest.collector.housekeeping", "housekeeping", 2),
        ("ingest.gateway.server", "run", 2),
    ],
)
def test_a_process_with_threads_prepares_structs_before_it_does_anything_else(
    module: str, start: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = import_module(module)
    monkeypatch.setattr(found, "prepare_structs", prepared)
    monkeypatch.setattr("os.nice", lambda _: 0)
    with pytest.raises(_PreparedError):
        getattr(found, start)(*[None] * count)
