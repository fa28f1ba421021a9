"""Several stations at once: a value beyond a limit at a number of stations of a city, or within a distance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from alerts.engine import Sample, is_beyond
from alerts.rules.incremental import NEVER, Feed, Sampler
from alerts.rules.limit_check import level_problems
from alerts.rules.rule import Hours
from alerts.rules.value_rule import RuleAveraging, ValueRule, measured_at, watch_of
from schemas.alert import RuleKind
from schemas.geodesy import km_between

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch, Value
    from schemas.network import Network, Station


class SeveralRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="several"):
    """A parameter beyond a value at several neighbouring stations at the same time.

    Attributes
    ----------
    above, below : float or None
        Exactly one of them, in ``unit``.
    at_least : int
        Stations that must be beyond it, the one of the alert included [1].
    within_km : float or None
        Neighbours are the stations within this distance [km]; None: those of the same city.
    within_min : float
        A neighbour's newest value counts when it ended at most so long before [min].
    clear : float or None
        To end, values must be on the other side of this, in ``unit``; None is the limit itself.
    for_h : float
        [h]
    """

    averaging: RuleAveraging = RuleAveraging.HOUR
    above: float | None = None
    below: float | None = None
    at_least: Annotated[int, Meta(ge=2)]
    within_km: Annotated[float, Meta(gt=0, le=2_000)] | None = None
    within_min: Annotated[float, Meta(gt=0, le=10_080)] = 60.0
    clear: float | None = None
    for_h: Hours = 0.0

    KIND: ClassVar[RuleKind] = RuleKind.SEVERAL

    @property
    def limit(self) -> float:
        """The limit in the canonical unit."""
        return self.canonical(self.above if self.above is not None else self.below or 0.0)

    @property
    def clear_limit(self) -> float:
        """Value that ends the alert in the canonical unit."""
        return self.limit if self.clear is None else self.canonical(self.clear)

    @property
    def is_of_readings(self) -> bool:
        """By the averaging."""
        return self.averaging is RuleAveraging.NATIVE

    @property
    def is_of_low_values(self) -> bool:
        """Whether values below a threshold are looked for."""
        return self.above is None

    def looks_at(self, station_id: str) -> dict[str, object]:
        """Network, averaging and side."""
        del station_id
        side = "above" if self.above is not None else "below"
        return {"network": self.network.value, "averaging": self.averaging.value, "side": side}

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        if (self.above is None) == (self.below is None):
            return [("above", "expected exactly one of above and below")]
        return self.parameter_problems() or level_problems(self, above=self.above is not None)

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station; one with too few neighbours never fires, and still counts as a neighbour."""
        del baselines
        latest: dict[str, tuple[datetime, float]] = {}
        for station, neighbours in self.neighbourhoods(network):
            feed = Feed(station.id, self.network, self.parameter, is_hourly=self.averaging is RuleAveraging.HOUR)
            sampler = SeveralSampler(self, station.id, neighbours, latest)
            yield watch_of(self, station.id, (feed,), sampler, above=self.above is not None, for_h=self.for_h)

    def neighbourhoods(self, network: Network) -> Iterator[tuple[Station, tuple[str, ...]]]:
        """Stations that measure the parameter, and the ids of the neighbours of each."""
        stations = [station for station, _ in measured_at(self, network)]
        for station in stations:
            yield station, tuple(item.id for item in stations if item is not station and self._is_near(station, item))

    def _is_near(self, station: Station, other: Station) -> bool:
        if self.within_km is None:
            return station.city == other.city
        return km_between(station, other) <= self.within_km


class SeveralSampler(Sampler):
    """The limit holds while enough neighbours are beyond it; else no value is.

    Parameters
    ----------
    station_id : str
    neighbours : sequence of str
        Station ids.
    latest : dict
        End and value of the newest value of each station; shared by all samplers of the rule.
    """

    def __init__(
        self,
        rule: SeveralRule,
        station_id: str,
        neighbours: Sequence[str],
        latest: dict[str, tuple[datetime, float]],
    ) -> None:
        self._neighbours = neighbours
        self._latest = latest
        self._limit, self._clear = rule.limit, rule.clear_limit
        self._above = rule.above is not None
        self._at_least = rule.at_least
        self._within = timedelta(minutes=rule.within_min)
        self._station_id = station_id
        self._together: list[str] = []

    def sample(self, value: Value) -> Sample:
        """A sample of every value."""
        self._latest[self._station_id] = (value.end, value.value)
        limit, clear = self._limit, self._clear
        self._together = [value.station_id]
        if is_beyond(value.value, limit, above=self._above):
            self._together += [item for item in self._neighbours if self._is_beyond_at(item, value.end)]
            if len(self._together) < self._at_least:
                limit = clear = NEVER if self._above else -NEVER
        return Sample(value.start, value.end, value.value, limit, clear, value.is_at_least)

    def is_quiet(self, source: str, start: datetime, end: datetime, value: float) -> bool:
        """A value that is not beyond the limit."""
        del source, start
        if is_beyond(value, self._limit, above=self._above):
            return False
        self._latest[self._station_id] = (end, value)
        return True

    def _is_beyond_at(self, station_id: str, at: datetime) -> bool:
        found = self._latest.get(station_id)
        return (
            found is not None and at - found[0] <= self._within and is_beyond(found[1], self._limit, above=self._above)
        )

    def evidence(self) -> dict[str, object]:
        """The stations that were beyond the limit together."""
        return {"stations": self._together, "at_least": self._at_least}

    def memory(self) -> object:
        """The station's newest value."""
        return self._latest.get(self._station_id)

    def restore(self, memory: object) -> None:
        """Take up the station's newest value."""
        self._latest[self._station_id] = msgspec.convert(memory, tuple[datetime, float])
