"""Text for people is in the catalogues: no string of the code is Chinese but help texts, in both languages on a line, and names."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import console

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(console.__file__).parents[1]
FOLDERS = ("alerts", "analysis", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
ESCAPE = re.compile(r"\\[uUN]")
NAMES = (
    "sensors/datasets/",  # stations of data sets
    "sensors/hj212/mapping.py",  # characters of the protocol
    "sensors/simulator/layout.py",  # stations of the simulator
)
"""Files whose Chinese text is data: names of places, and what is read from elsewhere."""


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _is_docstring(node: ast.AST, first: ast.stmt) -> bool:
    of_doc = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, of_doc) and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)


def _exempted(tree: ast.AST) -> set[int]:
    """Nodes of docstrings, which are the help of commands, and of arguments ``help``."""
    found: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(node, body[0]):
            found.add(id(body[0].value))
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg == "help":
                found |= {id(part) for part in ast.walk(keyword.value)}
    return found


def chinese_lines(source: str) -> list[int]:
    if not (CHINESE.search(source) or ESCAPE.search(source)):
        return []
    tree = ast.parse(source)
    exempted = _exempted(tree)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in exempted
        and CHINESE.search(node.value)
    ]


def test_chinese_text_is_in_the_catalogues_and_not_in_code() -> None:
    assert {
        f"{path.relative_to(ROOT)}:{line}"
        for path in _sources()
        if not f"{path.relative_to(ROOT)}".startswith(NAMES)
        for line in chinese_lines(path.read_text(encoding="utf-8"))
    } == set()


def test_help_texts_may_be_in_both_languages_and_sentences_may_not() -> None:
    assert chinese_lines('def run():\n    """Run. 运行。"""\nx = Option(help="station 站点")\n') == []
    assert chinese_lines('x = 1\nprint("无数据")\n') == [2]
    assert chinese_lines('x = "\\u65e0"') == [1]
