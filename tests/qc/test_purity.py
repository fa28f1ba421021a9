"""Which rooms of quality control read and write files."""

import ast
from pathlib import Path

import qc

ROOT = Path(qc.__file__).parent
FILE_CALLS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "mkdir",
    "unlink",
    "glob",
    "rglob",
    "iterdir",
}
ALLOWED = {
    "limits/thresholds.py": "the packaged limits and the file next to the network file",
    "docs.py": "python -m qc.docs renews a page",
    "gate/suite.py": "python -m qc.gate.suite renews the stored suites",
    "gate/suite_product.py": "python -m qc.gate.suite_product renews the stored suites",
}


def calls_files(path: Path) -> bool:
    called = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    names = {item.attr if isinstance(item, ast.Attribute) else getattr(item, "id", "") for item in called}
    return not names.isdisjoint(FILE_CALLS)


def test_only_run_reads_and_writes_files() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if calls_files(path)}
    assert {name for name in found if not name.startswith("run/")} == set(ALLOWED)
