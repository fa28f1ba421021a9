"""Which rooms of quality control read and write files, and what import-linter and ruff cannot see in pure folders."""

import ast
from pathlib import Path

import pytest

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
    "expanduser",
    "loadtxt",
    "genfromtxt",
    "fromfile",
    "memmap",
    "savez",
    "savetxt",
    "tofile",
    "read_csv",
    "read_table",
    "read_excel",
    "read_parquet",
    "read_pickle",
    "read_json",
    "read_sql",
    "to_csv",
    "to_excel",
    "to_parquet",
    "to_pickle",
}
MOMENT_CALLS = {"Timestamp", "to_datetime", "datetime64", "array", "asarray", "DatetimeIndex", "Series"}
CLOCK_WORDS = {"now", "today"}
"""Texts that pandas and numpy read as the present moment."""
HIDDEN = {"__import__", "eval", "exec", "compile"}
"""Built-in functions that hide an import."""
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


def pure_modules() -> list[Path]:
    found = [
        path
        for folder in ("schemas", "sensors", "qc", "analysis")
        for path in sorted((ROOT.parent / folder).rglob("*.py"))
    ]
    return [path for path in found if path.relative_to(ROOT.parent).parts[1] != "run"]


def impure_lines(source: str) -> list[int]:
    """Lines of calls that take the present moment by its word, draw without a generator, or import by a text."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = []
    for call in calls:
        of_builtin = call.func.id if isinstance(call.func, ast.Name) else ""
        of_frame = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        given = {
            item.value
            for item in [*call.args, *(word.value for word in call.keywords)]
            if isinstance(item, ast.Constant)
        }
        draws = of_frame == "sample" and not any(word.arg in {"random_state", "rng"} for word in call.keywords)
        if of_builtin in HIDDEN or draws or (given & CLOCK_WORDS and {of_builtin, of_frame} & MOMENT_CALLS):
            found.append(call.lineno)
    return found


def test_only_run_reads_and_writes_files() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if calls_files(path)}
    assert {name for name in found if not name.startswith("run/")} == set(ALLOWED)


def test_no_pure_module_takes_the_moment_by_its_word_or_imports_by_a_text() -> None:
    found = {path.relative_to(ROOT.parent).as_posix(): impure_lines(path.read_text("utf-8")) for path in pure_modules()}
    assert len(found) > 200
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'pd.Timestamp("now")',
        'Timestamp("today", tz="UTC")',
        'pd.to_datetime(arg="now")',
        'np.datetime64("now")',
        '__import__("store.state")',
        "frame.sample(3)",
    ],
)
def test_an_impure_call_is_found(source: str) -> None:
    assert impure_lines(source) == [1]


def test_a_draw_with_a_generator_is_pure() -> None:
    assert impure_lines("frame.sample(3, random_state=rng)") == []
