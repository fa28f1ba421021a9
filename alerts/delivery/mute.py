"""What a mute covers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.people.pattern import is_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def idle_patterns(matcher: MuteMatcher, network: Network, rules: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Key and pattern of each pattern that matches nothing of the network or of the rules, by their names; cases are not looked at."""
    stations = network.station_list
    instruments = [item for station in stations for item in station.instruments]
    known: dict[str, set[str]] = {
        "stations": {item.id for item in stations},
        "cities": {item.city for item in stations},
        "networks": {item.network for item in instruments},
        "parameters": {code for item in instruments for code in item.parameters},
        "rules": set(rules),
    }
    for key, names in known.items():
        for pattern in getattr(matcher, key):
            if not any(is_any(name, (pattern,)) for name in names):
                yield key, pattern


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
