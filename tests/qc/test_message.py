"""The messages that native and hourly tests name are those of the catalogues, with the same figures."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest

from qc.hourly.table import TESTS as HOURLY_TESTS
from qc.native.table import TESTS as NATIVE_TESTS
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    name: test.messages for table in (NATIVE_TESTS, HOURLY_TESTS) for name, test in table.items()
}


@pytest.mark.parametrize("test", TABLES)
def test_the_messages_of_a_test_are_in_the_catalogue_with_its_figures(test: str) -> None:
    found = words("en", f"qc.{test}").catalogue
    named = {
        kind: {name for _, name, *_ in string.Formatter().parse(text) if name}
        for kind, text in found.items()
        if kind != "name"
    }
    assert named == {kind: set(figures) for kind, figures in TABLES[test].items()}
