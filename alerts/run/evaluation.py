"""Evaluate the rules over a window and store the new transitions.

Several processes may do so at once: a transition is stored once (unique in the store).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from alerts.rules.closing import closing_transitions, operation_ends
from alerts.rules.evaluation import EvaluationInput, EvaluationResult
from alerts.rules.finding import finding_transitions, standing_keys
from alerts.rules.operation import PREFIX
from alerts.rules.process import note_processes
from alerts.rules.rules import load_rules
from alerts.rules.table import find_transitions
from alerts.run.stores import open_state, open_stores
from alerts.settings import alert_settings
from schemas.alert import AlertState
from store.influx.store import InfluxStore
from store.state import AlertProgress, StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from alerts.engine import Machine
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition
    from schemas.network import Network
    from store.settings import SharedSettings
    from store.state import AlertStatus
    from store.state.alerts.alert import Follow

_ERRORS_SHOWN = 5
_LIVE_WITHIN = timedelta(hours=1)
"""A window that ends within this of now is live."""
WINDOW = timedelta(hours=48)
"""Stored hours that are evaluated again and again: late data within it are found."""


class EvaluationError(Exception):
    """Parts of an evaluation raised.

    Attributes
    ----------
    stored : int
        Transitions of the other parts that were stored.
    """

    def __init__(self, errors: Sequence[str], stored: int) -> None:
        super().__init__("; ".join(errors[:_ERRORS_SHOWN]) + (" ..." if len(errors) > _ERRORS_SHOWN else ""))
        self.stored = stored


class EvaluationScope(NamedTuple):
    """What of an evaluation is done, and whether it counts.

    Attributes
    ----------
    with_warnings : bool
        Also warning rules, whose evaluation reads eight days of hours and changes once an hour.
    with_reports : bool
        Also what the parts report of themselves (`evaluate_reports`).
    is_wanted : callable
        Asked before what was found is stored; False: it is dropped.
    """

    with_warnings: bool = True
    with_reports: bool = True
    is_wanted: Callable[[], bool] = lambda: True


ALL = EvaluationScope()


def evaluate(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    now: datetime,
    rules: AlertRules | None = None,
    *,
    scope: EvaluationScope = ALL,
) -> int:
    """Evaluate all rules over ``[start, end)`` and store the new transitions.

    Silence and forecasts are evaluated at ``now``, and only when the window reaches to within an hour of it.

    Parameters
    ----------
    start, end, now : datetime
        Aware. Late data are found as long as the window still covers them and no later transition of that alert is
        stored.
    rules : AlertRules or None
        None: those of the file.
    scope : EvaluationScope

    Returns
    -------
    int
        Transitions that were not stored before.

    Raises
    ------
    alerts.rules.rules.RulesFileError, store.error.StoreError
    EvaluationError
        An internal error at a rule or station; everything else was evaluated and stored.
    """
    own = alert_settings(settings)
    rules = load_rules(own.rules) if rules is None else rules
    with open_stores(own) as (influx, state):
        inputs = EvaluationInput(influx, own.stations, state.alerts.get_states(), start, end, now, state)
        found = _judge(own, inputs, state, rules, scope)
        stored = _store(state, inputs.last, found) if scope.is_wanted() else 0
    if found.errors:
        raise EvaluationError(found.errors, stored)
    return stored


def _warn(
    settings: AlertSettings, inputs: EvaluationInput, state: StateStore, rules: AlertRules, found: EvaluationResult
) -> None:
    # the analysis takes a second to import: paid by the first evaluation, not by each start
    from alerts.run.warning_round import evaluate_warnings

    found.attempt("warnings", partial(evaluate_warnings, settings, inputs, state, rules, found=found))


def _judge(
    settings: AlertSettings, inputs: EvaluationInput, state: StateStore, rules: AlertRules, scope: EvaluationScope
) -> EvaluationResult:
    """Transitions of the window by rules, by closed causes and, when live, by findings and reports."""
    live = inputs.now - inputs.end <= _LIVE_WITHIN
    found = find_transitions(inputs, rules, live=live)
    if live and scope.with_warnings and rules.warnings():
        _warn(settings, inputs, state, rules, found)
    found.extend("ends", lambda: closing_transitions(inputs, rules, found, live=live))
    if live and scope.with_reports:
        _find_reports(state, rules, inputs.network, inputs.last, inputs.now, found=found)
    return found


def evaluate_reports(settings: SharedSettings, now: datetime, rules: AlertRules | None = None) -> int:
    """Evaluate what the parts report of themselves, which costs the state database alone; the number of new transitions.

    Raises
    ------
    alerts.rules.rules.RulesFileError, store.error.StoreError
    EvaluationError
    """
    own = alert_settings(settings)
    rules = load_rules(own.rules) if rules is None else rules
    found = EvaluationResult()
    with open_state(own) as state:
        reported = [PREFIX + item.key for item in state.findings.list()]
        statuses = state.alerts.get_states(open_or=reported)
        _find_reports(state, rules, own.stations, statuses, now, found=found)
        stored = _store(state, statuses, found)
    if found.errors:
        raise EvaluationError(found.errors, stored)
    return stored


def _find_reports(
    state: StateStore,
    rules: AlertRules,
    network: Network,
    statuses: Mapping[str, AlertStatus],
    now: datetime,
    *,
    found: EvaluationResult,
) -> None:
    """Beginnings and ends of operation alerts."""
    found.attempt("processes", lambda: note_processes(state, now))
    finding_transitions(state, rules, network, statuses, now, found=found)
    standing = standing_keys(state)
    ends = partial(operation_ends, state, rules, network, statuses=statuses, standing=standing, now=now)
    found.extend("operation", ends)


def _store(state: StateStore, statuses: Mapping[str, AlertStatus], found: EvaluationResult) -> int:
    """Store what was found, each alert's transitions as one chain, and how far the open ones have gone."""
    newest: dict[str, int | None] = {key: status.transition_id for key, status in statuses.items()}
    opened = {key for key, status in statuses.items() if status.state is not AlertState.OK}
    lost: set[str] = set()
    stored = 0

    def store(follow: Follow, change: AlertTransition) -> None:
        nonlocal stored
        lost.add(change.alert_key)  # unless it is stored
        transition_id = follow(change, newest.get(change.alert_key))
        if transition_id is None:  # another worker stored it first; the next round continues from there
            return
        lost.discard(change.alert_key)
        newest[change.alert_key] = transition_id
        (opened.discard if change.to_state is AlertState.OK else opened.add)(change.alert_key)
        stored += 1

    if found.transitions:
        # together: a round that came between would report what began and not that it has ended
        with state.alerts.together() as follow:
            for change in found.transitions:
                if change.alert_key not in lost:
                    found.attempt(change.alert_key, partial(store, follow, change))
    state.alerts.note_progress(
        {
            transition_id: progress
            for key in opened - lost
            if (transition_id := newest.get(key)) is not None
            and (progress := progress_of(found.machines.get(key), statuses.get(key))) is not None
        }
    )
    return stored


def progress_of(machine: Machine | None, status: AlertStatus | None) -> AlertProgress | None:
    """How far an open alert has gone; None where nothing new is known."""
    if machine is None or machine.cursor is None or machine.latest is None:
        return None
    progress = AlertProgress(
        extreme=machine.extreme, extreme_at=machine.extreme_at, latest=machine.latest, latest_at=machine.cursor
    )
    before = status.progress if status else AlertProgress()
    is_older = before.latest_at is not None and machine.cursor < before.latest_at
    return None if is_older or before == progress else progress


def rehearse(settings: SharedSettings, start: datetime, end: datetime, now: datetime) -> list[AlertTransition]:
    """Transitions of the threshold rules in ``[start, end)`` from an empty state; stores and mails nothing."""
    own = alert_settings(settings)
    rules = load_rules(own.rules)
    influx = InfluxStore(own)
    try:
        inputs = EvaluationInput(influx, own.stations, {}, start, end, now)
        found = find_transitions(inputs, rules, live=False)
        found.transitions += closing_transitions(inputs, rules, found, live=False)
        return sorted(found.transitions, key=lambda item: (item.at, item.alert_key))
    finally:
        influx.close()
