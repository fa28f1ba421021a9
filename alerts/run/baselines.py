"""What is usual at the stations by hour of the day, computed from stored hours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.rules.baseline import hour_of_day
from alerts.rules.hour_of_day import HourOfDayRule
from alerts.rules.value_rule import measured_at
from alerts.settings import alert_settings
from schemas.interval import floor_hour
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.rules.baseline import HourOfDay
    from alerts.rules.table import AlertRules
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
