"""A module that defines a test is a line of the table of its room; two tests never share a name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qc.hourly import table as hourly
from qc.limits.quality_test import by_name
from qc.native import table as native

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("table", [native, hourly], ids=lambda table: str(table.__name__))
def test_every_module_of_a_test_is_in_the_table_of_its_room(table: ModuleType) -> None:
    room = ROOT / table.__name__.replace(".", "/").removesuffix("table") / "test"
    there = {path.stem for path in room.glob("*.py")} - {"__init__"}
    assert {module.__name__.rpartition(".")[2] for module in table.MODULES} == there


def test_two_tests_of_one_name_are_refused() -> None:
    first = native.TESTS["spike"]
    with pytest.raises(ValueError, match="two tests are named 'spike'"):
        by_name([first, dataclasses.replace(first)])
