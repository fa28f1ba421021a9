from __future__ import annotations

import re
import string
from datetime import timedelta
from pathlib import Path

import pytest

import console
from console.i18n import MissingWordError, words
from console.view.health import Advice, LinkState
from schemas.alert import AlertState, RuleKind, Severity
from schemas.message import NetworkCode
from schemas.reading import RejectReason

ROOT = Path(console.__file__).parent
KEY = re.compile(r"""\bt(?:\.words)?\(\s*["']([a-z0-9_.]+)["']\s*[,)]|words\("([a-z0-9_.]+)["']""")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(words("zh").catalogue) == set(words("en").catalogue)


def test_both_languages_use_the_same_placeholders() -> None:
    zh, en = words("zh").catalogue, words("en").catalogue
    assert [key for key in zh if _fields(zh[key]) != _fields(en[key])] == []


def test_every_key_that_pages_name_is_in_the_catalogue() -> None:
    files = [*ROOT.glob("web/templates/*.html"), *ROOT.glob("web/pages/*.py"), *ROOT.glob("view/*.py")]
    named = {first or second for file in files for first, second in KEY.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 80
    assert named - set(words("en").catalogue) == set()


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("state", LinkState),
        ("advice", Advice),
        ("reason", RejectReason),
        ("reason_do", RejectReason),
        ("network", NetworkCode),
        ("network_short", NetworkCode),
        ("alert_state", AlertState),
        ("alert_kind", RuleKind),
        ("severity", Severity),
    ],
)
def test_every_member_of_a_closed_set_has_words(group: str, members: type) -> None:
    assert {f"{group}.{member}" for member in members} <= set(words("zh").catalogue)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(MissingWordError, match="no text for 'nothing'"):
        words("en")("nothing")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (9_000, "2 h 30 min"),
        (172_800, "2 d"),
    ],
)
def test_a_duration_is_told_in_two_units_at_most(seconds: int, text: str) -> None:
    assert words("en").duration(timedelta(seconds=seconds)) == text
