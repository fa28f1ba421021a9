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

from alerts.rules.rule import (
    AlertRules,
    CommonRule,
    ForecastRule,
    MovingBaseline,
    OperationRule,
    Quantile,
    Rule,
    RuleAveraging,
    SilenceRule,
    ThresholdRule,
)
from schemas.parameter import AveragingMethod, ParameterError, parameter
from schemas.units import UnitError, conversion
from store.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AlertRules",
    "CommonRule",
    "ForecastRule",
    "MovingBaseline",
    "OperationRule",
    "Quantile",
    "Rule",
    "RuleAveraging",
    "RulesFileError",
    "SilenceRule",
    "ThresholdRule",
    "load_rules",
    "parse_rules",
]


_PATTERNS = (
    ("stations", re.compile(r"(?:[a-z0-9*?-]|\[!?[a-z0-9-]+\])+"), "an id of small letters, digits and dashes"),
    ("cities", re.compile(r"(?:[0-9*?]|\[!?[0-9-]+\])+"), "a GB/T 2260 code of digits"),
)


class RulesFileError(SettingsError):
    """The rules cannot be used; the message names file, rule, key and expectation."""


def load_rules(path: Path) -> AlertRules:
    """Read a rules file; raises `RulesFileError`, also where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise RulesFileError(msg) from error
    return parse_rules(text, str(path))


def parse_rules(text: str, name: str) -> AlertRules:
    """Parse rules.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        File name for error messages.

    Raises
    ------
    RulesFileError
    """
    try:
        document = tomllib.loads(text)
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
    rules = _parse_tables(document.get("rule", []), name)
    return AlertRules(
        items=tuple(rule for rule in rules if rule.enabled),
        disabled=tuple(rule for rule in rules if not rule.enabled),
        group_over=group_over,
    )


def _parse_tables(tables: object, name: str) -> list[Rule]:
    if not isinstance(tables, list) or not tables:
        msg = f"{name}: key rule: expected at least one [[rule]] table"
        raise RulesFileError(msg)
    rules = [_parse_rule(table, f"{name}: rule {_label(table, position)}") for position, table in enumerate(tables, 1)]
    names = [rule.name for rule in rules]
    if doubled := sorted({item for item in names if names.count(item) > 1}):
        msg = f"{name}: rule {doubled[0]!r}: key name: used twice, expected different names"
        raise RulesFileError(msg)
    return rules


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
    if problems := _not_finite(rule):
        return problems
    if problems := _pattern_problems(rule):
        return problems
    if isinstance(rule, ThresholdRule):
        return _threshold_problems(rule)
    if isinstance(rule, ForecastRule):
        return _unit_problems(rule) or _forecast_problems(rule)
    return []


def _not_finite(rule: CommonRule | MovingBaseline) -> list[tuple[str, str]]:
    """TOML writes nan and inf as numbers: nan is neither above nor below anything, inf is never reached."""
    values = msgspec.structs.asdict(rule)
    return [
        (name, f"{value}, expected a finite number")
        for name, value in values.items()
        if isinstance(value, float) and not math.isfinite(value)
    ]


def _pattern_problems(rule: CommonRule) -> list[tuple[str, str]]:
    """Patterns that nothing can match: an id is of small letters, digits and dashes, and a bracket has to be closed."""
    return [
        (f"{key}[{position}]", f"{pattern!r}, expected {expected}, with *, ? and closed [...]")
        for key, allowed, expected in _PATTERNS
        for position, pattern in enumerate(getattr(rule, key))
        if not allowed.fullmatch(pattern)
    ]


def _threshold_problems(rule: ThresholdRule) -> list[tuple[str, str]]:
    if (rule.above is None) == (rule.below is None):
        return [("above", "expected exactly one of above and below")]
    if problems := _unit_problems(rule):
        return problems
    if rule.network not in parameter(rule.parameter).networks:
        return [("parameter", f"{rule.parameter!r} is not a parameter of network {rule.network}")]
    if rule.since and rule.until and rule.until < rule.since:
        return [("until", "expected a day not before since")]
    above = rule.above is not None
    if rule.baseline:
        problems = _baseline_problems(rule, rule.baseline, above=above)
    else:
        problems = _level_problems(rule, above=above)
    return problems or _span_problems(rule)


def _span_problems(rule: ThresholdRule) -> list[tuple[str, str]]:
    """Spans between values that are shorter than from one hour to the next."""
    if rule.averaging is not RuleAveraging.HOUR:
        return []
    spans = (("max_gap_h", rule.max_gap_h), ("stale_after_h", rule.stale_after_h))
    return [(key, f"{span:g}, expected at least 1: hours are an hour apart") for key, span in spans if span < 1]


def _baseline_problems(rule: ThresholdRule, baseline: MovingBaseline, *, above: bool) -> list[tuple[str, str]]:
    if rule.averaging is not RuleAveraging.HOUR:
        return [("baseline", "expected averaging = '1h' with a baseline")]
    if baseline.min_hours > baseline.window_h:
        return [("baseline.min_hours", f"{baseline.min_hours}, expected at most window_h = {baseline.window_h}")]
    sign, side = (1, "above") if above else (-1, "below")
    if sign * rule.limit <= 0:
        return [(side, f"expected a difference {side} zero: it is counted from the baseline")]
    known = parameter(rule.parameter)
    span = math.inf if known.range_min is None or known.range_max is None else known.range_max - known.range_min
    if abs(rule.limit) >= span:
        return [
            (side, f"expected a difference below the width of the range of {rule.parameter}, {span:g} {known.unit}")
        ]
    if sign * rule.clear_limit < 0:
        return [("clear", "expected zero or a difference on the side of the threshold, else the alert may never end")]
    return _clear_problems(rule.limit, rule.clear_limit, above=above)


def _forecast_problems(rule: ForecastRule) -> list[tuple[str, str]]:
    if rule.hours > rule.lead_h:
        return [("hours", f"{rule.hours}, expected at most lead_h = {rule.lead_h:g}")]
    return _level_problems(rule, above=True)


def _level_problems(rule: ThresholdRule | ForecastRule, *, above: bool) -> list[tuple[str, str]]:
    """A threshold that no value can pass, and a clear value that none can come back to."""
    known = parameter(rule.parameter)
    low = -math.inf if known.range_min is None else known.range_min
    high = math.inf if known.range_max is None else known.range_max
    span = f"expected a value within the range of {rule.parameter}, {low:g} to {high:g} {known.unit}"
    if not low < rule.limit < high:
        return [("above" if above else "below", span)]
    if not low <= rule.clear_limit <= high:
        return [("clear", span)]
    return _clear_problems(rule.limit, rule.clear_limit, above=above)


def _unit_problems(rule: ThresholdRule | ForecastRule) -> list[tuple[str, str]]:
    try:
        known = parameter(rule.parameter)
    except ParameterError as error:
        return [("parameter", str(error))]
    if known.averaging is AveragingMethod.VECTOR:
        return [("parameter", f"{rule.parameter!r} is a direction: 359 and 1 are neighbours, no threshold parts them")]
    try:
        conversion(rule.unit, known)
    except UnitError:
        return [("unit", f"{rule.unit!r}, expected one of {', '.join(known.allowed_units)}")]
    return []


def _clear_problems(limit: float, clear: float, *, above: bool) -> list[tuple[str, str]]:
    if (above and clear > limit) or (not above and clear < limit):
        side = "at most" if above else "at least"
        return [("clear", f"expected {side} the threshold")]
    return []
