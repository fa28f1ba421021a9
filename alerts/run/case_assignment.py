"""One pass over the cases with the real stores: transitions become steps of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.run.case import assign_cases
from alerts.run.case_evidence import StoredEvidence
from alerts.run.stores import open_stores
from alerts.settings import alert_settings
from qc.limits.load import ThresholdError
from qc.run.verdict import rule_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from alerts.case.news import WantedNotice
    from alerts.run.case import NoticeTarget, Route
    from qc.verdict.weight import VerdictRule
    from store.settings import SharedSettings


def assign(settings: SharedSettings, now: datetime, *, route: Route) -> int:
    """Bring all cases up to date; returns how many changed.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC.
    route : callable
        Who is notified of a case (`alerts.run.case`).

    Raises
    ------
    store.error.StoreError
    """
    own = alert_settings(settings)
    with open_stores(own) as (influx, state):
        evidence = StoredEvidence(influx, own.stations, _rule(own.network))
        return len(assign_cases(state, own.stations, now, evidence=evidence, route=route))


def notify_no_one(item: WantedNotice) -> tuple[NoticeTarget, ...]:
    """Route of cases while mails are still those of transitions."""
    del item
    return ()


def _rule(network_file: Path) -> VerdictRule | None:
    """Weights next to the network file; None where they cannot be read: no alert is called a fault, and the start says why."""
    try:
        return rule_of(network_file)
    except ThresholdError:
        return None
