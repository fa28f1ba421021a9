"""The nomenclature page lists every parameter as the registry has it, and each term once; a class name has one meaning."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from pathlib import Path

from schemas.parameter import load_parameters

ROOT = Path(__file__).parents[2]
PACKAGES = ("alerts", "analysis", "console", "dags", "ingest", "qc", "schemas", "sensors", "store")
PAGE = (ROOT / "docs" / "nomenclature.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("`"): cells[1:5]
    for line in PAGE.partition("## Parameters")[2].splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def test_every_parameter_is_on_the_page() -> None:
    wanted = {
        code: [item.name_zh, item.name_en, item.unit, item.averaging.value] for code, item in load_parameters().items()
    }
    assert {code: ROWS.get(code) for code in wanted} == wanted


def test_the_page_has_no_parameter_that_the_registry_lacks() -> None:
    assert not ROWS.keys() - load_parameters().keys()


def repeated(names: list[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def test_the_page_lists_each_term_and_each_parameter_once() -> None:
    terms = re.findall(r"^\| (\*\*.+?\*\*)[^|]*\|", PAGE, re.MULTILINE)
    assert len(terms) > 40
    assert repeated([name for term in terms for name in term.strip("*").split(", ")]) == set()
    assert repeated(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Parameters")[2], re.MULTILINE)) == set()


def test_a_public_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
