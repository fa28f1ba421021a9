"""Words that the nomenclature page lists as retired are no names in the code, and no parts of names."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDERS = ("alerts", "analysis", "bench", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")
SECTION = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8").partition("## Retired words")[2]
TABLE, _, _PHRASES = SECTION.partition("\nPhrases that are not written")
PHRASES = re.findall(r'"([^"]+)"', _PHRASES.partition("\n\n")[0])
ROWS = [row.strip("|").split("|") for row in TABLE.splitlines() if row.startswith("| `")]
#: Retired words, each with the names that stay although it is a part of them; None where any name may have it as a part.
RETIRED = {
    word: None if "part of a name" in stays else {name.lower() for name in re.findall(r"`(\w+)`", stays)}
    for words, _, stays in ROWS
    for word in re.findall(r"`(\w+)`", words)
}


def _parts(name: str) -> str:
    """``_snake_case`` and ``CamelCase`` alike, as `` snake case ``."""
    return " " + " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)).lower() + " "


def _names_of(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Names of classes and functions (True), of arguments, variables and attributes that are set (False)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, True
        elif isinstance(node, ast.arg):
            yield node.arg, False
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, False
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, False


@cache
def _names() -> dict[tuple[str, bool], str]:
    """A place of each name."""
    found: dict[tuple[str, bool], str] = {}
    for file in (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))):
        place = file.relative_to(ROOT).as_posix()
        if "migrations/versions" not in place:
            found.setdefault((file.stem, True), place)
            for name in _names_of(ast.parse(file.read_text(encoding="utf-8"))):
                found.setdefault(name, place)
    return found


def test_the_page_lists_words_and_phrases() -> None:
    assert len(RETIRED) > 30
    assert {"nobody", "anew", "in words"} <= set(PHRASES)


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_is_no_name_and_no_part_of_one(word: str) -> None:
    stays = RETIRED[word]
    found = {
        name: place
        for (name, is_defined), place in _names().items()
        if (stays is None and is_defined and name.lstrip("_") == word)
        or (stays is not None and _parts(word) in _parts(name) and name.strip("_").lower() not in stays)
    }
    assert found == {}
