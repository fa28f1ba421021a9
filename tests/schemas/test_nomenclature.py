"""The nomenclature page lists every parameter of the registry as the registry has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.parameter import Parameter, load_parameters

PAGE = (Path(__file__).parents[2] / "docs" / "nomenclature.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip("`"): cells[1:5]
    for line in PAGE.partition("## Parameters")[2].splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


@pytest.mark.parametrize("item", load_parameters().values(), ids=lambda item: item.parameter)
def test_every_parameter_is_on_the_page(item: Parameter) -> None:
    assert ROWS.get(item.parameter) == [item.name_zh, item.name_en, item.unit, item.averaging.value]


def test_the_page_has_no_parameter_that_the_registry_lacks() -> None:
    assert not ROWS.keys() - load_parameters().keys()
