"""Processes that are gone or fail, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.state import Finding, FindingKind, ProcessState

if TYPE_CHECKING:
    from datetime import datetime

    from store.state import Process, StateStore


def note_processes(state: StateStore, now: datetime) -> None:
    """Report processes that are gone or fail, once a reason, and drop findings of those that run again or were stopped.

    Parameters
    ----------
    now : datetime
        Aware.
    """
    known = {item.key: item for item in state.findings.list(kind=FindingKind.PROCESS)}
    wrong = {}
    for item in state.processes.list():
        found = item.state(now)
        if found is not ProcessState.WELL:
            finding = _finding(item, found, now)
            wrong[finding.key] = finding
    state.findings.report(
        finding for key, finding in wrong.items() if key not in known or known[key].facts != finding.facts
    )
    for key in known.keys() - wrong.keys():
        state.findings.drop(key)


def _finding(item: Process, found: ProcessState, now: datetime) -> Finding:
    facts = {
        "process": item.name,
        "host": item.host,
        "state": found.value,
        "complaint": item.complaint,
        "beat_at": item.beat_at.isoformat(timespec="seconds") if found is ProcessState.GONE else "",
        "restarts": item.restarts,
    }
    kind = FindingKind.PROCESS
    return Finding(key=f"{kind.value}/{item.name}", kind=kind, facts=facts, first_at=now, last_at=now)
