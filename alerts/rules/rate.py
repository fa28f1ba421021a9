"""Rate of change: a value rises or falls by more than an amount within some minutes."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.engine import Sample
from alerts.rules.incremental import Feed, Sampler
from alerts.rules.value_rule import ValueRule, measured_at, watch_of
from schemas.alert import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch, Value
    from schemas.network import Network


class RateRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rate"):
    """Readings that rise or fall by more than an amount within ``per_min``.

    Attributes
    ----------
    rise, fall : float or None
        Exactly one, a difference in ``unit``, counted from the lowest (highest) reading of the same instrument.
    per_min : float
        Length of the window before a reading [min].
    floor : float
        Only readings beyond this value count: above it for a rise, below it for a fall; in ``unit``.
    """

    rise: float | None = None
    fall: float | None = None
    per_min: Annotated[float, Meta(gt=0, le=1_440)]
    floor: float

    KIND: ClassVar[RuleKind] = RuleKind.RATE

    @property
    def is_of_readings(self) -> bool:
        """Always."""
        return True

    @property
    def is_of_low_values(self) -> bool:
        """Whether falls are looked for."""
        return self.rise is None

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Network and side."""
        del station_id
        return {"network": self.network.value, "side": "fall" if self.rise is None else "rise"}

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if (self.rise is None) == (self.fall is None):
            return [("rise", "expected exactly one of rise and fall")]
        if problems := self.parameter_problems():
            return problems
        key = "fall" if self.rise is None else "rise"
        return [(key, "expected a difference above zero")] if self.change <= 0 else []

    @property
    def change(self) -> float:
        """The difference in the canonical unit, positive."""
        value = self.fall if self.rise is None else self.rise
        return self.canonical(value or 0.0, is_difference=True)

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station."""
        del baselines
        for station, _ in measured_at(self, network):
            feed = Feed(station.id, self.network, self.parameter, is_hourly=False)
            yield watch_of(self, station.id, (feed,), RateSampler(self), above=self.rise is not None)

    def is_forgotten(self, cadence_s: int) -> bool:
        """Whether the window never holds two readings of an instrument."""
        return cadence_s > self.per_min * 60


class RateSampler(Sampler):
    """Limits that follow the lowest (highest) reading of the window, which is looked for only among readings beyond the floor."""

    def __init__(self, rule: RateRule) -> None:
        self._sign = 1.0 if rule.rise is not None else -1.0
        self._change = rule.change
        self._floor = self._sign * rule.canonical(rule.floor)
        self._span = timedelta(minutes=rule.per_min)
        self._per_min = rule.per_min
        self._windows: dict[str, deque[tuple[datetime, float]]] = {}
        self._from: tuple[datetime, float] | None = None

    def sample(self, value: Value) -> Sample | None:
        """None for the first reading of a window."""
        window = self._windows.setdefault(value.source, deque())
        self._from = self._lowest(window, value.end)
        window.append((value.end, self._sign * value.value))
        if self._from is None:
            return None
        limit = self._sign * max(self._from[1] + self._change, self._floor)
        return Sample(value.start, value.end, value.value, limit, limit, value.is_at_least)

    def is_quiet(self, source: str, start: datetime, end: datetime, value: float) -> bool:
        """A reading that is not beyond the floor, or at most so much above the lowest one of the window."""
        del start
        level = self._sign * value
        window = self._windows.get(source)
        if window is None:
            window = self._windows[source] = deque()
        elif level > self._floor:
            lowest = self._lowest(window, end)
            if lowest is not None and level > lowest[1] + self._change:
                return False
        window.append((end, level))
        if window[0][0] < end - self._span:
            window.popleft()
        return True

    def _lowest(self, window: deque[tuple[datetime, float]], end: datetime) -> tuple[datetime, float] | None:
        """The lowest reading of a window, after what is too old has left it; of equals the last."""
        oldest = end - self._span
        while window and window[0][0] < oldest:
            window.popleft()
        return min(reversed(window), key=itemgetter(1), default=None)

    def evidence(self) -> dict[str, object]:
        """The reading that the change counts from."""
        if self._from is None:
            return {}
        at, level = self._from
        return {"from": self._sign * level, "from_at": at.isoformat(), "per_min": self._per_min}

    def memory(self) -> object:
        """The windows."""
        return {source: list(window) for source, window in self._windows.items()} or None

    def restore(self, memory: object) -> None:
        """Take up the windows."""
        kept = msgspec.convert(memory, dict[str, list[tuple[datetime, float]]])
        self._windows = {source: deque(window) for source, window in kept.items()}
