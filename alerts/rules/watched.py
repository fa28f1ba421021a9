"""Whether the cause of an open alert is still monitored. Pure.

`why_unwatched` is the one place that decides it, for alerts of every kind: for those that end, for those that may begin
and for those that may inhibit a mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rules.operation import PREFIX
from alerts.rules.rule import ALL, covered_stations, instruments_of, is_changed
from alerts.rules.silence import SilenceRule
from alerts.rules.threshold.rule import ThresholdRule
from alerts.rules.warning import WarningRule, covered_cities
from schemas.alert import EndReason, RuleKind

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.rules.table import AlertRules, Rule
    from schemas.alert import AlertTransition
    from schemas.network import Network, Station

SCHEDULES = frozenset(
    {
        "attribution",
        "coanalysis_daily",
        "cocontrol_monthly",
        "early_warning_hourly",
        "forecast_train",
        "gate_daily",
        "qc_drift_daily",
        "qc_hourly",
        "qc_reopened",
        "qc_reprocess",
        "report_daily",
        "silence_watch",
    }
)
"""DAGs of ``dags/``; an alert ``dag/{DAG}/{task}`` of another one ends."""
_STATION_KEYS = ("clock/", "gap/")
"""Operation keys of what ends with its station or instrument, which the next parts name; a rest of the balance or a
payload that names another station stays open."""


def why_unwatched(opened: AlertTransition, rules: AlertRules, network: Network, at: datetime) -> EndReason | None:
    """Why the cause of an open alert is no longer monitored at ``at``; None while it is.

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
    return (
        _why_city(opened.station_id, rule, network, at)
        if isinstance(rule, WarningRule)
        else _why_station(opened, rule, network, at)
    )


def _why_city(code: str, rule: WarningRule, network: Network, at: datetime) -> EndReason | None:
    own = [station for station in network.station_list if station.city == code]
    if not own:
        return EndReason.STATION_REMOVED
    if code not in covered_cities(rule, network):
        is_covered = any(rule.covers(station) for station in own)
        return EndReason.PARAMETER_REMOVED if is_covered else EndReason.NOT_COVERED
    return None if any(_serving(rule, station, at) for station in own) else EndReason.OUT_OF_SERVICE


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
    key = opened.alert_key.removeprefix(PREFIX)
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
    """Why the station or instrument of a finding is gone; None while it is in service, or for a finding without a station."""
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
