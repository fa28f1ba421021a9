"""Reports of other parts of the system: begin and end operation alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rules.operation import PREFIX, last_report, open_operations, operation_end, operation_transition
from alerts.rules.rules import load_rules
from alerts.run.stores import open_state
from alerts.settings import alert_settings
from schemas.alert import AlertState, EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.rules.table import AlertRules
    from schemas.alert import Severity
    from store.settings import SharedSettings


def raise_operation(  # noqa: PLR0913 - the parts of a report, all by keyword
    settings: SharedSettings,
    *,
    key: str,
    titles: tuple[str, str],
    detail: str,
    severity: Severity,
    now: datetime,
    rules: AlertRules | None = None,
) -> bool:
    """Report a failure of the system itself, such as a failed task.

    Parameters
    ----------
    key : str
        One alert a key, for example ``dag/qc_hourly``; its beginning chooses the operation rule.
    titles : tuple of str
        Chinese and English, as of `alerts.wording.titles`.
    detail : str
        Plain text.
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
    with open_state(own) as state:
        status = state.alerts.get_states(keys=[PREFIX + key]).get(PREFIX + key)
        found = operation_transition(
            state,
            (load_rules(own.rules) if rules is None else rules).operation(key),
            key=key,
            titles=titles,
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
    with open_state(own) as state:
        status = state.alerts.get_states(keys=[PREFIX + key]).get(PREFIX + key)
        if status is None or status.state is not AlertState.FIRING:
            return False
        end = operation_end(status, now, EndReason.CAUSE_GONE)
        return state.alerts.follow(end, status.transition_id) is not None


def resolve_reports(settings: SharedSettings, *, prefix: str, before: datetime, now: datetime) -> int:
    """End open operation alerts with keys of ``prefix`` and a last report before a moment; returns their number."""
    own, count = alert_settings(settings), 0
    with open_state(own) as state:
        for status in open_operations(state.alerts.get_states(open_or=())):
            if status.alert_key.startswith(PREFIX + prefix) and last_report(state, status) < before:
                end = operation_end(status, now, EndReason.CAUSE_GONE)
                count += state.alerts.follow(end, status.transition_id) is not None
    return count
