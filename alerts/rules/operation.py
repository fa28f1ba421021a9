"""Operation rules: reports of other parts of the system about themselves, open until the reports stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import msgspec

from alerts.rules.rule import CommonRule, PositiveHours
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from store.state import AlertStatus, StateStore

DOCUMENT = "operation_report"
SYSTEM = "system"
PREFIX = "operation/"
"""Beginning of the keys of operation alerts."""
CLEAR_AFTER = timedelta(hours=24)
"""Default without a rule."""
LONGEST_DETAIL = 4000
"""Characters of detail that travel in a mail."""
_TITLES = ("title_zh", "title_en")


class OperationRule(CommonRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="operation"):
    """A report of another part of the system by `alerts.run.operation.raise_operation`.

    Attributes
    ----------
    prefix : str
        Keys that begin with it belong to this rule; the longest prefix wins.
    clear_after_h : float
        Ends when it was not reported again for this long [h].
    """

    prefix: str = ""
    clear_after_h: PositiveHours = 24.0

    KIND: ClassVar[RuleKind] = RuleKind.OPERATION


def operation_transition(  # noqa: PLR0913 - the parts of a report, all by keyword
    state: StateStore,
    rule: OperationRule | None,
    *,
    key: str,
    titles: tuple[str, str],
    detail: str,
    severity: Severity,
    status: AlertStatus | None,
    now: datetime,
    reason: Reason | None = None,
    station_id: str | None = None,
) -> AlertTransition | None:
    """Record a report; the transition to be stored when the alert was not open, else None. A disabled rule raises nothing.

    Parameters
    ----------
    detail : str
        In both languages.
    status : AlertStatus or None
        The alert as it is stored.
    reason : Reason or None
        The detail as data: a mail renders it in its language, and the detail is left out.
    station_id : str or None
        Station whose fault it is; None: a part of the system.
    """
    alert_key = PREFIX + key
    if rule is not None and not rule.enabled:
        return None
    state.documents.put(DOCUMENT, alert_key, {"last_at": now.isoformat()})
    if status and status.state is AlertState.FIRING:
        return None
    # Two parts that report the same within a minute report one thing: the store keeps equal transitions once.
    at = now.replace(second=0, microsecond=0)
    if status:
        at = max(at, status.transition.at + timedelta(microseconds=1))
    found = operation_begin(key, rule.name if rule else "operation", severity, at, titles=titles, detail=detail)
    found = msgspec.structs.replace(found, station_id=station_id or SYSTEM)
    if reason is not None:
        found.evidence["reason"] = encode_reason(reason)
    return found


def operation_begin(
    key: str, rule: str, severity: Severity, at: datetime, *, titles: tuple[str, str], detail: str
) -> AlertTransition:
    """The beginning of an operation alert."""
    return AlertTransition(
        alert_key=PREFIX + key,
        rule=rule,
        kind=RuleKind.OPERATION,
        severity=severity,
        station_id=SYSTEM,
        parameter=None,
        from_state=AlertState.OK,
        to_state=AlertState.FIRING,
        at=at,
        since=at,
        evidence={**dict(zip(_TITLES, titles, strict=True)), "detail": detail[:LONGEST_DETAIL]},
    )


def open_operations(statuses: Mapping[str, AlertStatus]) -> Iterator[AlertStatus]:
    """Operation alerts that are firing."""
    for status in statuses.values():
        if status.transition.kind is RuleKind.OPERATION and status.state is AlertState.FIRING:
            yield status


def last_report(state: StateStore, status: AlertStatus) -> datetime:
    """When an open operation alert was reported last."""
    document = state.documents.get(DOCUMENT, status.alert_key)
    return datetime.fromisoformat(document.body["last_at"]) if document else status.transition.at


def operation_end(status: AlertStatus, now: datetime, reason: EndReason) -> AlertTransition:
    """The end of an open operation alert."""
    before = status.transition
    return msgspec.structs.replace(
        before,
        from_state=AlertState.FIRING,
        to_state=AlertState.OK,
        at=max(now, before.at),
        evidence={name: before.evidence.get(name) for name in _TITLES},
        reason=reason,
    )
