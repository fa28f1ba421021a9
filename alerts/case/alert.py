"""A case's alert of a stored transition, and what its end says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schemas.alert import AlertState, EndReason, RuleKind
from schemas.alert_case import CaseAlert
from schemas.moment import stored_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from schemas.alert import AlertTransition
    from schemas.alert_case import AlertCase
    from schemas.network import Network

_UNTIL = ("until", "ended_at")


class NewTransition(NamedTuple):
    """A transition that no case has yet."""

    id: int
    transition: AlertTransition

    @property
    def is_begin(self) -> bool:
        """Whether the alert begins; otherwise it ends."""
        return self.transition.to_state is AlertState.FIRING


class AlertFigures(NamedTuple):
    """How far an open alert has gone, as the store has it."""

    extreme: float | None
    extreme_at: datetime | None
    latest: float | None
    latest_at: datetime | None


def begun(item: NewTransition, network: Network) -> CaseAlert:
    """The alert that a transition begins."""
    change, evidence = item.transition, item.transition.evidence
    station = network.stations.get(change.station_id)
    looks = evidence.get("looks_at")
    place = evidence.get("network") or (looks.get("network") if isinstance(looks, dict) else None)
    is_below = isinstance(looks, dict) and looks.get("side") == "below"
    extreme = evidence.get("extreme")
    return CaseAlert(
        alert_key=change.alert_key,
        begin_id=item.id,
        rule=change.rule,
        severity=change.severity,
        kind=change.kind,
        station_id=change.station_id,
        network=place if isinstance(place, str) else None,
        city=change.station_id if change.kind is RuleKind.WARNING else station.city or None if station else None,
        parameter=change.parameter,
        since=change.since,
        extreme=float(extreme) if isinstance(extreme, (int, float)) else change.value,
        extreme_at=stored_moment(evidence.get("extreme_at")),
        latest=change.value,
        latest_at=change.at,
        threshold=change.threshold,
        unit=change.unit,
        is_at_least=evidence.get("is_at_least") is True,
        above=not is_below,
    )


def ended(alert: CaseAlert, item: NewTransition) -> CaseAlert:
    """The alert after its end."""
    change = item.transition
    extreme, extreme_at = change.evidence.get("extreme"), change.evidence.get("extreme_at")
    is_gone = change.reason is EndReason.INVALIDATED
    moments = [stored_moment(change.evidence.get(name)) for name in _UNTIL]
    until = next((moment for moment in moments if moment is not None), change.at)
    return msgspec.structs.replace(
        alert,
        until=max(until, alert.since),
        extreme=float(extreme) if isinstance(extreme, (int, float)) and not is_gone else alert.extreme,
        extreme_at=stored_moment(extreme_at) or alert.extreme_at,
        latest=change.value if change.value is not None and alert.kind is RuleKind.THRESHOLD else alert.latest,
        latest_at=change.at,
        is_withdrawn=is_gone,
    )


def progressed(alert: CaseAlert, progress: AlertFigures) -> CaseAlert:
    """The alert with its present extreme and latest value."""
    if progress.latest_at is None or (alert.latest_at is not None and progress.latest_at < alert.latest_at):
        return alert
    return msgspec.structs.replace(
        alert,
        extreme=alert.extreme if progress.extreme is None else progress.extreme,
        extreme_at=progress.extreme_at or alert.extreme_at,
        latest=progress.latest,
        latest_at=progress.latest_at,
    )


def with_progress(case: AlertCase, progress: Mapping[tuple[str, int], AlertFigures]) -> AlertCase:
    """The case with the present figures of its open alerts, by alert key and id of its begin; its steps have those of the last one."""
    alerts = tuple(
        progressed(item, progress[item.alert_key, item.begin_id])
        if item.is_open and (item.alert_key, item.begin_id) in progress
        else item
        for item in case.alerts
    )
    return case if alerts == case.alerts else msgspec.structs.replace(case, alerts=alerts)


def is_amended(known: CaseAlert, now: CaseAlert) -> bool:
    """Whether late or reviewed data changed the extreme that is known: it moved without a newer value beyond it.

    An extreme that grows with the event is no amendment; one that falls, or that changes at a time before the value known last, is.
    """
    if known.extreme is None or now.extreme is None or known.extreme == now.extreme:
        return False
    is_worse = now.extreme > known.extreme if known.above else now.extreme < known.extreme
    is_new = known.latest_at is None or now.extreme_at is None or now.extreme_at >= known.latest_at
    return not (is_worse and is_new)
