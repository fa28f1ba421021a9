"""The alerts' input and output: evaluate rules, store transitions, deliver mails, take reports of other parts.

Every function may run in several processes at once: a transition is stored once (unique in the store) and claimed by
exactly one worker before it is mailed.
"""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alerts import email
from alerts.deliver import deliver_round
from alerts.evaluate import Look, find_transitions
from alerts.evidence import Sources, verdict_rule_of
from alerts.finding import finding_transitions
from alerts.operation import cleared, operation_transition
from alerts.rules import load_rules
from alerts.settings import alert_settings
from schemas.alert import AlertState
from store.influx import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from schemas.alert import AlertTransition, Severity
    from store.settings import SharedSettings


def evaluate(settings: SharedSettings, start: datetime, end: datetime, now: datetime) -> int:
    """Judge ``[start, end)`` by all rules and store the new transitions.

    Silence and forecasts are judged at ``now``, and only when the window reaches to within an hour of it: a window of
    the past says nothing about them.

    Parameters
    ----------
    start, end, now : datetime
        Aware. Late data are found as long as the window still covers them and no later transition of that alert is
        stored.

    Returns
    -------
    int
        Transitions that were not stored before.

    Raises
    ------
    alerts.rules.RulesFileError, store.error.StoreError
    """
    own = alert_settings(settings)
    rules = load_rules(own.rules)
    with _stores(own) as (influx, state):
        last = {key: status.transition for key, status in state.get_alert_states().items()}
        look = Look(influx, own.stations, last, start, end, now)
        live = (now - end).total_seconds() <= 3600  # noqa: PLR2004 - an hour, as the docstring says
        found = list(find_transitions(look, rules, live=live))
        if live:
            found += finding_transitions(state, rules, now)
            found += cleared(state, rules, now)
        for transition in found:
            state.save_transition(transition)
    return len(found)


def rehearse(settings: SharedSettings, start: datetime, end: datetime, now: datetime) -> list[AlertTransition]:
    """What the threshold rules would have found in ``[start, end)`` from a fresh state; stores and mails nothing."""
    own = alert_settings(settings)
    influx = InfluxStore(own)
    try:
        look = Look(influx, own.stations, {}, start, end, now)
        return sorted(
            find_transitions(look, load_rules(own.rules), live=False), key=lambda item: (item.at, item.alert_key)
        )
    finally:
        influx.close()


def deliver(settings: SharedSettings, now: datetime) -> int:
    """Mail what waits, each transition by exactly one worker.

    Nothing is claimed while the mail server does not answer, so that an outage of any length costs no attempt: the
    mails go in the first round after it.

    Parameters
    ----------
    now : datetime
        Aware; for ages and the mails' date.

    Returns
    -------
    int
        Mails handed to the server.
    """
    own = alert_settings(settings)
    with _stores(own) as (influx, state):
        if not any(state.list_deliveries(state=name, limit=1) for name in ("pending", "claimed")):
            return 0
        try:
            email.check(own)
        except email.DeliveryError:
            return 0
        verdict_rule = verdict_rule_of(own.network)
        sources = Sources(influx, state, own.stations, load_rules(own.rules), own.console_url, verdict_rule)
        return deliver_round(sources, own, worker=_worker(), now=now)


def raise_operation(  # noqa: PLR0913 - the parts of a report, all by keyword
    settings: SharedSettings, *, key: str, title_zh: str, title_en: str, detail: str, severity: Severity, now: datetime
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

    Returns
    -------
    bool
        False when the alert was already open: noted again, not mailed again.
    """
    own = alert_settings(settings)
    with _state(own) as state:
        found = operation_transition(
            state,
            load_rules(own.rules),
            key=key,
            titles=(title_zh, title_en),
            detail=detail,
            severity=severity,
            now=now,
        )
        if found is not None:
            state.save_transition(found)
    return found is not None


def resolve_operation(settings: SharedSettings, *, key: str, now: datetime) -> bool:
    """End the operation alert ``key``; False when it was not open."""
    own = alert_settings(settings)
    with _state(own) as state:
        found = cleared(state, load_rules(own.rules), now, key=key)
        for transition in found:
            state.save_transition(transition)
    return bool(found)


def open_alerts(settings: SharedSettings) -> int:
    """Number of alerts that are firing."""
    with _state(settings) as state:
        return sum(status.state is AlertState.FIRING for status in state.get_alert_states().values())


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
