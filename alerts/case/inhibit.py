"""Silences by what they depend on: one line of a city, or the whole system; single ones are part of that case.

Stations of one city that fell silent at about the same time have lost their line, not each its logger. When nearly all stations of
the network are silent, or the alert of all stations fires, or a part that all depend on is reported down, it is the system.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from schemas.alert import RuleKind
from schemas.alert_case import CaseKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from alerts.case.group import AlertRef
    from schemas.alert_case import CaseAlert
    from schemas.network import Station

SAME_TIME = timedelta(minutes=75)
"""Last readings of stations on one line lie within it: an hourly instrument's is up to an hour old; project choice."""
LINE_SHARE = 0.5
LINE_STATIONS = 2
"""From this many stations, and this share of those of the city, it is the line; project choice."""
SYSTEM_SHARE = 0.8
SYSTEM_CITIES = 2
SYSTEM_STATIONS = 3
"""From this share of all stations, in at least so many cities and stations, it is the system; project choice."""
ALL = "all"
PARTS = ("process/collector", "process/broker", "broker", "collector")
"""Operation alerts of parts without which no reading arrives: key begins with one of them after the prefix ``operation/``."""


class SilentGroup(NamedTuple):
    """Silences that are one case."""

    kind: CaseKind
    refs: frozenset[AlertRef]
    stations_total: int | None


def is_silence(alert: CaseAlert) -> bool:
    """Whether an alert is about missing readings."""
    return alert.kind is RuleKind.SILENCE


def is_part(alert: CaseAlert) -> bool:
    """Whether an operation alert is about a part that all readings pass."""
    key = alert.alert_key.partition("/")[2]
    return alert.kind is RuleKind.OPERATION and key.startswith(PARTS)


def one_cause(alerts: Sequence[CaseAlert], stations: Mapping[str, Station]) -> list[SilentGroup]:
    """Silences, and alerts of parts that all readings pass, by cause.

    Parameters
    ----------
    alerts : sequence of CaseAlert
        Silences and parts (`is_silence`, `is_part`) that are open or ended lately.
    stations : mapping of station id to Station
        All of the network.

    Returns
    -------
    list of SilentGroup
        Every alert is in exactly one. Alerts of one station with the same time are together.
    """
    whole = [item for item in alerts if item.station_id == ALL or is_part(item)]
    single = [item for item in alerts if item.station_id != ALL and not is_part(item)]
    found = []
    for bunch in _bunches(single, whole):
        roots = [item for item in bunch if item in whole]
        rest = [item for item in bunch if item not in roots]
        if roots or _is_system(rest, stations):
            found.append(SilentGroup(CaseKind.SYSTEM, _refs(bunch), len(stations)))
        else:
            found += _by_city(rest, stations)
    return found


def _bunches(single: Iterable[CaseAlert], whole: Iterable[CaseAlert]) -> list[list[CaseAlert]]:
    """Alerts whose begins follow each other within `SAME_TIME`."""
    ordered = sorted([*single, *whole], key=lambda item: (item.since, item.alert_key, item.begin_id))
    found: list[list[CaseAlert]] = []
    for item in ordered:
        if found and item.since - found[-1][0].since <= SAME_TIME:
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _is_system(alerts: Sequence[CaseAlert], stations: Mapping[str, Station]) -> bool:
    silent = {item.station_id for item in alerts}
    cities = {item.city for item in alerts}
    enough = len(silent) >= SYSTEM_STATIONS and len(cities) >= SYSTEM_CITIES
    return enough and len(silent) >= SYSTEM_SHARE * len(_due(silent, stations.values()) | silent)


def _due(silent: Collection[str], stations: Iterable[Station]) -> set[str]:
    """Stations whose silence would be known by now too: their fastest instrument reports at least as often as those of the silent ones."""
    fastest = {
        item.id: min(instrument.cadence_s for instrument in item.instruments) for item in stations if item.instruments
    }
    slowest = max((fastest[name] for name in silent if name in fastest), default=0)
    return {name for name, cadence_s in fastest.items() if cadence_s <= slowest}


def _by_city(alerts: Sequence[CaseAlert], stations: Mapping[str, Station]) -> list[SilentGroup]:
    by_city: dict[str, list[CaseAlert]] = {}
    for item in alerts:
        by_city.setdefault(item.city or f"station {item.station_id}", []).append(item)
    found = []
    for city, own in by_city.items():
        of_city = [station for station in stations.values() if station.city == city]
        total, silent = len(of_city), {item.station_id for item in own}
        if len(silent) >= LINE_STATIONS and len(silent) >= LINE_SHARE * len(_due(silent, of_city) | silent):
            found.append(SilentGroup(CaseKind.LINE, _refs(own), total))
        else:
            found += [
                SilentGroup(CaseKind.FAULT, _refs(item for item in own if item.station_id == name), None)
                for name in sorted(silent)
            ]
    return found


def _refs(alerts: Iterable[CaseAlert]) -> frozenset[AlertRef]:
    return frozenset((item.alert_key, item.begin_id) for item in alerts)
