"""The nomenclature page knows the tables of the state database."""

from __future__ import annotations

import re
from pathlib import Path

from store.state.table import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "nomenclature.md").read_text(encoding="utf-8")


def test_every_table_is_on_the_page_and_no_other() -> None:
    part = PAGE.partition("The state database")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"(?m)^\| ([a-z_, ]+) \|", part) for name in row.split(", ")}
    assert named - {"table"} == set(metadata.tables)
