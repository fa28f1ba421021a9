"""Structs that were prepared may be used by several threads at once."""

from __future__ import annotations

import subprocess
import sys

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
