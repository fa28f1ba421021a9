"""Alert rules, read from TOML and parsed strictly.

``deploy/rules.example.toml`` shows every key and ``docs/alerts.md`` explains them. An unknown key, a wrong type, an
unknown parameter, a number that is not finite or a contradiction raises `RulesFileError` with file, rule, key and
expectation.
"""

from __future__ import annotations

import math
import re
import tomllib
from typing import TYPE_CHECKING

import msgspec

from alerts.rules.table import AlertRules, Rule
from schemas.text_file import parse_toml, read_text, toml_line
from store.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.rules.rule import CommonRule

_PATTERNS = (
    ("stations", re.compile(r"(?:[a-z0-9*?-]|\[!?[a-z0-9-]+\])+"), "an id of small letters, digits and dashes"),
    ("cities", re.compile(r"(?:[0-9*?]|\[!?[0-9-]+\])+"), "a GB/T 2260 code of digits"),
)
_TEXTS = ("title_zh", "title_en", "advice_zh", "advice_en", "source")


class RulesFileError(SettingsError):
    """The rules cannot be used; the message names file, rule, key and expectation."""


def load_rules(path: Path) -> AlertRules:
    """Read a rules file; raises `RulesFileError`, also where it cannot be read."""
    return parse_rules(read_text(path, RulesFileError), str(path))


def parse_rules(text: str, name: str) -> AlertRules:
    """Parse rules of TOML; raises `RulesFileError`, whose message begins with ``name``, that of the file."""
    try:
        document = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise RulesFileError(msg) from error
    if unknown := sorted(set(document) - {"rule", "group_over"}):
        msg = f"{name}: key {unknown[0]}: unknown, expected [[rule]] tables and group_over"
        raise RulesFileError(msg)
    group_over = document.get("group_over", 5)
    if not isinstance(group_over, int) or isinstance(group_over, bool) or group_over < 1:
        msg = f"{name}: key group_over: expected a whole number of at least 1"
        raise RulesFileError(msg)
    rules = _parse_tables(document.get("rule", []), name, text)
    return AlertRules(
        items=tuple(rule for rule in rules if rule.enabled),
        disabled=tuple(rule for rule in rules if not rule.enabled),
        group_over=group_over,
    )


def _parse_tables(tables: object, name: str, text: str) -> list[Rule]:
    if not isinstance(tables, list) or not tables:
        msg = f"{name}: key rule: expected at least one [[rule]] table"
        raise RulesFileError(msg)
    rules = []
    for position, table in enumerate(tables, 1):
        try:
            rules.append(_parse_rule(table, f"{name}: rule {_label(table, position)}"))
        except RulesFileError as error:
            msg = f"{error} ({_line_of(text, position, str(error))})"
            raise RulesFileError(msg) from error
    names = [rule.name for rule in rules]
    if doubled := sorted({item for item in names if names.count(item) > 1}):
        msg = f"{name}: rule {doubled[0]!r}: key name: used twice, expected different names"
        raise RulesFileError(msg)
    return rules


def _line_of(text: str, position: int, error: str) -> str:
    """The line of the key that an error names, or else that where its ``[[rule]]`` begins."""
    key = re.search(r": key (?:\w+\.)*(\w+)", error)
    line = toml_line(text, "rule", position - 1, *(key.groups() if key else ()))
    return f"rule number {position}" if line is None else f"line {line}"


def _label(table: object, position: int) -> str:
    return repr(table["name"]) if isinstance(table, dict) and "name" in table else f"number {position}"


def _parse_rule(table: object, place: str) -> Rule:
    try:
        rule: Rule = msgspec.convert(table, Rule)
    except msgspec.ValidationError as error:
        raise RulesFileError(_explain(str(error), place)) from error
    for key, problem in _problems(rule):
        msg = f"{place}: key {key}: {problem}"
        raise RulesFileError(msg)
    return rule


def _explain(error: str, place: str) -> str:
    """Turn msgspec's message into place, key and expectation."""
    if unknown := re.search(r"unknown field `(.+?)`", error):
        return f"{place}: key {unknown[1]}: unknown, see docs/alerts.md for the keys of this kind"
    if missing := re.search(r"missing required field `(.+?)`", error):
        return f"{place}: key {missing[1]}: missing"
    if at := re.search(r"^(.*) - at `\$\.(.+?)`$", error):
        return f"{place}: key {at[2]}: {at[1][0].lower()}{at[1][1:]}"
    return f"{place}: {error}"


def _problems(rule: Rule) -> list[tuple[str, str]]:
    """What contradicts itself in a rule, as (key, expectation); the later checks rely on the earlier ones."""
    return _not_finite(rule) or _text_problems(rule) or _pattern_problems(rule) or rule.contradictions()


def _not_finite(rule: CommonRule) -> list[tuple[str, str]]:
    """TOML writes nan and inf as numbers: nan is neither above nor below anything, inf is never reached."""
    values = msgspec.structs.asdict(rule)
    return [
        (name, f"{value}, expected a finite number")
        for name, value in values.items()
        if isinstance(value, float) and not math.isfinite(value)
    ]


def _text_problems(rule: CommonRule) -> list[tuple[str, str]]:
    """Texts are lines of mails and pages: none has a line break, or characters that reorder those around it."""
    texts = {key: getattr(rule, key) for key in _TEXTS}
    return [(key, f"{text[:80]!r}, expected text on one line") for key, text in texts.items() if not text.isprintable()]


def _pattern_problems(rule: CommonRule) -> list[tuple[str, str]]:
    """Patterns that nothing can match: an id is of small letters, digits and dashes, and a bracket has to be closed."""
    return [
        (f"{key}[{position}]", f"{pattern!r}, expected {expected}, with *, ? and closed [...]")
        for key, allowed, expected in _PATTERNS
        for position, pattern in enumerate(getattr(rule, key))
        if not allowed.fullmatch(pattern)
    ]
