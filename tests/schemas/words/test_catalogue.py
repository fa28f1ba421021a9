from __future__ import annotations

import re
import string
import subprocess
import sys
from importlib.resources import files

import pytest

from schemas.words import LANGUAGES, words

#: Chinese that reads as translated; the English phrases are those of `tests/schemas/test_plain_words.py`.
FORBIDDEN = ("有人", "谁也", "用文字")


def _arguments(text: str) -> set[tuple[str, str]]:
    """Names and formats; a plural is a matter of the language, and so is a text that is left out where a figure is not known."""
    found: set[tuple[str, str]] = set()
    for _, name, spec, _ in string.Formatter().parse(text):
        if not name:
            continue
        kind, _, rest = (spec or "").partition(".")
        found |= _arguments(rest) if kind == "known" else set()
        found.add((name, {"known": "known", "plural": ""}.get(kind, spec or "")))
    return found


def _source(language: str) -> str:
    return files("schemas.words").joinpath(f"{language}.po").read_text(encoding="utf-8")


def test_every_key_has_a_text_in_both_languages() -> None:
    english, chinese = (words(language).catalogue for language in LANGUAGES)
    assert set(english) ^ set(chinese) == set()
    assert [key for catalogue in (english, chinese) for key, text in catalogue.items() if not text] == []


def test_both_languages_write_the_same_figures_in_the_same_way() -> None:
    english, chinese = words("en").catalogue, words("zh").catalogue
    assert {key for key in english if _arguments(english[key]) != _arguments(chinese[key])} == set()


def test_a_noun_after_a_count_has_a_singular() -> None:
    nouns = "days|entries|instruments|intervals|messages|parameters|readings|records|rounds|rows|stations|times|values"
    after_count = re.compile(rf"\{{[a-z_]+\}} (?:[a-z]+ )?(?:{nouns})\b")
    texts = words("en").catalogue.items()
    assert {key: text for key, text in texts if after_count.search(text)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_listed_twice(language: str) -> None:
    keys = re.findall(r'^msgid "(.+)"$', _source(language), re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(words(language).catalogue)


def test_no_chinese_text_holds_a_phrase_that_is_not_plain() -> None:
    texts = words("zh").catalogue.items()
    assert {key: phrase for key, text in texts for phrase in FORBIDDEN if phrase in text} == {}


def test_a_process_that_writes_no_text_does_not_load_babel() -> None:
    code = "import sys, schemas.words, schemas.reason; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
