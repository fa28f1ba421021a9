"""Robust deviation from what is usual: an hourly mean far above the station's own median at this hour of the day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from alerts.engine import Sample
from alerts.rules.incremental import Feed, Sampler
from alerts.rules.value_rule import ValueRule, measured_at, watch_of
from schemas.alert import RuleKind
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch, Value
    from schemas.network import Network


class HourOfDayRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hour_of_day"):
    """An hourly mean above the station's own median of this hour of the day by a multiple of its spread.

    Attributes
    ----------
    z_above : float
        Multiple of the spread (median absolute deviation times 1.4826) [1].
    floor : float
        And above this, in ``unit``: far from the usual may still be little.
    clear_z : float or None
        To end, the hour must be at most so far above the median, or at most ``floor`` [1]; None: ``z_above``.
    days : int
        Days before today whose stored hours tell what is usual [d].
    min_days : int
        Fewer valid values of this hour of the day: no verdict.
    """

    z_above: Annotated[float, Meta(gt=0, le=100)]
    floor: float
    clear_z: Annotated[float, Meta(gt=0, le=100)] | None = None
    days: Annotated[int, Meta(ge=7, le=366)] = 28
    min_days: Annotated[int, Meta(ge=3)] = 10

    KIND: ClassVar[RuleKind] = RuleKind.HOUR_OF_DAY

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The network."""
        del station_id
        return {"network": self.network.value}

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if problems := self.parameter_problems():
            return problems
        if self.min_days > self.days:
            return [("min_days", f"{self.min_days}, expected at most days = {self.days}")]
        if self.clear_z is not None and self.clear_z > self.z_above:
            return [("clear_z", "expected at most z_above")]
        return []

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station."""
        for station, _ in measured_at(self, network):
            feed = Feed(station.id, self.network, self.parameter, is_hourly=True)
            sampler = HourOfDaySampler(self, station.id, network.timezone, baselines)
            yield watch_of(self, station.id, (feed,), sampler)


class HourOfDaySampler(Sampler):
    """Limits by civil hour of the day.

    The spread counts as at least one digit of the parameter, since hours that are all equal have none.
    """

    def __init__(self, rule: HourOfDayRule, station_id: str, zone: ZoneInfo, baselines: Baselines) -> None:
        self._key = (rule.network.value, station_id, rule.parameter, rule.days)
        self._zone = zone
        self._baselines = baselines
        self._floor = rule.canonical(rule.floor)
        self._z, self._clear_z = rule.z_above, rule.clear_z or rule.z_above
        self._least = 10.0 ** -parameter(rule.parameter).decimals
        self._usual: tuple[float, float] | None = None
        self._value = math.nan

    def sample(self, value: Value) -> Sample | None:
        """None where it is not known what is usual."""
        usual = self._baselines.get(*self._key)
        hour = value.start.astimezone(self._zone).hour
        if usual is None or math.isnan(usual.median[hour]):
            return None
        median, spread = usual.median[hour], max(usual.spread[hour], self._least)
        self._usual, self._value = (median, spread), value.value
        limit = max(median + self._z * spread, self._floor)
        clear = max(median + self._clear_z * spread, self._floor)
        return Sample(value.start, value.end, value.value, limit, clear, value.is_at_least)

    def evidence(self) -> dict[str, object]:
        """Median, spread and the multiple of it."""
        if self._usual is None:
            return {}
        median, spread = self._usual
        return {"median": median, "spread": spread, "z": (self._value - median) / spread, "days": self._key[3]}
