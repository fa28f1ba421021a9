"""What one evaluation works with and what it finds: stored alerts in, transitions and machines out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.engine import advance, with_extreme_of
from alerts.history import Subject, machine_of, transition_of
from alerts.sample import condition_of
from ingest.guard import describe, is_unexpected, say
from schemas.alert import AlertState
from schemas.interval import floor_hour
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from alerts.engine import Condition, Machine, Sample
    from alerts.rule import ForecastRule, Rule, ThresholdRule
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.influx import InfluxStore
    from store.state import AlertStatus, StateStore


class Look(NamedTuple):
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
class Found:
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


def open_alerts(look: Look, rule: Rule) -> Iterator[AlertStatus]:
    """Open alerts of a rule that began before the window ends."""
    for status in look.last.values():
        change = status.transition
        if change.rule == rule.name and status.state is not AlertState.OK and change.at < look.end:
            yield status


def run_machine(look: Look, rule: ThresholdRule, subject: Subject, samples: list[Sample], found: Found) -> None:
    """Run the machine of a threshold alert over its samples."""
    condition = condition_of(rule)
    machine = with_extreme_of(machine_of(look.last.get(subject.alert_key)), samples, condition)
    advance_machine(machine, samples, condition, rule, subject, found)


def advance_machine(  # noqa: PLR0917 - the engine's three and whose they are
    machine: Machine, samples: list[Sample], condition: Condition, rule: Rule, subject: Subject, found: Found
) -> None:
    """Run a machine, and keep it and its changes."""
    found.machines[subject.alert_key], changes = advance(machine, samples, condition)
    found.transitions += [transition_of(change, rule, subject) for change in changes]


def first_needed(look: Look, rule: ThresholdRule) -> datetime:
    """From where samples are needed: the window, and what a pending condition needs before it."""
    return floor_hour(look.start - timedelta(hours=rule.for_h + rule.max_gap_h))


def value_subject(rule: ThresholdRule | ForecastRule, station_id: str) -> Subject:
    """What the alert of a value or forecast is about."""
    return Subject(
        rule=rule.name,
        station_id=station_id,
        part=rule.parameter,
        parameter=rule.parameter,
        unit=parameter(rule.parameter).unit,
    )
