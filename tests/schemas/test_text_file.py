"""TOML that people write, within bounds of memory."""

from __future__ import annotations

import tomllib
import tracemalloc

import pytest

from schemas.text_file import MOST_CHARACTERS, parse_toml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".".join(["a"] * 4000) + " = 1", "line 1: a key of 4000 parts, expected at most 9"),
        ("[" + ".".join(["a"] * 4000) + "]", "line 1: a key of 4000 parts"),
        ("b = {" + ".".join(['"a"'] * 4000) + " = 1}", "line 1: a key of 4000 parts"),
        ("b = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("#" * (MOST_CHARACTERS + 1), f"expected at most {MOST_CHARACTERS}"),
        ('a = "' + '\\"' * 9000, "Unterminated string"),
    ],
)
def test_a_text_that_costs_the_parser_much_memory_is_refused(text: str, message: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(tomllib.TOMLDecodeError, match=message):
            parse_toml(text)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_numbers_texts_and_comments_with_many_dots_are_no_keys() -> None:
    numbers = ", ".join(["0.5"] * 20)
    text = f"a = [{numbers}] # {'.' * 20}\nb = \"{'x.' * 20}\"\nc = '{'y.' * 20}'\n"
    assert parse_toml(text) == {"a": [0.5] * 20, "b": "x." * 20, "c": "y." * 20}
