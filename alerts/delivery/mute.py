"""What a mute covers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.people.pattern import is_any

if TYPE_CHECKING:
    from schemas.alert_case import AlertCase, CaseAlert
    from schemas.network import Network
    from store.state import MuteMatcher


def covers(matcher: MuteMatcher, case: AlertCase, network: Network) -> bool:
    """Whether a mute covers a case: every open alert of it (of one that is over, every alert) matches.

    A case that grows beyond a mute, by a station that the mute does not name, is reported.
    """
    if matcher.cases:
        return is_any(case.id, matcher.cases)
    alerts = [item for item in case.alerts if item.is_open] or list(case.alerts)
    return bool(alerts) and all(_matches(matcher, item, network) for item in alerts)


def _matches(matcher: MuteMatcher, alert: CaseAlert, network: Network) -> bool:
    station = network.stations.get(alert.station_id)
    city = alert.city or (station.city if station is not None else "")
    values = (
        (matcher.stations, alert.station_id),
        (matcher.cities, city or ""),
        (matcher.networks, alert.network or ""),
        (matcher.parameters, alert.parameter or ""),
        (matcher.rules, alert.rule),
    )
    return all(not patterns or is_any(value, patterns) for patterns, value in values)
