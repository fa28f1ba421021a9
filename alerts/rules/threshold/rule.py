"""Threshold rules: a parameter beyond a value, or beyond its moving baseline."""

from __future__ import annotations

import math
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.rules.limit_check import clear_problems, level_problems, unit_problems
from alerts.rules.rule import CommonRule, Hours, PositiveHours, instruments_of
from schemas.alert import RuleKind
from schemas.message import NetworkCode
from schemas.parameter import parameter
from schemas.units import convert

if TYPE_CHECKING:
    from schemas.network import Instrument, Station


class RuleAveraging(StrEnum):
    """Which values a threshold is compared with."""

    NATIVE = "native"
    HOUR = "1h"


class MovingBaseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A threshold that moves with the station: ``above`` is counted from the running median.

    Attributes
    ----------
    window_h : int
        Hours before the evaluated one that form the median [h].
    min_hours : int
        Fewer valid hours in the window: no verdict.
    dry_h : int
        No verdict while any rain fell within these hours (wash-out of radon progeny) [h]; 0 ignores rain.
    """

    window_h: Annotated[int, Meta(ge=24, le=17_568)] = 720
    min_hours: Annotated[int, Meta(ge=3)] = 168
    dry_h: Annotated[int, Meta(ge=0, le=720)] = 3


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

    @property
    def watched_parameter(self) -> str:
        """The parameter."""
        return self.parameter

    def reads(self, instrument: Instrument) -> bool:
        """Instruments of the rule's network that measure its parameter."""
        return instrument.network == self.network and self.parameter in instrument.parameters

    def subject(self) -> str:
        """Parameter and network."""
        return f"{self.parameter} in network {self.network}"

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Network, averaging, side and whether there is a baseline."""
        del station_id
        return {
            "network": self.network.value,
            "averaging": self.averaging.value,
            "side": "above" if self.above is not None else "below",
            "baseline": self.baseline is not None,
        }

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if (self.above is None) == (self.below is None):
            return [("above", "expected exactly one of above and below")]
        if problems := unit_problems(self):
            return problems
        if self.network not in parameter(self.parameter).networks:
            return [("parameter", f"{self.parameter!r} is not a parameter of network {self.network}")]
        if self.since and self.until and self.until < self.since:
            return [("until", "expected a day not before since")]
        above = self.above is not None
        if self.baseline:
            problems = _baseline_problems(self, self.baseline, above=above)
        else:
            problems = level_problems(self, above=above)
        return problems or _span_problems(self)

    def _canonical(self, value: float | None) -> float:
        assert value is not None, "checked when the file was read"
        known = parameter(self.parameter)
        if self.baseline:  # a difference: a unit's offset cancels
            return convert(value, self.unit, known) - convert(0.0, self.unit, known)
        return convert(value, self.unit, known)


def forgets(rule: ThresholdRule, station: Station) -> bool:
    """Whether each value of a station is forgotten before the next one, though one does not last for ``for_h``.

    A value covers its hour, or natively its cadence; the gap is the time between two values.
    """
    if rule.averaging is not RuleAveraging.HOUR or rule.for_h <= 1:
        return False
    gaps_h = [item.cadence_s / 3_600 - 1 for item in instruments_of(rule, station)]
    return bool(gaps_h) and min(gaps_h) > rule.max_gap_h


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
    return clear_problems(rule.limit, rule.clear_limit, above=above)
