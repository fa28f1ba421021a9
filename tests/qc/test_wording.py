from __future__ import annotations

import re

import pytest

from qc.wording import TESTS, in_chinese, reason, taken_back

KINDS = [(name, kind) for name, item in TESTS.items() for kind in item.sentences]


@pytest.mark.parametrize(("test", "kind"), KINDS)
def test_every_sentence_comes_back_in_chinese_with_its_figures(test: str, kind: str) -> None:
    english, chinese = TESTS[test].sentences[kind]
    names = re.findall(r"\{(\w+)\}", english)
    assert sorted(names) == sorted(re.findall(r"\{(\w+)\}", chinese)) or set(re.findall(r"\{(\w+)\}", chinese)) == set(
        names
    )
    figures = {name: -1.5 - index for index, name in enumerate(names)}
    translated = in_chinese(test, reason(test, kind, **figures))
    assert translated == chinese.format(**{name: f"{value:g}" for name, value in figures.items()})


def test_words_are_translated_too() -> None:
    assert in_chinese("status", reason("status", "letter", letter="C", word="calibration")) == "仪器自报标识 C：校准"


def test_foreign_text_stays_as_it_is() -> None:
    assert in_chinese("status", "a reviewer's own words") == "a reviewer's own words"
    assert in_chinese("no_such_test", "x") == "x"
    assert in_chinese("spike", taken_back()) == "后续运行已撤销"
