"""Persistence: an instrument repeats one value for too long; a fault of the instrument, not an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.engine import Sample
from alerts.rules.incremental import NEVER, Feed, Sampler
from alerts.rules.rule import PositiveHours
from alerts.rules.value_rule import ValueRule, measured_at, watch_of
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch, Value
    from schemas.network import Network


class PersistenceRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="persistence"):
    """Readings that do not change for ``for_h``.

    Attributes
    ----------
    for_h : float
        From the start of the first to the end of the last equal reading [h].
    min_values : int
        And at least so many of them [1].
    tolerance : float
        Readings that differ by at most this from the first one are equal, a difference in ``unit``.
    ignore_up_to : float or None
        Readings at or below it may stay as they are (no rain, no sunlight, below the detection limit), in ``unit``.
    """

    for_h: PositiveHours
    min_values: Annotated[int, Meta(ge=3)] = 6
    tolerance: Annotated[float, Meta(ge=0)] = 0.0
    ignore_up_to: float | None = None

    KIND: ClassVar[RuleKind] = RuleKind.PERSISTENCE

    @property
    def is_of_readings(self) -> bool:
        """Always."""
        return True

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The network."""
        del station_id
        return {"network": self.network.value}

    def contradictions(self) -> list[tuple[str, str]]:
        """Parameter and unit; a gap that is longer than the whole time would hide that nothing came."""
        if problems := self.parameter_problems():
            return problems
        if self.max_gap_h > self.for_h:
            return [("max_gap_h", f"{self.max_gap_h:g}, expected at most for_h = {self.for_h:g}")]
        return []

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station."""
        del baselines
        for station, _ in measured_at(self, network):
            feed = Feed(station.id, self.network, self.parameter, is_hourly=False)
            yield watch_of(self, station.id, (feed,), PersistenceSampler(self))

    def is_forgotten(self, cadence_s: int) -> bool:
        """Whether the readings of an instrument are further apart than a run may pause."""
        return cadence_s > self.max_gap_h * 3600


class EqualRun(msgspec.Struct):
    """Readings of one instrument that are equal to the first of them; ``value`` in the canonical unit."""

    value: float
    since: datetime
    end: datetime
    count: int = 1


class PersistenceSampler(Sampler):
    """Every value of a long run is beyond, every other one is not."""

    def __init__(self, rule: PersistenceRule) -> None:
        self._before_last = rule.min_values - 1
        self._tolerance = rule.canonical(rule.tolerance, is_difference=True)
        self._least = -NEVER if rule.ignore_up_to is None else rule.canonical(rule.ignore_up_to)
        self._for = timedelta(hours=rule.for_h)
        self._gap = timedelta(hours=rule.max_gap_h)
        self._runs: dict[str, EqualRun] = {}
        self._last: EqualRun | None = None

    def sample(self, value: Value) -> Sample:
        """A sample of every value."""
        run = self._last = self._continued(value.source, value.start, value.end, value.value)
        limit = -NEVER if self._is_long(run, value.end, value.value) else NEVER
        return Sample(value.start, value.end, value.value, limit, limit, value.is_at_least)

    def is_quiet(self, source: str, start: datetime, end: datetime, value: float) -> bool:
        """A reading that differs, or of a run that is not long enough."""
        run = self._runs.get(source)
        if run is None:
            self._runs[source] = EqualRun(value, start, end)
        elif -self._tolerance <= value - run.value <= self._tolerance and start - run.end <= self._gap:
            if run.count >= self._before_last:
                return False
            run.count += 1
            run.end = end
        else:
            run.value, run.since, run.end, run.count = value, start, end, 1
        return True

    def _is_equal(self, run: EqualRun, start: datetime, value: float) -> bool:
        return -self._tolerance <= value - run.value <= self._tolerance and start - run.end <= self._gap

    def _is_long(self, run: EqualRun, end: datetime, value: float) -> bool:
        return run.count > self._before_last and end - run.since >= self._for and value > self._least

    def _continued(self, source: str, start: datetime, end: datetime, value: float) -> EqualRun:
        run = self._runs.get(source)
        if run is None or not self._is_equal(run, start, value):
            run = self._runs[source] = EqualRun(value, start, end)
        else:
            run.count += 1
            run.end = end
        return run

    def evidence(self) -> dict[str, object]:
        """Since when the value has not changed, and how many readings say so."""
        if self._last is None:
            return {}
        return {"unchanged_since": self._last.since.isoformat(), "unchanged_count": self._last.count}

    def memory(self) -> object:
        """The runs."""
        return dict(self._runs) or None

    def restore(self, memory: object) -> None:
        """Take up the runs."""
        self._runs = msgspec.convert(memory, dict[str, EqualRun])
