"""Which stations and instruments a rule looks at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rule import ForecastRule, OperationRule, SilenceRule, ThresholdRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rule import Rule, Rules
    from schemas.network import Instrument, Network, Station


def instruments_of(rule: Rule, station: Station) -> tuple[Instrument, ...]:
    """Instruments of ``station`` whose readings the rule looks at, in service or not; none for operation rules."""
    if isinstance(rule, OperationRule) or not rule.covers(station):
        return ()
    return tuple(item for item in station.instruments if _looks_at(rule, item))


def _looks_at(rule: Rule, instrument: Instrument) -> bool:
    if isinstance(rule, ThresholdRule):
        return instrument.network == rule.network and rule.parameter in instrument.parameters
    if isinstance(rule, ForecastRule):
        return rule.parameter in instrument.parameters
    return isinstance(rule, SilenceRule) and (not rule.networks or instrument.network in rule.networks)


def covered_stations(rule: Rule, network: Network) -> list[Station]:
    """Stations with at least one instrument that the rule looks at."""
    return [station for station in network.station_list if instruments_of(rule, station)]


def idle_rules(rules: Rules, network: Network) -> Iterator[tuple[str, str]]:
    """Rules that can never fire with this network: name and why."""
    for rule in rules.items:
        if isinstance(rule, OperationRule) or covered_stations(rule, network):
            continue
        if any(rule.covers(station) for station in network.station_list):
            yield rule.name, f"no station that it covers measures {_subject(rule)}"
        else:
            yield rule.name, f"stations = {list(rule.stations)}, cities = {list(rule.cities)} match no station"


def _subject(rule: Rule) -> str:
    if isinstance(rule, ThresholdRule):
        return f"{rule.parameter} in network {rule.network}"
    if isinstance(rule, SilenceRule):
        return f"in networks {', '.join(rule.networks)}"
    return rule.parameter if isinstance(rule, ForecastRule) else ""
