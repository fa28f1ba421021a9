"""What is usual at the stations, computed from stored hours: by hour of the day, and levels of gamma rules."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts import wording
from alerts.rules.baseline import hour_of_day
from alerts.rules.gamma.rule import RAIN, GammaRule, places_of, rain_feed
from alerts.rules.gamma.training import train
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.value_rule import measured_at
from alerts.run.operation import raise_operation, resolve_operation
from alerts.settings import alert_settings
from schemas.alert import Severity
from schemas.frames import valid_values
from schemas.interval import floor_hour
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

    from alerts.rules.baseline import HourOfDay
    from alerts.rules.gamma.training import GammaTraining
    from alerts.rules.table import AlertRules
    from schemas.network import Network
    from store.settings import SharedSettings


def load_baselines(
    settings: SharedSettings, rules: AlertRules, now: datetime
) -> dict[tuple[str, str, str, int], HourOfDay]:
    """What is usual for the rules that compare with it, by (network, station id, parameter, days); raises `StoreError`.

    The hours of the last ``days`` count, up to a day ago: an event that lasts is not usual.
    """
    own = alert_settings(settings)
    wanted = [rule for rule in rules.items if isinstance(rule, HourOfDayRule)]
    found: dict[tuple[str, str, str, int], HourOfDay] = {}
    if not wanted:
        return found
    influx = InfluxStore(own)
    try:
        for rule in wanted:
            end = floor_hour(now - timedelta(days=1))
            frames = influx.read_hourly_all(rule.network, end - timedelta(days=rule.days), end, [rule.parameter])
            for station, _ in measured_at(rule, own.stations):
                if station.id in frames:
                    key = (rule.network.value, station.id, rule.parameter, rule.days)
                    found[key] = hour_of_day(
                        frames[station.id], rule.parameter, own.stations.timezone, min_days=rule.min_days
                    )
    finally:
        influx.close()
    return found


def load_gamma(settings: SharedSettings, rules: AlertRules, now: datetime) -> dict[str, dict[str, GammaTraining]]:
    """Levels of the gamma rules by rule and station, from the hours of the last ``days`` up to a day ago; raises `StoreError`."""
    own = alert_settings(settings)
    wanted = [rule for rule in rules.items if isinstance(rule, GammaRule)]
    if not wanted:
        return {}
    influx = InfluxStore(own)
    try:
        return {rule.name: _trained(influx, own.stations, rule, now) for rule in wanted}
    finally:
        influx.close()


def _trained(influx: InfluxStore, network: Network, rule: GammaRule, now: datetime) -> dict[str, GammaTraining]:
    end = floor_hour(now - timedelta(days=1))
    begin = end - timedelta(days=rule.days)
    places = places_of(rule, network)
    feeds = [feed for name in places if (feed := rain_feed(network.stations[name])) is not None]
    frames = influx.read_hourly_all(rule.network, begin, end, [rule.parameter, RAIN])
    rains: dict[str, pd.Series] = {}
    for code in {feed.network for feed in feeds}:
        found = frames if code == rule.network else influx.read_hourly_all(code, begin, end, [RAIN])
        for feed in feeds:
            if feed.network == code and feed.station_id in found and RAIN in found[feed.station_id]:
                rains[feed.station_id] = valid_values(found[feed.station_id], RAIN)
    doses = {
        name: valid_values(frame, rule.parameter)
        for name, frame in frames.items()
        if name in places and rule.parameter in frame
    }
    return train(places, doses, rains, rule.figures, min_days=rule.min_days)


def report_gamma(
    settings: SharedSettings, rules: AlertRules, trained: Mapping[str, Mapping[str, GammaTraining]], now: datetime
) -> None:
    """Open or end the alert ``training/{rule}`` that lists the stations with too short a record; raises `StoreError`."""
    for rule in rules.items:
        if not isinstance(rule, GammaRule):
            continue
        key, short = f"training/{rule.name}", too_short(trained.get(rule.name, {}))
        if not short:
            resolve_operation(settings, key=key, now=now)
            continue
        listed = ", ".join(f"{name}: {days:.0f}/{rule.min_days} d" for name, days in short.items())
        total = len(trained.get(rule.name, {}))
        titles = wording.titles("training.title", rule=rule.name, count=len(short), total=total)
        raise_operation(settings, key=key, titles=titles, detail=listed, severity=Severity.INFO, now=now, rules=rules)


def too_short(trained: Mapping[str, GammaTraining]) -> dict[str, float]:
    """Days of hours [d] of the stations that are not evaluated, by station id."""
    return {name: item.days for name, item in sorted(trained.items()) if item.level is None}
