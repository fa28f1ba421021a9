"""What an alert rule of each kind says. Types only; `alerts.rules` reads and checks the file."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - msgspec resolves annotations at run time
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from schemas.alert import RuleKind, Severity
from schemas.message import NetworkCode
from schemas.parameter import parameter
from schemas.units import convert

if TYPE_CHECKING:
    from schemas.network import Station

RuleName = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}\Z")]
LONGEST_H = 87_600.0
"""Ten years: no duration of a rule is longer [h]."""
Hours = Annotated[float, Meta(ge=0, le=LONGEST_H)]
PositiveHours = Annotated[float, Meta(gt=0, le=LONGEST_H)]
Minutes = Annotated[float, Meta(ge=0, le=LONGEST_H * 60)]
Cadences = Annotated[float, Meta(ge=1, le=10_000)]
"""Below one a station would be silent before its next reading is due."""
Text = Annotated[str, Meta(min_length=1)]
Patterns = Annotated[tuple[Text, ...], Meta(min_length=1)]


class RuleAveraging(StrEnum):
    """Which values a threshold is compared with."""

    NATIVE = "native"
    HOUR = "1h"


class Quantile(StrEnum):
    """Which quantile of the forecast is compared."""

    MEDIAN = "q50"
    HIGH = "q90"


class MovingBaseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    window_h: Annotated[int, Meta(ge=24, le=17_568)] = 720
    min_hours: Annotated[int, Meta(ge=3)] = 168
    dry_h: Annotated[int, Meta(ge=0, le=720)] = 3


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
        An alert that was over for longer when it was found is stored but not mailed [h]; 0 mails at any age.
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
    stations: Patterns = ("*",)
    cities: Patterns = ("*",)
    notify_max_age_h: Hours = 24.0
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
        A longer gap without values forgets a pending alert and a begun clearing [h]; of hours at least 1.
    stale_after_h : float
        An open alert without a valid value for so long ends as not evaluated any more [h].
    since, until : date or None
        First and last civil day on which the rule holds (a standard's edition).
    """

    network: NetworkCode
    parameter: str
    unit: str
    averaging: RuleAveraging = RuleAveraging.HOUR
    above: float | None = None
    below: float | None = None
    baseline: MovingBaseline | None = None
    for_h: Hours = 1.0
    clear: float | None = None
    clear_for_h: Hours = 1.0
    max_gap_h: PositiveHours = 6.0
    stale_after_h: PositiveHours = 72.0
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

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` (civil, in the network's zone) is one of the rule's."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

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
    cadences: Cadences = 3.0
    min_minutes: Minutes = 15.0
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
        Looks this far ahead; without a forecast for so long, an open alert ends as not evaluated any more [h].
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
    """Something another part of the system reports of itself by `alerts.run.job.raise_operation`.

    Attributes
    ----------
    prefix : str
        Keys that begin with it belong to this rule; the longest prefix wins.
    clear_after_h : float
        Ends when it was not reported again for this long [h].
    """

    prefix: str = ""
    clear_after_h: PositiveHours = 24.0

    KIND: ClassVar[RuleKind] = RuleKind.OPERATION


Rule = ThresholdRule | SilenceRule | ForecastRule | OperationRule


class AlertRules(msgspec.Struct, frozen=True, kw_only=True):
    """All rules of a file, in file order.

    Attributes
    ----------
    items, disabled : tuple of Rule
        Those in use, and those with ``enabled = false``.
    group_over : int
        More stations than this of one rule in one round become one mail.
    """

    items: tuple[Rule, ...]
    disabled: tuple[Rule, ...] = ()
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
        """Operation rule with the longest prefix of ``key``, a disabled one too; None where no rule is for it."""
        rules = (*self.items, *self.disabled)
        found = [item for item in rules if isinstance(item, OperationRule) and key.startswith(item.prefix)]
        return max(found, key=lambda item: len(item.prefix), default=None)

    def named(self, name: str) -> Rule | None:
        """Rule of that name; None when the file has it no more."""
        return next((item for item in self.items if item.name == name), None)


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
