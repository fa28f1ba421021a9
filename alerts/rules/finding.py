"""Findings of the ingest as operation alerts, ended when the cause is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from alerts.rules.finding_reason import detail_of, title_of
from alerts.rules.operation import DOCUMENT, PREFIX, open_operations, operation_end, operation_transition
from alerts.rules.watched import subject_of, why_subject_gone, why_unwatched
from schemas.alert import AlertState, AlertTransition, EndReason, Severity
from schemas.words import render
from store.state import FindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alerts.rules.evaluation import EvaluationResult
    from alerts.rules.table import AlertRules
    from schemas.network import Network
    from store.state import AlertStatus, Finding, StateStore

RECENT = timedelta(hours=24)
"""A finding last noticed before this raises no alert."""
_STANDING = frozenset({FindingKind.GATE, FindingKind.PROCESS})
"""Kinds that are reported once and hold until their finding is dropped."""
_SEVERITIES = {
    FindingKind.BALANCE_REST: Severity.CRITICAL,
    FindingKind.FOREIGN_PAYLOAD: Severity.CRITICAL,
    FindingKind.DISK: Severity.CRITICAL,
    FindingKind.PROCESS: Severity.CRITICAL,
}


def finding_transitions(
    state: StateStore,
    rules: AlertRules,
    network: Network,
    statuses: Mapping[str, AlertStatus],
    now: datetime,
    *,
    found: EvaluationResult,
) -> None:
    """Add beginnings and ends of the alerts of findings to ``found``; a finding that is already reported is skipped.

    Findings whose station or instrument is gone are forgotten: nothing else would ever end them.

    Parameters
    ----------
    statuses : mapping of str to AlertStatus
        Stored alerts by key.
    now : datetime
        Aware.
    """
    present = {}
    for item in state.findings.list():
        if why_subject_gone(*subject_of(item.key), network, now) is not None:
            state.findings.drop(item.key)
        else:
            present[item.key] = item
    recent = [item for item in present.values() if item.kind in _STANDING or item.last_at >= now - RECENT]
    for item in recent:
        found.extend(item.key, partial(_begin, item, state, rules, statuses.get(PREFIX + item.key)))
    watched = [
        status for status in open_operations(statuses) if why_unwatched(status.transition, rules, network, now) is None
    ]
    found.transitions += _ends(present, watched, now)


def standing_keys(state: StateStore) -> set[str]:
    """Keys of findings that hold until they are dropped, however long ago they were noticed."""
    return {PREFIX + item.key for kind in _STANDING for item in state.findings.list(kind=kind)}


def _begin(
    finding: Finding, state: StateStore, rules: AlertRules, status: AlertStatus | None
) -> Iterator[AlertTransition]:
    reported = state.documents.get(DOCUMENT, PREFIX + finding.key)
    is_reported = reported is not None and datetime.fromisoformat(reported.body["last_at"]) >= finding.last_at
    is_open = status is not None and status.state is AlertState.FIRING
    if is_reported and (is_open or finding.kind not in _STANDING):
        return
    title, detail = title_of(finding), detail_of(finding)
    begun = operation_transition(
        state,
        rules.operation(finding.key),
        key=finding.key,
        titles=(render(title, "zh"), render(title, "en")),
        detail=f"{render(detail, 'zh')}\n{render(detail, 'en')}",
        reason=detail,
        station_id=subject_of(finding.key)[0],
        severity=_SEVERITIES.get(finding.kind, Severity.WARNING),
        status=status,
        now=finding.last_at,
    )
    if begun is not None:
        yield begun


def _ends(present: Mapping[str, Finding], opened: Iterable[AlertStatus], now: datetime) -> list[AlertTransition]:
    """Ends of open alerts whose finding is gone."""
    prefixes = tuple(PREFIX + kind.value for kind in FindingKind)
    return [
        operation_end(status, now, EndReason.CAUSE_GONE)
        for status in opened
        if status.alert_key.startswith(prefixes) and status.alert_key.removeprefix(PREFIX) not in present
    ]
