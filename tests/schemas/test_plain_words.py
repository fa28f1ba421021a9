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
#: Occurrences that stay; a name of a figure.
STAYS = {"qc/run/reprocess/job.py": 1}
#: Occurrences that are still to be rewritten: only fewer.
LEFT = {
    "tests/ingest/backlog/test_dual_cursor.py": 1,
    "tests/ingest/correction/test_overwrite_log.py": 1,
    "sensors/datasets/hyltemossa.py": 1,
    "tests/ingest/collector/test_failover.py": 2,
    "tests/ingest/completeness/test_gap.py": 1,
    "tests/ingest/completeness/test_provisional_gap.py": 2,
    "tests/ingest/correction/test_correction.py": 2,
    "tests/ingest/gateway/conftest.py": 2,
    "tests/ingest/gateway/test_complaint.py": 1,
    "tests/ingest/gateway/test_history.py": 1,
    "tests/ingest/process/test_shutdown.py": 1,
    "tests/sensors/test_json_v1.py": 1,
}


@cache
def _texts() -> dict[str, str]:
    files = [*(ROOT / name for name in PAGES), *(file for name in FOLDERS for file in sorted((ROOT / name).rglob("*")))]
    found = {file.relative_to(ROOT).as_posix(): file for file in files if file.suffix in ENDINGS or file.name in PAGES}
    return {place: file.read_text(encoding="utf-8") for place, file in found.items() if not place.startswith(LEFT_OUT)}


def _prose(place: str, text: str) -> Iterator[str]:
    """All of a page; of a module the comments, docstrings and texts (of a test module no texts: they are its data)."""
    if not place.endswith(".py"):
        yield text
        return
    nodes = list(ast.walk(ast.parse(text)))
    docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
    texts = docstrings if place.startswith("tests/") else nodes
    yield from (node.value for node in texts if isinstance(node, ast.Constant) and isinstance(node.value, str))
    tokens = tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def _found(pattern: re.Pattern[str]) -> dict[str, Counter[str]]:
    """Phrases of each file that has one, counted."""
    found = {
        place: Counter(hit.lower() for piece in _prose(place, text) for hit in pattern.findall(piece))
        for place, text in _texts().items()
        if pattern.search(text)
    }
    return {place: hits for place, hits in found.items() if hits}


def test_prose_has_no_phrase_that_the_page_rules_out() -> None:
    found = _found(_PHRASE)
    assert {place: hits for place, hits in found.items() if sum(hits.values()) > (STAYS | LEFT).get(place, 0)} == {}
