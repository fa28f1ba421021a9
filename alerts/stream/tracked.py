"""One alert key in the stream: its machine, driven by the values of one or several instruments. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerts.engine import Machine, Sample, advance, is_beyond
from alerts.rules.history import machine_of, transition_of
from alerts.rules.incremental import FixedLimit
from alerts.rules.rule import is_changed
from schemas.alert import AlertState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from alerts.rules.incremental import RuleWatch, Value
    from schemas.alert import AlertTransition
    from store.state import AlertStatus

_LOST_AFTER_CADENCES = 3
"""An instrument that is so many values behind the others is not waited for."""


class Tracked:
    """The machine of a watch.

    Of several instruments the one further beyond counts at any time: a value beyond the limit is taken at once, any other one
    when all instruments have reported that time.

    Parameters
    ----------
    watch : RuleWatch

    Attributes
    ----------
    sources : int
        Instruments that measure the parameter.
    is_awake : bool
        Whether the alert is pending or firing, so that every value counts, and not only one beyond the limit.
    fixed_limit : float or None
        The limit where it never changes.
    is_quiet : callable
        Of its sampler.
    on_turn : list of callable
        Called by the channels of the key when it awakes or comes to rest.
    """

    def __init__(self, watch: RuleWatch) -> None:
        self.watch = watch
        self.machine = Machine()
        self.sources = 1
        self.is_above = watch.condition.above
        self.fixed_limit = watch.sampler.limit if isinstance(watch.sampler, FixedLimit) else None
        self.is_quiet = watch.sampler.is_quiet
        self.on_turn: list[Callable[[], None]] = []
        self._is_blocked = False
        self._ends: dict[str, datetime] = {}
        self._waiting: list[Sample] = []

    @property
    def machine(self) -> Machine:
        """Its machine."""
        return self._machine

    @machine.setter
    def machine(self, machine: Machine) -> None:
        self._machine = machine
        self.is_awake = machine.state is not AlertState.OK

    def is_beyond_fixed(self, value: float) -> bool:
        """Whether a value is beyond a limit that never changes."""
        limit = self.fixed_limit
        return limit is not None and (value > limit if self.is_above else value < limit)

    def take(self, value: Value) -> list[AlertTransition]:
        """Take a value of one of its feeds; what it changes."""
        watch = self.watch
        if watch.since is not None and value.start < watch.since:
            return []
        if watch.until is not None and value.start >= watch.until:
            return []
        sample = watch.sampler.sample(value)
        if sample is None or self._is_blocked:
            return []
        beyond = is_beyond(sample.value, sample.limit, above=self.is_above)
        if self.sources > 1:
            return self._take_of_several(sample, value.source, beyond=beyond)
        if not beyond and self.machine.state is AlertState.OK:
            return []
        return self._run(sample)

    def adopt(self, status: AlertStatus) -> None:
        """Continue from a stored alert where it is not the state at hand."""
        stored, machine = status.transition, self.machine
        self._is_blocked = status.state is not AlertState.OK and is_changed(stored, self.watch.rule)
        is_same = machine.state is status.state and (machine.state is AlertState.OK or machine.since == stored.since)
        found = machine if is_same else machine_of(status)
        cursors = [item for item in (machine.cursor, found.cursor, stored.at) if item is not None]
        self.machine = msgspec.structs.replace(found, cursor=max(cursors))

    def _run(self, sample: Sample) -> list[AlertTransition]:
        watch = self.watch
        self.machine, changes = advance(self.machine, (sample,), watch.condition)
        return [transition_of(change, watch.rule, watch.subject, watch.sampler.evidence()) for change in changes]

    def _take_of_several(self, sample: Sample, source: str, *, beyond: bool) -> list[AlertTransition]:
        self._ends[source] = max(sample.end, self._ends.get(source, sample.end))
        if beyond:
            found = self._run(sample)
            self._waiting = [item for item in self._waiting if item.end > sample.end]
            return found
        if self.machine.state is AlertState.OK:
            return []
        self._waiting.append(sample)
        newest = max(self._ends.values())
        lost = newest - _LOST_AFTER_CADENCES * (sample.end - sample.start)
        seen_until = min((end for end in self._ends.values() if end > lost), default=newest)
        if len(self._ends) < self.sources and len(self._waiting) <= _LOST_AFTER_CADENCES:
            return []
        ready = sorted(item for item in self._waiting if item.end <= seen_until)
        self._waiting = [item for item in self._waiting if item.end > seen_until]
        return [change for item in ready for change in self._run(item)]
