"""Rests of the reconciliation as findings: one a station, withdrawn when all of its hours are complete."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest.completeness.expected_count import HOUR
from store.state import Finding, FindingKind, ReconciliationRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.network import Network
    from store.state import StateStore


def report_rests(rows: Iterable[ReconciliationRow], state: StateStore, now: datetime) -> None:
    """A rest is reported by station; one that is gone from all of the station's hours is taken back."""
    rests: dict[str, list[ReconciliationRow]] = {}
    for row in rows:
        own = rests.setdefault(row.station_id, [])
        if row.facts.rest:
            own.append(row)
    reports = [_rest_of(station_id, wrong, now) for station_id, wrong in rests.items() if wrong]
    state.findings.report(reports)
    kind = FindingKind.BALANCE_REST
    open_keys = {item.key for item in state.findings.list(kind=kind)}
    settled = {f"{kind.value}/{station_id}" for station_id, wrong in rests.items() if not wrong}
    if open_keys & settled:
        still = state.reconciliation.count_rests(datetime.min.replace(tzinfo=UTC), now + HOUR)
        for key in sorted(open_keys & settled):
            if key.removeprefix(f"{kind.value}/") not in still:
                state.findings.drop(key)


def _rest_of(station_id: str, wrong: list[ReconciliationRow], now: datetime) -> Finding:
    kind = FindingKind.BALANCE_REST
    facts = {
        "rest": sum(row.facts.rest for row in wrong),
        "instruments": sorted({row.instrument_id for row in wrong}),
        "first": min(row.hour for row in wrong).isoformat(),
        "last": max(row.hour for row in wrong).isoformat(),
    }
    return Finding(
        key=f"{kind.value}/{station_id}", kind=kind, station_id=station_id, facts=facts, first_at=now, last_at=now
    )


def end_findings(network: Network, state: StateStore) -> None:
    """Drop the rests reported of stations that the network file does not name any more."""
    kind = FindingKind.BALANCE_REST
    for item in state.findings.list(kind=kind):
        if item.station_id is not None and item.station_id and item.station_id not in network.stations:
            state.findings.drop(item.key)
