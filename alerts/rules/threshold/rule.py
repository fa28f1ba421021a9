"""Threshold rules: a parameter beyond a value, or beyond its moving baseline."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.rules.incremental import Feed, FixedLimit
from alerts.rules.limit_check import clear_problems, level_problems
from alerts.rules.rule import Hours, instruments_of
from alerts.rules.value_rule import RuleAveraging, ValueRule, measured_at, watch_of
from schemas.alert import RuleKind
from schemas.interval import midnight
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch
    from schemas.network import Network, Station


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


class ThresholdRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="threshold"):
    """A parameter beyond a value.

    Attributes
    ----------
    above, below : float or None
        Exactly one of them, in ``unit``; reaching it is not an exceedance.
    for_h : float
        The condition must hold this long in observed time [h]; 0: one value is enough.
    clear : float or None
        To end, values must be on the other side of this (hysteresis), in ``unit``; None is the threshold itself.
    since, until : date or None
        First and last civil day on which the rule holds (a standard's edition).
    """

    averaging: RuleAveraging = RuleAveraging.HOUR
    above: float | None = None
    below: float | None = None
    baseline: MovingBaseline | None = None
    for_h: Hours = 1.0
    clear: float | None = None
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
    def is_of_readings(self) -> bool:
        """By the averaging."""
        return self.averaging is RuleAveraging.NATIVE

    @property
    def is_of_low_values(self) -> bool:
        """Whether values below a threshold are looked for."""
        return self.above is None

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Network, averaging, side and whether there is a baseline."""
        del station_id
        return {
            "network": self.network.value,
            "averaging": self.averaging.value,
            "side": "above" if self.above is not None else "below",
            "baseline": self.baseline is not None,
        }

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station; none with a baseline, which needs weeks of stored hours."""
        del baselines
        if self.baseline is not None:
            return
        zone = network.timezone
        since = None if self.since is None else midnight(self.since, zone)
        until = None if self.until is None else midnight(self.until + timedelta(days=1), zone)
        for station, _ in measured_at(self, network):
            feed = Feed(station.id, self.network, self.parameter, is_hourly=self.averaging is RuleAveraging.HOUR)
            sampler = FixedLimit(self.limit, self.clear_limit)
            watch = watch_of(self, station.id, (feed,), sampler, above=self.above is not None, for_h=self.for_h)
            yield replace(watch, since=since, until=until)

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if (self.above is None) == (self.below is None):
            return [("above", "expected exactly one of above and below")]
        if problems := self.parameter_problems():
            return problems
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
        return self.canonical(value, is_difference=self.baseline is not None)


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
