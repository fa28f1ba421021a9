"""Pattern of two parameters: one beyond a value while another is too, or while their ratio is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.engine import Sample
from alerts.rules.incremental import NEVER, Feed, Sampler, Value
from alerts.rules.limit_check import unit_problems
from alerts.rules.rule import Hours
from alerts.rules.value_rule import RuleAveraging, ValueRule, measured_at, watch_of
from schemas.alert import RuleKind
from schemas.message import NetworkCode
from schemas.parameter import parameter
from schemas.units import convert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch
    from schemas.network import Network


class OtherParameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The second parameter of a pattern, and what it must be.

    Attributes
    ----------
    above, below : float or None
        In ``unit``.
    ratio_above : float or None
        The first parameter divided by this one, each in its unit of the rule. Exactly one of the three.
    """

    network: NetworkCode
    parameter: str
    unit: str
    above: float | None = None
    below: float | None = None
    ratio_above: Annotated[float, Meta(gt=0)] | None = None


class CopollutantRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="copollutant"):
    """A parameter above a value while another one at the station is above or below its own, or their ratio is above one.

    Attributes
    ----------
    above : float
        In ``unit``; for a ratio the value below which none is formed.
    other : OtherParameter
    within_min : float
        Of readings: the newest reading of the other parameter counts when it began at most so long before or after [min].
        Hourly means are of the same hour.
    for_h : float
        [h]
    """

    averaging: RuleAveraging = RuleAveraging.HOUR
    above: float
    other: OtherParameter
    within_min: Annotated[float, Meta(gt=0, le=1_440)] = 10.0
    for_h: Hours = 0.0

    KIND: ClassVar[RuleKind] = RuleKind.COPOLLUTANT

    @property
    def is_of_readings(self) -> bool:
        """By the averaging."""
        return self.averaging is RuleAveraging.NATIVE

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Network, averaging, and the other parameter with its side."""
        del station_id
        side = "ratio" if self.other.ratio_above is not None else "below" if self.other.above is None else "above"
        return {
            "network": self.network.value,
            "averaging": self.averaging.value,
            "other": f"{self.other.network.value}/{self.other.parameter}/{side}",
        }

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if problems := self.parameter_problems():
            return problems
        other = self.other
        if problems := unit_problems(other):
            return [(f"other.{key}", why) for key, why in problems]
        if other.network not in parameter(other.parameter).networks:
            return [("other.parameter", f"{other.parameter!r} is not a parameter of network {other.network}")]
        if other.parameter == self.parameter and other.network == self.network:
            return [("other.parameter", "expected another parameter")]
        if sum(item is not None for item in (other.above, other.below, other.ratio_above)) != 1:
            return [("other.above", "expected exactly one of above, below and ratio_above")]
        return []

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station that measures both."""
        del baselines
        is_hourly = self.averaging is RuleAveraging.HOUR
        for station, _ in measured_at(self, network):
            if self.other.parameter not in {
                code for item in station.instruments_of(self.other.network) for code in item.parameters
            }:
                continue
            feeds = (
                Feed(station.id, self.network, self.parameter, is_hourly),
                Feed(station.id, self.other.network, self.other.parameter, is_hourly),
            )
            yield watch_of(self, station.id, feeds, CopollutantSampler(self), for_h=self.for_h)


class CopollutantSampler(Sampler):
    """The limit of the first parameter, which depends on the newest value of the other one."""

    def __init__(self, rule: CopollutantRule) -> None:
        other = rule.other
        known = parameter(other.parameter)
        self._code = rule.parameter
        self._limit = rule.canonical(rule.above)
        self._within = timedelta(0) if rule.averaging is RuleAveraging.HOUR else timedelta(minutes=rule.within_min)
        self._above = None if other.above is None else convert(other.above, other.unit, known)
        self._below = None if other.below is None else convert(other.below, other.unit, known)
        self._ratio = 0.0
        if other.ratio_above is not None:
            step = convert(1.0, other.unit, known) - convert(0.0, other.unit, known)
            self._ratio = other.ratio_above * rule.canonical(1.0, is_difference=True) / step
        self._other_code = other.parameter
        self._other: Value | None = None
        self._waiting: Value | None = None
        self._last: tuple[Value, Value] | None = None

    def sample(self, value: Value) -> Sample | None:
        """None while one of the two is missing; where the other one comes later, the sample is made then."""
        if value.parameter == self._code:
            if self._other is None or abs(value.start - self._other.start) > self._within:
                self._waiting = value
                return None
            return self._of(value, self._other)
        self._other = value
        waiting, self._waiting = self._waiting, None
        if waiting is None or abs(waiting.start - value.start) > self._within:
            return None
        return self._of(waiting, value)

    def _of(self, value: Value, other: Value) -> Sample:
        limit = self._limit
        if self._above is not None:
            limit = limit if other.value > self._above else NEVER
        elif self._below is not None:
            limit = limit if other.value < self._below else NEVER
        else:
            limit = max(limit, self._ratio * other.value)
        self._last = (value, other)
        return Sample(value.start, value.end, value.value, limit, limit, value.is_at_least)

    def evidence(self) -> dict[str, object]:
        """The other value, in its canonical unit."""
        if self._last is None:
            return {}
        other = self._last[1]
        return {
            "other_parameter": self._other_code,
            "other_value": other.value,
            "other_unit": parameter(self._other_code).unit,
            "other_at": other.start.isoformat(),
        }

    def memory(self) -> object:
        """The newest value of the other parameter."""
        return None if self._other is None else list(self._other)

    def restore(self, memory: object) -> None:
        """Take up the newest value of the other parameter."""
        self._other = msgspec.convert(memory, Value)
