"""Ends of alerts that are no longer watched, evaluated or founded, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.engine import is_beyond
from alerts.rules.forecast import ForecastRule
from alerts.rules.operation import CLEAR_AFTER, PREFIX, last_report, open_operations, operation_end
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.value_rule import ValueRule
from alerts.rules.warning import WarningRule
from alerts.rules.watched import why_unwatched
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from alerts.engine import Machine
    from alerts.rules.evaluation import EvaluationInput, EvaluationResult
    from alerts.rules.table import AlertRules
    from schemas.network import Network
    from store.state import AlertStatus, StateStore

_BY_DATA = frozenset({EndReason.RULE_ENDED, EndReason.OUT_OF_SERVICE, EndReason.INVALIDATED, EndReason.NOT_EVALUATED})
"""Reasons that end an alert with the last value seen, so that late values are still evaluated."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """An open alert as this round leaves it."""

    transition: AlertTransition
    recorded_at: datetime
    seen_until: datetime
    machine: Machine | None
    extreme: float | None
    extreme_at: datetime | None
    latest: float | None


def closing_transitions(
    inputs: EvaluationInput, rules: AlertRules, found: EvaluationResult, *, live: bool
) -> Iterator[AlertTransition]:
    """Ends of the alerts that are open after ``found`` and have lost their cause.

    Parameters
    ----------
    live : bool
        Also silences and forecasts, which are evaluated only at the present. Operation alerts: `operation_ends`.
    """
    for opened in _opened(inputs, found):
        change = opened.transition
        if change.kind is RuleKind.OPERATION or (change.kind is not RuleKind.THRESHOLD and not live):
            continue
        if change.at > inputs.data_end:  # a window of the past cannot end what began after it
            continue
        reason = _reason(inputs, rules, found, opened)
        if reason is not None:
            yield _end(inputs, opened, reason)


def unevaluated_end(begun: AlertTransition, machine: Machine, **evidence: float | None) -> AlertTransition:
    """The end of an alert of which no value came for too long, with the last value seen; ``evidence`` replaces that of its begin."""
    assert machine.cursor is not None, "an open machine has seen a value"
    return msgspec.structs.replace(
        begun,
        from_state=machine.state,
        to_state=AlertState.OK,
        at=max(machine.cursor, begun.at),
        value=machine.latest,
        reason=EndReason.NOT_EVALUATED,
        evidence=begun.evidence | evidence | {"until": None},
    )


def _opened(inputs: EvaluationInput, found: EvaluationResult) -> Iterator[_Opened]:
    newest = {item.alert_key: item for item in found.transitions}
    for key in inputs.last.keys() | newest.keys():
        status, change = inputs.last.get(key), newest.get(key)
        if change is None and status is not None:
            change = status.transition
        if change is None or change.to_state is AlertState.OK:
            continue
        machine = found.machines.get(key)
        progress = status.progress if status and status.transition is change else None
        seen = [change.at, *([machine.cursor] if machine and machine.cursor else [])]
        seen += [progress.latest_at] if progress and progress.latest_at else []
        source = machine or progress
        yield _Opened(
            transition=change,
            recorded_at=status.recorded_at if progress and status else inputs.now,
            seen_until=max(seen),
            machine=machine,
            extreme=source.extreme if source else change.value,
            extreme_at=source.extreme_at if source else None,
            latest=source.latest if source else change.value,
        )


def _reason(inputs: EvaluationInput, rules: AlertRules, found: EvaluationResult, opened: _Opened) -> EndReason | None:
    change = opened.transition
    station = inputs.network.stations.get(change.station_id)
    # A data set keeps its own times: what was in force then decides, whenever it is replayed.
    at = opened.seen_until if station and station.late_window_h == 0 else inputs.data_end
    reason = why_unwatched(change, rules, inputs.network, at)
    stored_until = found.groundless.get(change.alert_key)
    if reason is None and stored_until is not None and not _goes_on(inputs, rules, opened, stored_until):
        reason = EndReason.INVALIDATED
    return EndReason.NOT_EVALUATED if reason is None and _is_stale(inputs, rules, opened) else reason


def _goes_on(inputs: EvaluationInput, rules: AlertRules, opened: _Opened, stored_until: datetime) -> bool:
    """Whether another evaluator has noted a value beyond the threshold that is not stored yet."""
    rule, status = rules.named(opened.transition.rule), inputs.last.get(opened.transition.alert_key)
    if not isinstance(rule, ThresholdRule) or rule.baseline or status is None:
        return False
    latest, at = status.progress.latest, status.progress.latest_at
    is_later = latest is not None and at is not None and at > stored_until
    return is_later and is_beyond(latest or 0.0, rule.limit, above=rule.above is not None)


def _is_stale(inputs: EvaluationInput, rules: AlertRules, opened: _Opened) -> bool:
    """Whether no value came for too long, both by the data's time and since the alert was recorded."""
    rule = rules.named(opened.transition.rule)
    if isinstance(rule, ValueRule | WarningRule):
        longest = timedelta(hours=rule.stale_after_h)
    elif isinstance(rule, ForecastRule):
        longest = timedelta(hours=rule.lead_h)
    else:
        return False
    return inputs.data_end - opened.seen_until > longest and inputs.now - opened.recorded_at > longest


def _end(inputs: EvaluationInput, opened: _Opened, reason: EndReason) -> AlertTransition:
    before = opened.transition
    is_silence = before.kind is RuleKind.SILENCE
    by_data = reason in _BY_DATA and not is_silence
    at = max(before.at, opened.seen_until)
    if is_silence:
        at = max(at, inputs.data_end.replace(second=0, microsecond=0))
    elif not by_data:
        at = max(at, floor_hour(inputs.data_end))
    evidence = dict(before.evidence)
    if not is_silence:
        evidence |= {
            "extreme": opened.extreme,
            "extreme_at": opened.extreme_at.isoformat() if opened.extreme_at else evidence.get("extreme_at"),
            "until": None,
        }
    return msgspec.structs.replace(
        before,
        from_state=before.to_state,
        to_state=AlertState.OK,
        at=at,
        value=(at - before.since) / timedelta(minutes=1) if is_silence else opened.latest,
        evidence=evidence,
        reason=reason,
    )


def operation_ends(
    state: StateStore,
    rules: AlertRules,
    network: Network,
    *,
    statuses: Mapping[str, AlertStatus],
    standing: Collection[str],
    now: datetime,
) -> Iterator[AlertTransition]:
    """Ends of open operation alerts that lost their rule or subject, or were not reported again for their rule's time.

    Parameters
    ----------
    standing : collection of str
        Keys of alerts that end with their finding only.
    """
    for status in open_operations(statuses):
        reason = why_unwatched(status.transition, rules, network, now)
        if reason is None and status.alert_key not in standing and _is_over(state, rules, status, now):
            reason = EndReason.NOT_REPORTED
        if reason is not None:
            yield operation_end(status, now, reason)


def _is_over(state: StateStore, rules: AlertRules, status: AlertStatus, now: datetime) -> bool:
    rule = rules.operation(status.alert_key.removeprefix(PREFIX))
    return now - last_report(state, status) >= (timedelta(hours=rule.clear_after_h) if rule else CLEAR_AFTER)
