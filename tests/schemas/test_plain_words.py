"""Phrases that the nomenclature page rules out are in no docstring, comment, catalogue, help text or page."""

from __future__ import annotations

import ast
import re
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.schemas.test_retired_word import PHRASES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("alerts", "analysis", "bench", "console", "dags", "deploy", "docs"),
    *("ingest", "qc", "schemas", "sensors", "store", "tests"),
)
ENDINGS = (".py", ".md", ".po", ".toml", ".jinja", ".html", ".sh", ".yaml", ".yml", ".service", ".conf")
PAGES = ("README.md", "CONTRIBUTING.md", "Makefile", ".env.example", "pyproject.toml")
#: The page lists the phrases; what earlier versions stored is recognised by its words; recorded input of instruments.
LEFT_OUT = (
    "docs/nomenclature.md",
    "store/old_reason.py",
    "store/old_reasons.toml",
    "store/migrations/",
    "tests/testcases/",
)
_PHRASE = re.compile(r"\b(?:" + "|".join(map(re.escape, PHRASES)) + r")\b", re.IGNORECASE)
#: Occurrences that stay, by file: the name of a figure.
STAYS = {
    "qc/run/reprocess/job.py": 1,
}


@cache
def _texts() -> dict[str, str]:
    files = [*(ROOT / name for name in PAGES), *(file for name in FOLDERS for file in sorted((ROOT / name).rglob("*")))]
    found = {file.relative_to(ROOT).as_posix(): file for file in files if file.suffix in ENDINGS or file.name in PAGES}
    return {place: file.read_text(encoding="utf-8") for place, file in found.items() if not place.startswith(LEFT_OUT)}


def _prose(place: str, text: str) -> Iterator[str]:
    """All of a page; of a module comments, docstrings and texts, of a test module names of tests instead of texts, its data."""
    if not place.endswith(".py"):
        yield text
        return
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
    is_test = place.startswith("tests/")
    texts = docstrings if is_test else nodes
    if is_test:
        names = (node.name for node in nodes if isinstance(node, ast.FunctionDef))
        yield from (name.replace("_", " ") for name in names if name.startswith("test_"))
    yield from (node.value for node in texts if isinstance(node, ast.Constant) and isinstance(node.value, str))
    tokens = tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def _found(pattern: re.Pattern[str]) -> dict[str, Counter[str]]:
    """Phrases of each file that has one, counted."""
    found = {
        place: Counter(hit.lower() for piece in _prose(place, text) for hit in pattern.findall(piece))
        for place, text in _texts().items()
        if pattern.search(text.replace("_", " "))
    }
    return {place: hits for place, hits in found.items() if hits}


def test_prose_has_no_phrase_that_the_page_rules_out() -> None:
    found = _found(_PHRASE)
    assert {place: hits for place, hits in found.items() if sum(hits.values()) > STAYS.get(place, 0)} == {}
