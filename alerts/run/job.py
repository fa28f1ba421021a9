"""The alerts' input and output: evaluate rules, store transitions, deliver mails, take reports of other parts.

Every function may run in several processes at once: a transition is stored once (unique in the store) and claimed by
exactly one worker before it is mailed.
"""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from alerts.channels import email
from alerts.channels.outage import is_check_due, mail_state, note_mail
from alerts.mail.deliver import deliver_round
from alerts.mail.evidence import Sources, verdict_rule_of
from alerts.rules.closing import closing_transitions, operation_ends
from alerts.rules.evaluation import EvaluationInput
from alerts.rules.finding import finding_transitions, standing_keys
from alerts.rules.operation import PREFIX, last_report, open_operations, operation_end, operation_transition
from alerts.rules.process import note_processes
from alerts.rules.rules import load_rules
from alerts.rules.table import find_transitions
from alerts.settings import alert_settings
from schemas.alert import AlertState, EndReason
from store.influx.store import InfluxStore
from store.state import AlertProgress, StateStore
from store.state.delivery import EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from alerts.channels.outage import MailState
    from alerts.engine import Machine
    from alerts.rules.evaluation import EvaluationResult
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition, Severity
    from store.settings import SharedSettings
    from store.state import AlertStatus

_ERRORS_SHOWN = 5


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


def evaluate(
    settings: SharedSettings, start: datetime, end: datetime, now: datetime, rules: AlertRules | None = None
) -> int:
    """Judge ``[start, end)`` by all rules and store the new transitions.

    Silence and forecasts are judged at ``now``, and only when the window reaches to within an hour of it: a window of
    the past says nothing about them.

    Parameters
    ----------
    start, end, now : datetime
        Aware. Late data are found as long as the window still covers them and no later transition of that alert is
        stored.
    rules : AlertRules or None
        None: those of the file.

    Returns
    -------
    int
        Transitions that were not stored before.

    Raises
    ------
    alerts.rules.rules.RulesFileError, store.error.StoreError
    EvaluationError
        Something of ours raised about a rule or station; everything else was evaluated and stored.
    """
    own = alert_settings(settings)
    rules = load_rules(own.rules) if rules is None else rules
    with _stores(own) as (influx, state):
        statuses = state.alerts.get_states()
        inputs = EvaluationInput(influx, own.stations, statuses, start, end, now, state)
        live = (now - end).total_seconds() <= 3600  # noqa: PLR2004 - an hour, as the docstring says
        found = find_transitions(inputs, rules, live=live)
        found.extend("ends", lambda: closing_transitions(inputs, rules, found, live=live))
        if live:
            found.attempt("processes", lambda: note_processes(state, now))
            finding_transitions(state, rules, own.stations, statuses, now, found=found)
            standing = standing_keys(state)
            ends = partial(operation_ends, state, rules, own.stations, statuses=statuses, standing=standing, now=now)
            found.extend("operation", ends)
        stored = _store(state, statuses, found)
    if found.errors:
        raise EvaluationError(found.errors, stored)
    return stored


def _store(state: StateStore, statuses: Mapping[str, AlertStatus], found: EvaluationResult) -> int:
    """Store what was found, each alert's transitions as one chain, and how far the open ones have gone."""
    newest: dict[str, int | None] = {key: status.transition_id for key, status in statuses.items()}
    opened = {key for key, status in statuses.items() if status.state is not AlertState.OK}
    lost: set[str] = set()
    stored = 0

    def follow(change: AlertTransition) -> None:
        nonlocal stored
        lost.add(change.alert_key)  # unless it is stored
        transition_id = state.alerts.follow(change, newest.get(change.alert_key))
        if transition_id is None:  # another worker was faster; the next round goes on from what it stored
            return
        lost.discard(change.alert_key)
        newest[change.alert_key] = transition_id
        (opened.discard if change.to_state is AlertState.OK else opened.add)(change.alert_key)
        stored += 1

    for change in found.transitions:
        if change.alert_key not in lost:
            found.attempt(change.alert_key, partial(follow, change))
    state.alerts.note_progress(
        {
            transition_id: progress
            for key in opened - lost
            if (transition_id := newest.get(key)) is not None
            and (progress := _progress(found.machines.get(key), statuses.get(key))) is not None
        }
    )
    return stored


def _progress(machine: Machine | None, status: AlertStatus | None) -> AlertProgress | None:
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
    """What the threshold rules would have found in ``[start, end)`` from a fresh state; stores and mails nothing."""
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


def deliver(settings: SharedSettings, now: datetime, rules: AlertRules | None = None) -> int:
    """Mail what waits, each transition by exactly one worker.

    Nothing is claimed while the mail server does not answer, so that an outage of any length costs no attempt: the
    mails go in the first round after it. An outage is logged, counted, shown by the console and told by the second way.

    Parameters
    ----------
    now : datetime
        Aware; for ages and the mails' date.
    rules : AlertRules or None
        None: those of the file.

    Returns
    -------
    int
        Mails handed to the server.
    """
    own = alert_settings(settings)
    with _stores(own) as (influx, state):
        backlog = state.deliveries.get_backlog(EMAIL, failed_since=now)
        if not backlog.waiting and not is_check_due(state, now):
            return 0
        sent, error = 0, _mail_error(own)
        if error is None and backlog.waiting:
            chosen = load_rules(own.rules) if rules is None else rules
            sources = Sources(influx, state, own.stations, chosen, own.console_url, now, verdict_rule_of(own.network))
            sent, error = deliver_round(sources, own, worker=_worker(), now=now)
        note_mail(state, own, error if not sent else None, backlog, now)
        return sent


def _mail_error(own: AlertSettings) -> str | None:
    """Why the mail server cannot be used; None where it can."""
    try:
        email.check(own)
    except email.DeliveryError as error:
        return str(error)
    return None


def raise_operation(  # noqa: PLR0913 - the parts of a report, all by keyword
    settings: SharedSettings,
    *,
    key: str,
    title_zh: str,
    title_en: str,
    detail: str,
    severity: Severity,
    now: datetime,
    rules: AlertRules | None = None,
) -> bool:
    """Report trouble of the system itself: a failed task, a held batch, a flooded quarantine.

    Parameters
    ----------
    key : str
        One alert a key, for example ``dag/qc_hourly``; its beginning chooses the operation rule.
    title_zh, title_en, detail : str
        For the mail; the detail as plain text.
    severity : Severity
    now : datetime
        Aware.
    rules : AlertRules or None
        None: those of the file.

    Returns
    -------
    bool
        False when the alert was already open (noted again, not mailed again) or its rule is disabled.
    """
    own = alert_settings(settings)
    with _state(own) as state:
        status = state.alerts.get_states().get(PREFIX + key)
        found = operation_transition(
            state,
            (load_rules(own.rules) if rules is None else rules).operation(key),
            key=key,
            titles=(title_zh, title_en),
            detail=detail,
            severity=severity,
            status=status,
            now=now,
        )
        if found is None:
            return False
        return state.alerts.follow(found, status.transition_id if status else None) is not None


def resolve_operation(settings: SharedSettings, *, key: str, now: datetime) -> bool:
    """End the operation alert ``key``; False when it was not open."""
    own = alert_settings(settings)
    with _state(own) as state:
        status = state.alerts.get_states().get(PREFIX + key)
        if status is None or status.state is not AlertState.FIRING:
            return False
        end = operation_end(status, now, EndReason.CAUSE_GONE)
        return state.alerts.follow(end, status.transition_id) is not None


def resolve_reports(settings: SharedSettings, *, prefix: str, before: datetime, now: datetime) -> int:
    """End the open operation alerts whose keys begin with ``prefix`` and that were reported last before a moment; how many."""
    own, count = alert_settings(settings), 0
    with _state(own) as state:
        for status in open_operations(state.alerts.get_states()):
            if status.alert_key.startswith(PREFIX + prefix) and last_report(state, status) < before:
                end = operation_end(status, now, EndReason.CAUSE_GONE)
                count += state.alerts.follow(end, status.transition_id) is not None
    return count


def read_mail_state(settings: SharedSettings, now: datetime) -> MailState:
    """How the mails are doing: whether the server answered last, and what waits."""
    with _state(settings) as state:
        return mail_state(state, now)


def open_alerts(settings: SharedSettings) -> int:
    """Number of alerts that are firing."""
    with _state(settings) as state:
        return sum(status.state is AlertState.FIRING for status in state.alerts.get_states().values())


@contextmanager
def _state(settings: SharedSettings) -> Iterator[StateStore]:
    with StateStore(settings.state_url) as state:
        state.migrate()
        yield state


@contextmanager
def _stores(settings: SharedSettings) -> Iterator[tuple[InfluxStore, StateStore]]:
    with _state(settings) as state:
        influx = InfluxStore(settings)
        try:
            yield influx, state
        finally:
            influx.close()


def _worker() -> str:
    """A name no other worker has, also not a thread of this process."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
