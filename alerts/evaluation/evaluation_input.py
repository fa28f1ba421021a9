"""What one evaluation works with and what it finds: stored alerts in, transitions and machines out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from alerts.engine import advance, with_extreme_of
from alerts.evaluation.history import Subject, machine_of, transition_of
from alerts.evaluation.sample import INSTANT, condition_of
from alerts.rules.watched import is_changed
from ingest.process.guard import describe, is_unexpected, say
from schemas.alert import AlertState
from schemas.interval import floor_hour
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from alerts.engine import Machine, Sample, StateChange
    from alerts.rules.rule import ForecastRule, Rule, ThresholdRule
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.influx.store import InfluxStore
    from store.state import AlertStatus, StateStore


class EvaluationInput(NamedTuple):
    """What one evaluation works with.

    ``last`` holds the stored alerts by key; empty for a rehearsal. ``state`` is asked for reviews; None: there are none.
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
    groundless : set of str
        Keys of open alerts whose values were invalidated or corrected.
    errors : list of str
        What raised: rule or step, station, exception and place. The rest was evaluated all the same.
    """

    transitions: list[AlertTransition] = field(default_factory=list)
    machines: dict[str, Machine] = field(default_factory=dict)
    groundless: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def attempt(self, place: str, step: Callable[[], object]) -> None:
        """Run a part of the evaluation; what it raises costs that part only. Raises `StoreError`."""
        try:
            step()
        except Exception as error:
            if not is_unexpected(error):
                raise
            self.errors.append(f"{place}: {describe(error)}")
            say("alert_evaluation_failed", error, place=place)

    def extend(self, place: str, changes: Callable[[], Iterable[AlertTransition]]) -> None:
        """Add transitions; what raises on the way costs those that were still to come. Raises `StoreError`."""
        self.attempt(place, lambda: self.transitions.extend(changes()))


def open_alerts(inputs: EvaluationInput, rule: Rule) -> Iterator[AlertStatus]:
    """Open alerts of a rule, as it means them now, that began before the window ends."""
    for status in inputs.last.values():
        change = status.transition
        is_open = change.rule == rule.name and status.state is not AlertState.OK and change.at < inputs.end
        if is_open and not is_changed(change, rule):
            yield status


def is_outdated(inputs: EvaluationInput, rule: Rule, subject: Subject) -> bool:
    """Whether the open alert of that key was raised when the rule meant something else: it is closed before a new one may begin."""
    status = inputs.last.get(subject.alert_key)
    return status is not None and status.state is not AlertState.OK and is_changed(status.transition, rule)


def run_machine(
    inputs: EvaluationInput, rule: ThresholdRule, subject: Subject, samples: list[Sample], found: EvaluationResult
) -> None:
    """Run the machine of a threshold alert over its samples."""
    condition = condition_of(rule)
    machine = with_extreme_of(machine_of(inputs.last.get(subject.alert_key)), samples, condition)
    _advance(inputs, rule, subject, partial(advance, machine, samples, condition), found)


def run_instant(
    inputs: EvaluationInput, rule: ForecastRule, subject: Subject, sample: Sample, found: EvaluationResult
) -> None:
    """Run the machine of a forecast alert over the one sample of this round."""
    machine = machine_of(inputs.last.get(subject.alert_key))
    _advance(inputs, rule, subject, partial(advance, machine, [sample], INSTANT), found)


def _advance(
    inputs: EvaluationInput,
    rule: Rule,
    subject: Subject,
    run: Callable[[], tuple[Machine, list[StateChange]]],
    found: EvaluationResult,
) -> None:
    """Run a machine, and keep it and its changes; not that of an outdated alert."""
    if is_outdated(inputs, rule, subject):
        return
    found.machines[subject.alert_key], changes = run()
    found.transitions += [transition_of(change, rule, subject) for change in changes]


def first_needed(inputs: EvaluationInput, rule: ThresholdRule) -> datetime:
    """From where samples are needed: the window, and what a pending condition needs before it."""
    return floor_hour(inputs.start - timedelta(hours=rule.for_h + rule.max_gap_h))


def value_subject(rule: ThresholdRule | ForecastRule, station_id: str) -> Subject:
    """What the alert of a value or forecast is about."""
    return Subject(
        rule=rule.name,
        station_id=station_id,
        part=rule.parameter,
        parameter=rule.parameter,
        unit=parameter(rule.parameter).unit,
    )
