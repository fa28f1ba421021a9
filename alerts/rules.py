"""Alert rules, read from TOML and parsed strictly.

``deploy/rules.example.toml`` shows every key and ``docs/alerts.md`` explains them. An unknown key, a wrong type, an
unknown parameter or a contradiction raises `RulesFileError` with file, rule, key and expectation.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence  # noqa: TC003 - msgspec resolves annotations at run time
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from schemas.alert import RuleKind, Severity
from schemas.message import NetworkCode
from schemas.parameter import ParameterError, parameter
from schemas.units import convert
from store.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.network import Station

RuleName = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}$")]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]


class RulesFileError(SettingsError):
    """The rules cannot be used; the message names file, rule, key and expectation."""


class RuleAveraging(StrEnum):
    """Which values a threshold is compared with."""

    NATIVE = "native"
    HOUR = "1h"


class Quantile(StrEnum):
    """Which quantile of the forecast is compared."""

    MEDIAN = "q50"
    HIGH = "q90"


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A threshold that moves with the station: ``above`` is counted from the running median.

    Attributes
    ----------
    window_h : int
        Hours before the judged one that form the median [h].
    min_hours : int
        Fewer valid hours in the window: no verdict.
    dry_h : int
        No verdict while any rain fell within these hours (wash-out of radon progeny) [h]; 0 ignores rain.
    """

    window_h: Annotated[int, Meta(ge=24)] = 720
    min_hours: Annotated[int, Meta(ge=3)] = 168
    dry_h: Annotated[int, Meta(ge=0)] = 3


class CommonRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every rule has.

    Attributes
    ----------
    name : str
        First part of every alert key; also the order of equal severities in listings.
    title_zh, title_en, advice_zh, advice_en : str
        What happened and what to do, for the duty officer.
    severity : Severity
    source : str
        Where the figure comes from (standard and table, or ``project default``).
    verified : bool
        Whether that source itself was read.
    stations, cities : tuple of str
        Shell patterns of station ids and of GB/T 2260 codes; both must match.
    notify_max_age_h : float
        A transition older than this when it is found is stored but not mailed [h]; 0 mails at any age.
    enabled : bool
    """

    name: RuleName
    title_zh: Text
    title_en: Text
    advice_zh: Text
    advice_en: Text
    severity: Severity
    source: Text
    verified: bool
    stations: tuple[str, ...] = ("*",)
    cities: tuple[str, ...] = ("*",)
    notify_max_age_h: NotNegative = 24.0
    enabled: bool = True

    KIND: ClassVar[RuleKind]

    def title(self, language: str) -> str:
        """Title in ``zh`` or ``en``."""
        return self.title_zh if language == "zh" else self.title_en

    def advice(self, language: str) -> str:
        """What to do, in ``zh`` or ``en``."""
        return self.advice_zh if language == "zh" else self.advice_en

    def covers(self, station: Station) -> bool:
        """Whether the rule looks at ``station``."""
        return _matches(station.id, self.stations) and _matches(station.city, self.cities)


class ThresholdRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="threshold"):
    """A parameter beyond a value.

    Attributes
    ----------
    above, below : float or None
        Exactly one of them, in ``unit``; reaching it is not an exceedance.
    for_h : float
        The condition must hold this long in observed time [h]; 0: one value is enough.
    clear : float or None
        To end, values must be on the other side of this (hysteresis), in ``unit``; None is the threshold itself.
    clear_for_h : float
        And this long [h].
    max_gap_h : float
        A longer gap without values forgets a pending alert and a begun clearing [h].
    since, until : date or None
        First and last civil day on which the rule holds (a standard's edition).
    """

    network: NetworkCode
    parameter: str
    unit: str
    averaging: RuleAveraging = RuleAveraging.HOUR
    above: float | None = None
    below: float | None = None
    baseline: Baseline | None = None
    for_h: NotNegative = 1.0
    clear: float | None = None
    clear_for_h: NotNegative = 1.0
    max_gap_h: Positive = 6.0
    since: date | None = None
    until: date | None = None

    KIND: ClassVar[RuleKind] = RuleKind.THRESHOLD

    @property
    def limit(self) -> float:
        """Threshold (or offset from the baseline) in the parameter's canonical unit."""
        return self._canonical(self.above if self.above is not None else self.below)

    @property
    def clear_limit(self) -> float:
        """Value that ends the alert in the canonical unit."""
        return self.limit if self.clear is None else self._canonical(self.clear)

    def _canonical(self, value: float | None) -> float:
        assert value is not None, "checked when the file was read"
        known = parameter(self.parameter)
        if self.baseline:  # a difference: a unit's offset cancels
            return convert(value, self.unit, known) - convert(0.0, self.unit, known)
        return convert(value, self.unit, known)


class SilenceRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="silence"):
    """No reading of a network's instruments at a station.

    Attributes
    ----------
    networks : tuple of NetworkCode
        Empty: all.
    cadences : float
        Silent after this many cadences of its slowest instrument in the network.
    min_minutes : float
        But not before this long [min].
    all_stations : int
        From this many live stations on, the silence of all of them is one alert about collector and broker.
    """

    networks: tuple[NetworkCode, ...] = ()
    cadences: Positive = 3.0
    min_minutes: NotNegative = 15.0
    all_stations: Annotated[int, Meta(ge=2)] = 3

    KIND: ClassVar[RuleKind] = RuleKind.SILENCE


class ForecastRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="forecast"):
    """The hourly forecast goes beyond a value within its lead time.

    Attributes
    ----------
    parameter : str
    quantile : Quantile
    above : float
        In ``unit``.
    lead_h : float
        Looks this far ahead [h].
    hours : int
        At least this many forecast hours are above.
    clear : float or None
    """

    parameter: str
    unit: str
    above: float
    quantile: Quantile = Quantile.MEDIAN
    lead_h: Annotated[float, Meta(gt=0, le=240)] = 24.0
    hours: Annotated[int, Meta(ge=1)] = 1
    clear: float | None = None

    KIND: ClassVar[RuleKind] = RuleKind.FORECAST

    @property
    def limit(self) -> float:
        """Threshold in the canonical unit."""
        return convert(self.above, self.unit, parameter(self.parameter))

    @property
    def clear_limit(self) -> float:
        """Value that ends the alert in the canonical unit."""
        return self.limit if self.clear is None else convert(self.clear, self.unit, parameter(self.parameter))


class OperationRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="operation"):
    """Something another part of the system reports of itself by `alerts.job.raise_operation`.

    Attributes
    ----------
    prefix : str
        Keys that begin with it belong to this rule; the longest prefix wins.
    clear_after_h : float
        Ends when it was not reported again for this long [h].
    """

    prefix: str = ""
    clear_after_h: Positive = 24.0

    KIND: ClassVar[RuleKind] = RuleKind.OPERATION


Rule = ThresholdRule | SilenceRule | ForecastRule | OperationRule
_Known = ThresholdRule | SilenceRule | ForecastRule | OperationRule


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules of a file, in file order, without the disabled ones.

    Attributes
    ----------
    group_over : int
        More stations than this of one rule in one round become one mail.
    """

    items: tuple[Rule, ...]
    group_over: int = 5

    def thresholds(self) -> tuple[ThresholdRule, ...]:
        """Rules of kind threshold."""
        return tuple(item for item in self.items if isinstance(item, ThresholdRule))

    def silences(self) -> tuple[SilenceRule, ...]:
        """Rules of kind silence."""
        return tuple(item for item in self.items if isinstance(item, SilenceRule))

    def forecasts(self) -> tuple[ForecastRule, ...]:
        """Rules of kind forecast."""
        return tuple(item for item in self.items if isinstance(item, ForecastRule))

    def operation(self, key: str) -> OperationRule | None:
        """Operation rule with the longest prefix of ``key``; None where no rule is for it."""
        found = [item for item in self.items if isinstance(item, OperationRule) and key.startswith(item.prefix)]
        return max(found, key=lambda item: len(item.prefix), default=None)

    def named(self, name: str) -> Rule | None:
        """Rule of that name; None when the file has it no more."""
        return next((item for item in self.items if item.name == name), None)


def load_rules(path: Path) -> Rules:
    """Read a rules file; raises `RulesFileError`, also where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise RulesFileError(msg) from error
    return parse_rules(text, str(path))


def parse_rules(text: str, name: str) -> Rules:
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
    return Rules(items=tuple(rule for rule in rules if rule.enabled), group_over=group_over)


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
        rule: Rule = msgspec.convert(table, _Known)
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
    if isinstance(rule, ThresholdRule):
        return _threshold_problems(rule)
    if isinstance(rule, ForecastRule):
        return _unit_problems(rule) or _clear_problems(rule.limit, rule.clear_limit, above=True)
    return []


def _threshold_problems(rule: ThresholdRule) -> list[tuple[str, str]]:
    if (rule.above is None) == (rule.below is None):
        return [("above", "expected exactly one of above and below")]
    if problems := _unit_problems(rule):
        return problems
    if rule.network not in parameter(rule.parameter).networks:
        return [("parameter", f"{rule.parameter!r} is not a parameter of network {rule.network}")]
    if rule.baseline and rule.averaging is not RuleAveraging.HOUR:
        return [("baseline", "expected averaging = '1h' with a baseline")]
    if rule.since and rule.until and rule.until < rule.since:
        return [("until", "expected a day not before since")]
    return _clear_problems(rule.limit, rule.clear_limit, above=rule.above is not None)


def _unit_problems(rule: ThresholdRule | ForecastRule) -> list[tuple[str, str]]:
    try:
        known = parameter(rule.parameter)
    except ParameterError as error:
        return [("parameter", str(error))]
    if rule.unit not in known.allowed_units:
        return [("unit", f"{rule.unit!r}, expected one of {', '.join(known.allowed_units)}")]
    return []


def _clear_problems(limit: float, clear: float, *, above: bool) -> list[tuple[str, str]]:
    if (above and clear > limit) or (not above and clear < limit):
        side = "at most" if above else "at least"
        return [("clear", f"expected {side} the threshold")]
    return []


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
