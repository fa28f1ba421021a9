"""Words that the nomenclature page lists as retired are no names in the code, and no words of texts for people."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("alerts", "analysis", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")
SECTION = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8").partition("## Retired words")[2]
TABLE, _, _PHRASES = SECTION.partition("\nIn texts for people")
PHRASES = re.findall(r'"([^"]+)"', _PHRASES.partition("\n\n")[0])
RETIRED = [
    word for row in TABLE.splitlines() if row.startswith("| `") for word in re.findall(r"`(\w+)`", row.split("|")[1])
]
HELP = ("console/cli/**/*.py", "console/doctor/*.py")


@cache
def _names() -> dict[str, list[str]]:
    """Places by name of every module, class and function."""
    found: dict[str, list[str]] = {}
    for file in (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))):
        place = file.relative_to(ROOT).as_posix()
        if "migrations/versions" in place:
            continue
        nodes = [
            node.name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for name in (file.stem, *nodes):
            found.setdefault(name.lstrip("_"), []).append(place)
    return found


def _help_of(file: Path) -> list[str]:
    """Docstrings of commands and help of options: what ``--help`` prints."""
    texts = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)) and not node.name.startswith("_"):
            texts.append(text)
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant):
            texts.append(str(node.value.value))
    return texts


def test_the_page_lists_words_and_phrases() -> None:
    assert len(RETIRED) > 30
    assert {"nobody", "anew", "in words"} <= set(PHRASES)


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_is_no_name(word: str) -> None:
    assert _names().get(word, []) == []


@pytest.mark.parametrize("phrase", PHRASES)
def test_command_help_is_plain(phrase: str) -> None:
    pattern = re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)
    found = [
        f"{file.relative_to(ROOT)}: {text[:80]}"
        for glob in HELP
        for file in sorted(ROOT.glob(glob))
        for text in _help_of(file)
        if pattern.search(text)
    ]
    assert found == []
