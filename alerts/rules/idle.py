"""Rules, and parts of them, that can never fire with a network."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from alerts.rules.baseline import Baselines
from alerts.rules.copollutant import CopollutantRule
from alerts.rules.operation import OperationRule
from alerts.rules.persistence import PersistenceRule
from alerts.rules.rate import RateRule
from alerts.rules.rule import covered_stations
from alerts.rules.several import SeveralRule
from alerts.rules.threshold.rule import ThresholdRule, forgets
from alerts.rules.value_rule import measured_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.table import AlertRules, Rule
    from schemas.network import Network


def idle_rules(rules: AlertRules, network: Network, *, only_patterns: bool = False) -> Iterator[tuple[str, str]]:
    """Rules that can never fire with this network: name and why.

    Parameters
    ----------
    only_patterns : bool
        Only those whose patterns match no station, and those that forget each value before the next: a mistake, where a network
        without a parameter may well be meant.
    """
    for rule in rules.items:
        if isinstance(rule, OperationRule):
            continue
        if covered := covered_stations(rule, network):
            if isinstance(rule, ThresholdRule) and all(forgets(rule, station) for station in covered):
                yield (
                    rule.name,
                    f"for_h = {rule.for_h:g}, and values are further apart than max_gap_h = {rule.max_gap_h:g}",
                )
            elif not only_patterns and (why := _why_blind(rule, network)):
                yield rule.name, why
            continue
        if any(rule.covers(station) for station in network.station_list):
            if not only_patterns:
                yield rule.name, f"no station that it covers measures {rule.subject()}"
        else:
            yield rule.name, f"stations = {list(rule.stations)}, cities = {list(rule.cities)} match no station"


def odd_parts(rules: AlertRules, network: Network) -> Iterator[tuple[str, str]]:
    """What of rules that can fire does nothing with this network: name and which part."""
    for rule in rules.items:
        for key, names in (
            ("stations", [station.id for station in network.station_list]),
            ("cities", [station.city for station in network.station_list]),
        ):
            patterns = getattr(rule, key)
            blind = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]
            if blind and len(blind) < len(patterns):
                yield rule.name, f"{key} = {blind} match no station"
        if isinstance(rule, ThresholdRule):
            covered = covered_stations(rule, network)
            slow = [station.id for station in covered if forgets(rule, station)]
            if slow and len(slow) < len(covered):
                yield rule.name, f"values of {', '.join(slow)} are further apart than max_gap_h = {rule.max_gap_h:g}"


def _why_blind(rule: Rule, network: Network) -> str:
    """Why a rule of the stream never sees enough; empty where it may fire."""
    if isinstance(rule, SeveralRule):
        most = max(len(near) + 1 for _, near in rule.neighbourhoods(network))
        return f"at_least = {rule.at_least}, and at most {most} stations are neighbours" if most < rule.at_least else ""
    if isinstance(rule, CopollutantRule):
        both = any(True for _ in rule.watches(network, Baselines()))
        return (
            "" if both else f"no station that it covers measures {rule.other.parameter} in network {rule.other.network}"
        )
    if isinstance(rule, RateRule | PersistenceRule):
        span = "per_min" if isinstance(rule, RateRule) else "max_gap_h"
        cadences = [item.cadence_s for _, items in measured_at(rule, network) for item in items]
        is_blind = all(rule.is_forgotten(cadence_s) for cadence_s in cadences)
        return f"readings are further apart than {span} = {getattr(rule, span):g}" if is_blind else ""
    return ""
