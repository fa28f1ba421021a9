from __future__ import annotations

import pytest

from qc.wording import TESTS
from schemas.words import LANGUAGES, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_test_has_a_name_and_a_message(language: str) -> None:
    keys = {tuple(key.split(".")[1:]) for key in words(language).catalogue if key.startswith("qc.")}
    assert {test for test, kind in keys if kind == "name"} == {*TESTS, "review"}
    assert {test for test, kind in keys if kind != "name"} == {*TESTS, "review", "any"}
