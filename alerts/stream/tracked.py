"""One alert key in the stream: its machine, driven by the values of one or several instruments. Pure.

Only fresh values (`alerts.stream.fresh`) change what is known of an alert outside: older ones move the machine, and what they would have
raised or ended is left to the pass over stored values. The next fresh value raises or ends what the machine has come to meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.engine import Machine, Sample, StateChange, advance, change_of, is_beyond
from alerts.rules.history import machine_of, transition_of
from alerts.rules.incremental import FixedLimit
from alerts.rules.rule import is_changed
from schemas.alert import AlertState, EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from alerts.rules.incremental import RuleWatch, Value
    from alerts.stream.fresh import FreshGate
    from schemas.alert import AlertTransition
    from store.state import AlertStatus

_LOST_AFTER_CADENCES = 3
"""An instrument that is so many values behind the others is not waited for."""


class _Taken(NamedTuple):
    """The newest sample that the machine took, and the machine before it."""

    sample: Sample
    before: Machine


class Tracked:
    """The machine of a watch.

    Of several instruments the one further beyond counts at any time: a value beyond the limit is taken at once, any other one
    when all instruments have reported that time.

    Parameters
    ----------
    watch : RuleWatch
    gate : FreshGate
        Of its station.

    Attributes
    ----------
    sources : int
        Instruments that measure the parameter.
    is_awake : bool
        Whether the alert is pending or firing, by its machine or as it is known, so that every value counts, and not only one beyond the limit.
    fixed_limit : float or None
        The limit where it never changes.
    is_quiet : callable
        Of its sampler.
    on_turn : list of callable
        Called by the channels of the key when it awakes or comes to rest.
    """

    def __init__(self, watch: RuleWatch, gate: FreshGate) -> None:
        self.watch = watch
        self._gate = gate
        self._known = AlertState.OK
        self._left: StateChange | None = None
        self._taken: _Taken | None = None
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
        self._set_awake()

    def _set_awake(self) -> None:
        self.is_awake = self._machine.state is not AlertState.OK or self._known is not AlertState.OK

    @property
    def is_known(self) -> bool:
        """Whether the alert is known as its machine has it; False where old values have moved that."""
        return self._known is self._machine.state

    def restore(self, machine: Machine, *, is_known: bool) -> None:
        """Continue with a machine of an earlier core."""
        self._known = machine.state if is_known else AlertState.OK
        self.machine = machine

    def is_beyond_fixed(self, value: float) -> bool:
        """Whether a value is beyond a limit that never changes."""
        limit = self.fixed_limit
        return limit is not None and (value > limit if self.is_above else value < limit)

    def take(self, value: Value) -> list[AlertTransition]:
        """Take a value of one of its feeds; what it changes."""
        sample = self._sample(value)
        if sample is None:
            return []
        beyond = is_beyond(sample.value, sample.limit, above=self.is_above)
        if self.sources > 1:
            return self._take_of_several(sample, value.source, beyond=beyond)
        if not beyond and not self.is_awake:
            return []
        return self._run(sample)

    def correct(self, value: Value) -> list[AlertTransition]:
        """Take the newest value once more, as it was sent again; what that changes.

        Where it raised the alert and is no exceedance now, the alert ends as invalidated. A value that the machine took before its newest one, or of one
        of several instruments, is left to the pass over stored values.
        """
        taken = self._taken
        if self.sources == 1 and self.fixed_limit is not None and (taken is None or taken.sample.end < value.end):
            return self.take(value)  # the one before was no exceedance and was not taken
        if taken is None or self.sources > 1 or taken.sample.end != value.end:
            self._gate.is_left = self._gate.is_left or self.is_awake
            return []
        sample = None if value.value == taken.sample.value else self._sample(value)
        return [] if sample is None else self._run_again(taken, sample)

    def adopt(self, status: AlertStatus) -> list[AlertTransition]:
        """Continue from a stored alert where it is not the state at hand.

        Where another evaluator has ended it and did not know a later value beyond the limit, it begins again with that one.
        """
        stored, machine = status.transition, self.machine
        self._known, self._left = status.state, None
        self._is_blocked = status.state is not AlertState.OK and is_changed(stored, self.watch.rule)
        is_same = machine.state is status.state and (machine.state is AlertState.OK or machine.since == stored.since)
        found = machine if is_same else machine_of(status)
        cursors = [item for item in (machine.cursor, found.cursor, stored.at) if item is not None]
        self.machine = msgspec.structs.replace(found, cursor=max(cursors))
        later = self._taken and self._taken.sample
        if is_same or status.state is not AlertState.OK or later is None or later.start < stored.at:
            return []
        self.machine = msgspec.structs.replace(self.machine, cursor=stored.at)
        return self._run(later)

    def _sample(self, value: Value) -> Sample | None:
        """The sample of a value; None where nothing can be said, and while the rule is not in force."""
        watch = self.watch
        if watch.since is not None and value.start < watch.since:
            return None
        if watch.until is not None and value.start >= watch.until:
            return None
        sample = watch.sampler.sample(value)
        return None if self._is_blocked else sample

    def _run(self, sample: Sample) -> list[AlertTransition]:
        before = self.machine
        self.machine, changes = advance(before, (sample,), self.watch.condition)
        self._taken = _Taken(sample, before)
        if not self._gate.is_fresh(sample.end):
            self._leave(changes)
            return []
        if before.state is not self._known:
            return self._catch_up(sample)
        self._known = self.machine.state
        self._set_awake()
        return self._transitions(changes)

    def _run_again(self, taken: _Taken, sample: Sample) -> list[AlertTransition]:
        """Run the machine of before over a sample that replaces the newest one."""
        wrong, known = self.machine, self._known
        self.machine, _ = advance(taken.before, (sample,), self.watch.condition)
        self._taken = taken._replace(sample=sample)
        if self.machine.state is known or not self._gate.is_fresh(sample.end):
            return []
        if self.machine.state is AlertState.OK:
            self._left = change_of(wrong, known, AlertState.OK, sample)
        found = self._catch_up(sample)
        if self.machine.state is AlertState.OK and taken.before.state is not AlertState.FIRING:
            return [msgspec.structs.replace(item, reason=EndReason.INVALIDATED) for item in found]
        return found

    def _leave(self, changes: Iterable[StateChange]) -> None:
        """Leave what an old value changes to the pass over stored values."""
        for change in changes:
            self._gate.is_left = True
            if self._left is None and change.from_state is self._known:
                self._left = change
        if self.machine.state is self._known:
            self._left = None

    def _catch_up(self, sample: Sample) -> list[AlertTransition]:
        """What a fresh sample says of an alert whose machine has moved by old values."""
        state, known, left = self.machine.state, self._known, self._left
        if state is AlertState.OK:
            change = left and msgspec.structs.replace(
                left, from_state=known, to_state=state, at=sample.end, value=sample.value, limit=sample.limit
            )
        elif known is AlertState.FIRING or not is_beyond(sample.value, sample.limit, above=self.is_above):
            return []  # goes on, or is on its way back
        else:
            change = change_of(self.machine, known, state, sample)
        self._known, self._left = state, None
        self._set_awake()
        return [] if change is None or known is state else self._transitions([change])

    def _transitions(self, changes: Iterable[StateChange]) -> list[AlertTransition]:
        watch = self.watch
        return [transition_of(change, watch.rule, watch.subject, watch.sampler.evidence()) for change in changes]

    def _take_of_several(self, sample: Sample, source: str, *, beyond: bool) -> list[AlertTransition]:
        self._ends[source] = max(sample.end, self._ends.get(source, sample.end))
        if beyond:
            found = self._run(sample)
            self._waiting = [item for item in self._waiting if item.end > sample.end]
            return found
        if not self.is_awake:
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
