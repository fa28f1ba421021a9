"""One pass over the cases with the real stores: transitions become steps of cases."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from alerts.run.case import assign_cases
from alerts.run.case_evidence import StoredEvidence
from alerts.run.mail.notify import case_route
from alerts.run.stores import open_state
from alerts.settings import alert_settings
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from alerts.people.people import People
    from alerts.run.case import CaseEvidence
    from qc.verdict.weight import VerdictRule
    from store.settings import SharedSettings


def assign(settings: SharedSettings, now: datetime, *, people: People, evidence: CaseEvidence | None = None) -> int:
    """Bring all cases up to date and ask for their notices; returns how many changed.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC.
    people : People
    evidence : CaseEvidence or None
        Kept between rounds (`evidence_of`); None: read for this one.

    Raises
    ------
    store.error.StoreError
    """
    own = alert_settings(settings)
    with open_state(own) as state:
        route = case_route(people, state, now)
        if evidence is not None:
            return len(assign_cases(state, own.stations, now, evidence=evidence, route=route))
        with closing(InfluxStore(own)) as influx:
            read = evidence_of(own, influx)
            return len(assign_cases(state, own.stations, now, evidence=read, route=route))


def evidence_of(settings: SharedSettings, influx: InfluxStore) -> StoredEvidence:
    """Evidence of the stored hours of an installation."""
    return StoredEvidence(influx, settings.stations, _rule(settings.network))


def _rule(network_file: Path) -> VerdictRule | None:
    """Weights next to the network file; None where they cannot be read: no alert is called a fault, and the start says why."""
    # numerical libraries take long to import, and a watch without alerts does not need them
    from qc.limits.load import ThresholdError
    from qc.run.verdict import rule_of

    try:
        return rule_of(network_file)
    except ThresholdError:
        return None
