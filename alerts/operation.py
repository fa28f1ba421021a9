"""Alerts about the system itself: raised by reports of other parts, ended by them or by silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from schemas.alert import AlertState, AlertTransition, RuleKind, Severity

if TYPE_CHECKING:
    from alerts.rules import Rules
    from store.state import AlertStatus, StateStore

DOCUMENT = "operation_report"
SYSTEM = "system"
PREFIX = "operation/"
CLEAR_AFTER = timedelta(hours=24)
"""Where no rule says otherwise."""
LONGEST_DETAIL = 4000
"""Characters of detail that travel in a mail."""


def operation_transition(  # noqa: PLR0913 - the parts of a report, all by keyword
    state: StateStore,
    rules: Rules,
    *,
    key: str,
    titles: tuple[str, str],
    detail: str,
    severity: Severity,
    now: datetime,
) -> AlertTransition | None:
    """Note a report; the transition to be stored when the alert was not open, else None."""
    alert_key = PREFIX + key
    state.put_document(DOCUMENT, alert_key, {"last_at": now.isoformat()})
    status = state.get_alert_states().get(alert_key)
    if status and status.state is AlertState.FIRING:
        return None
    rule = rules.operation(key)
    # Two parts that report the same within a minute report one thing: the store keeps equal transitions once.
    at = now.replace(second=0, microsecond=0)
    if status:
        at = max(at, status.transition.at + timedelta(microseconds=1))
    return AlertTransition(
        alert_key=alert_key,
        rule=rule.name if rule else "operation",
        kind=RuleKind.OPERATION,
        severity=severity,
        station_id=SYSTEM,
        parameter=None,
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=at,
        since=at,
        evidence={"title_zh": titles[0], "title_en": titles[1], "detail": detail[:LONGEST_DETAIL]},
    )


def cleared(state: StateStore, rules: Rules, now: datetime, key: str | None = None) -> list[AlertTransition]:
    """Ends of open operation alerts: of ``key``, or of all that were not reported again for their rule's time."""
    found = []
    for alert_key, status in state.get_alert_states().items():
        if not alert_key.startswith(PREFIX) or status.state is not AlertState.FIRING:
            continue
        if alert_key == PREFIX + key if key is not None else _is_over(state, rules, status, now):
            found.append(_end(status, now))
    return found


def _is_over(state: StateStore, rules: Rules, status: AlertStatus, now: datetime) -> bool:
    rule = rules.operation(status.alert_key.removeprefix(PREFIX))
    document = state.get_document(DOCUMENT, status.alert_key)
    last = datetime.fromisoformat(document.body["last_at"]) if document else status.transition.at
    return now - last >= (timedelta(hours=rule.clear_after_h) if rule else CLEAR_AFTER)


def _end(status: AlertStatus, now: datetime) -> AlertTransition:
    before = status.transition
    return AlertTransition(
        alert_key=before.alert_key,
        rule=before.rule,
        kind=before.kind,
        severity=before.severity,
        station_id=before.station_id,
        parameter=None,
        from_state=AlertState.FIRING,
        to_state=AlertState.OK,
        at=max(now, before.at),
        since=before.since,
        evidence={name: before.evidence.get(name) for name in ("title_zh", "title_en")},
    )
