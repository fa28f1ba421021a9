"""What one evaluation works with and what it finds: stored alerts in, transitions and machines out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from alerts.engine import Condition, advance, with_extreme_of
from alerts.rules.history import Subject, machine_of, transition_of
from alerts.rules.rule import is_changed
from ingest.process.guard import describe, is_unexpected, say
from schemas.alert import AlertState
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from alerts.engine import Machine, Sample
    from alerts.rules.rule import CommonRule
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import AlertStatus, StateStore

#: Instants (forecasts) have no duration, so a gap between them means nothing.
INSTANT = Condition(above=True, max_gap_s=float("inf"))


class EvaluationInput(NamedTuple):
    """What one evaluation works with.

    ``last`` holds the stored alerts by key; empty for a rehearsal. ``state`` supplies reviews; None: there are none.
    """

    influx: InfluxStore
    network: Network
    last: Mapping[str, AlertStatus]
    start: datetime
    end: datetime
    now: datetime
    state: StateStore | None = None

    @property
    def data_end(self) -> datetime:
        """The moment that decides what is in force and in service: the window's end, at most now."""
        return min(self.end, self.now)


@dataclass(slots=True)
class EvaluationResult:
    """What one evaluation found.

    Attributes
    ----------
    transitions : list of AlertTransition
        New ones, of one alert in the order of time.
    machines : dict of str to Machine
        State after them, by alert key, of the alerts that were evaluated.
    groundless : dict of str to datetime
        Keys of open alerts whose values were invalidated or corrected, with the end of the newest stored value, whatever its flag.
    errors : list of str
        Errors: rule or step, station, exception and place. The rest was evaluated.
    """

    transitions: list[AlertTransition] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)
    groundless: dict[str, datetime] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def attempt(self, place: str, step: Callable[[], object]) -> None:
        """Run a part of the evaluation; an error is recorded and ends that part only. Raises `StoreError`."""
        try:
            step()
        except Exception as error:
            if not is_unexpected(error):
                raise
            self.errors.append(f"{place}: {describe(error)}")
            say("alert_evaluation_failed", error, place=place)

    def extend(self, place: str, changes: Callable[[], Iterable[AlertTransition]]) -> None:
        """Add transitions up to the first error, which is recorded. Raises `StoreError`."""
        self.attempt(place, lambda: self.transitions.extend(changes()))


def open_alerts(inputs: EvaluationInput, rule: CommonRule) -> Iterator[AlertStatus]:
    """Open alerts of a rule in its present meaning that began before the window ends."""
    for status in inputs.last.values():
        change = status.transition
        is_open = change.rule == rule.name and status.state is not AlertState.OK and change.at < inputs.end
        if is_open and not is_changed(change, rule):
            yield status


def is_outdated(inputs: EvaluationInput, rule: CommonRule, subject: Subject) -> bool:
    """Whether the open alert of that key belongs to an earlier meaning of the rule: it closes before a new one may begin."""
    status = inputs.last.get(subject.alert_key)
    return status is not None and status.state is not AlertState.OK and is_changed(status.transition, rule)


def run_machine(
    inputs: EvaluationInput,
    rule: CommonRule,
    subject: Subject,
    condition: Condition,
    *,
    samples: list[Sample],
    found: EvaluationResult,
) -> None:
    """Run the machine of an alert over its samples, and keep it and its changes; not that of an outdated alert."""
    if is_outdated(inputs, rule, subject):
        return
    machine = machine_of(inputs.last.get(subject.alert_key))
    if condition is not INSTANT:  # of instants only the newest is at hand
        machine = with_extreme_of(machine, samples, condition)
    found.machines[subject.alert_key], changes = advance(machine, samples, condition)
    found.transitions += [transition_of(change, rule, subject) for change in changes]


def value_subject(rule: CommonRule, code: str, station_id: str) -> Subject:
    """What the alert of a value or forecast of parameter ``code`` is about."""
    return Subject(rule=rule.name, station_id=station_id, part=code, parameter=code, unit=parameter(code).unit)
