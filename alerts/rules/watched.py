"""Whether the cause of an open alert is still watched, and what a rule looks at. Pure.

`why_unwatched` is the one place that decides it, for alerts of every kind: for those that end, for those that may begin
and for those that may inhibit a mail.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from alerts.rules.rule import ForecastRule, OperationRule, RuleAveraging, SilenceRule, ThresholdRule
from schemas.alert import EndReason, RuleKind
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from alerts.rules.rule import AlertRules, Rule
    from schemas.alert import AlertTransition
    from schemas.network import Instrument, Network, Station

ALL = "all"
"""In the place of a station: all stations together."""
OPERATION = "operation/"
"""Beginning of the keys of operation alerts."""
LOOKS_AT = "looks_at"
"""Where the evidence of a transition keeps what its rule looked at."""
SCHEDULES = frozenset(
    {
        "attribution",
        "coanalysis_daily",
        "early_warning_hourly",
        "gate_daily",
        "qc_drift_daily",
        "qc_hourly",
        "qc_reopened",
        "qc_reprocess",
        "silence_watch",
    }
)
"""DAGs of ``dags/``; an alert ``dag/{DAG}/{task}`` of another one ends."""
_STATION_KEYS = ("clock/", "gap/")
"""Operation keys of what ends with its station or instrument, which the next parts name; a rest of the balance or a
payload that names another station has to be looked into all the same."""


def why_unwatched(opened: AlertTransition, rules: AlertRules, network: Network, at: datetime) -> EndReason | None:
    """Why the cause of an open alert is not watched any more at ``at``; None while it is.

    Parameters
    ----------
    opened : AlertTransition
        The alert's newest transition.
    at : datetime
        Aware; decides what is in service and which rules hold.
    """
    if opened.kind is RuleKind.OPERATION:
        return _why_operation(opened, rules, network, at)
    rule = rules.named(opened.rule)
    if rule is None:
        is_disabled = any(item.name == opened.rule for item in rules.disabled)
        return EndReason.RULE_DISABLED if is_disabled else EndReason.RULE_REMOVED
    if is_changed(opened, rule):
        return EndReason.RULE_CHANGED
    if isinstance(rule, ThresholdRule) and not rule.holds_on(at.astimezone(network.timezone).date()):
        return EndReason.RULE_ENDED
    if isinstance(rule, SilenceRule) and opened.station_id == ALL:
        live = [item for item in covered_stations(rule, network) if item.late_window_h and _serving(rule, item, at)]
        return None if len(live) >= rule.all_stations else EndReason.NOT_COVERED
    return _why_station(opened, rule, network, at)


def looks_at(rule: Rule, station_id: str) -> dict[str, object]:
    """What gives an alert of a rule its meaning besides its key; plain JSON, kept with the evidence of its transitions.

    Limits, spans of time and counts are not part of it: they change when an alert ends, not what it is about.
    """
    if isinstance(rule, ThresholdRule):
        return {
            "network": rule.network.value,
            "averaging": rule.averaging.value,
            "side": "above" if rule.above is not None else "below",
            "baseline": rule.baseline is not None,
        }
    if isinstance(rule, ForecastRule):
        return {"quantile": rule.quantile.value}
    if isinstance(rule, SilenceRule) and station_id == ALL:
        networks = set(rule.networks) or set(NetworkCode)
        return {"networks": sorted(networks), "stations": sorted(rule.stations), "cities": sorted(rule.cities)}
    return {}


def is_changed(opened: AlertTransition, rule: Rule) -> bool:
    """Whether the rule of that name means something else than when the transition was made.

    What a transition does not tell is not compared: those of earlier releases kept nothing but kind and parameter.
    """
    if rule.KIND is not opened.kind or _parameter_of(rule) != opened.parameter:
        return True
    kept, now = opened.evidence.get(LOOKS_AT), looks_at(rule, opened.station_id)
    return isinstance(kept, dict) and any(name in now and now[name] != value for name, value in kept.items())


def _why_station(opened: AlertTransition, rule: Rule, network: Network, at: datetime) -> EndReason | None:
    station = network.stations.get(opened.station_id)
    if station is None:
        return EndReason.STATION_REMOVED
    if not rule.covers(station):
        return EndReason.NOT_COVERED
    known = instruments_of(rule, station)
    if isinstance(rule, SilenceRule):
        silent = network_of(opened)
        if station.late_window_h == 0 or (rule.networks and silent not in rule.networks):
            return EndReason.NOT_COVERED
        known = tuple(item for item in known if item.network == silent)
    elif not known:
        return EndReason.PARAMETER_REMOVED
    return None if any(item.serves_at(at) for item in known) else EndReason.OUT_OF_SERVICE


def _why_operation(opened: AlertTransition, rules: AlertRules, network: Network, at: datetime) -> EndReason | None:
    key = opened.alert_key.removeprefix(OPERATION)
    rule = rules.operation(key)
    if rule is not None and not rule.enabled:
        return EndReason.RULE_DISABLED
    kind, _, rest = key.partition("/")
    if kind == "dag" and rest.partition("/")[0] not in SCHEDULES:
        return EndReason.SCHEDULE_REMOVED
    return why_subject_gone(*subject_of(key), network, at)


def why_subject_gone(
    station_id: str | None, instrument_id: str | None, network: Network, at: datetime
) -> EndReason | None:
    """Why what a finding is about is not there any more; None while it is, or where it is about no station."""
    if station_id is None:
        return None
    station = network.stations.get(station_id)
    if station is None:
        return EndReason.STATION_REMOVED
    known = [item for item in station.instruments if instrument_id in {None, item.id}]
    return None if any(item.serves_at(at) for item in known) else EndReason.OUT_OF_SERVICE


def subject_of(key: str) -> tuple[str | None, str | None]:
    """Station and instrument that an operation key names; None for what it does not."""
    if not key.startswith(_STATION_KEYS):
        return None, None
    parts = key.split("/")
    return parts[1], parts[2] if len(parts) > 2 else None  # noqa: PLR2004 - kind, station, instrument


def network_of(opened: AlertTransition) -> str | None:
    """The network whose silence an alert is about."""
    found = opened.evidence.get("network")
    return found if isinstance(found, str) else opened.alert_key.rpartition("/")[2]


def _serving(rule: Rule, station: Station, at: datetime) -> bool:
    return any(item.serves_at(at) for item in instruments_of(rule, station))


def _parameter_of(rule: Rule) -> str | None:
    return rule.parameter if isinstance(rule, (ThresholdRule, ForecastRule)) else None


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
            if isinstance(rule, ThresholdRule) and all(_forgets(rule, station) for station in covered):
                yield (
                    rule.name,
                    f"for_h = {rule.for_h:g}, and values are further apart than max_gap_h = {rule.max_gap_h:g}",
                )
            continue
        if any(rule.covers(station) for station in network.station_list):
            if not only_patterns:
                yield rule.name, f"no station that it covers measures {_subject(rule)}"
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
            slow = [station.id for station in covered if _forgets(rule, station)]
            if slow and len(slow) < len(covered):
                yield rule.name, f"values of {', '.join(slow)} are further apart than max_gap_h = {rule.max_gap_h:g}"


def _forgets(rule: ThresholdRule, station: Station) -> bool:
    """Whether each value of a station is forgotten before the next one, though one does not last for ``for_h``.

    A value stands for its hour, or natively for its cadence; the gap is what lies between two of them.
    """
    if rule.averaging is not RuleAveraging.HOUR or rule.for_h <= 1:
        return False
    gaps_h = [item.cadence_s / 3_600 - 1 for item in instruments_of(rule, station)]
    return bool(gaps_h) and min(gaps_h) > rule.max_gap_h


def _subject(rule: Rule) -> str:
    if isinstance(rule, ThresholdRule):
        return f"{rule.parameter} in network {rule.network}"
    if isinstance(rule, SilenceRule):
        return f"in networks {', '.join(rule.networks)}"
    return rule.parameter if isinstance(rule, ForecastRule) else ""
