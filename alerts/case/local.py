"""What of an alert is the station's own: a plume inside a haze, and alerts that their surroundings explain. Pure.

A haze or an O3 episode raises a station and its neighbours by the same factor. What the station has beyond the median of its neighbours, times what their
ratio was in the day before, is its own: a plume where that is a large part of the threshold and of the value. Where the neighbours explain most of the
value, and are at half of the threshold themselves, the alert is one of the region, whether they exceed the threshold yet or not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from alerts.case.group import AlertRef, ref_of
from schemas.geodesy import km_between
from schemas.interval import floor_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from schemas.alert_case import CaseAlert
    from schemas.network import Station

COMPARED = frozenset({"pm25", "pm10", "pm1", "o3"})
"""Parameters of episodes of a region, whose values are compared with those around."""
NEIGHBOURS = 8
"""The nearest that measure the parameter; project choice, as are the other figures."""
LEAST_NEIGHBOURS = 3
BEFORE = timedelta(hours=24)
LEAST_BEFORE = 6
"""Hours of the day before with a ratio."""
ONSET = timedelta(hours=3)
"""Hours of an alert, from its begin, whose mean is looked at: the first station of a haze leads the others by an hour or two."""
ONE_HOUR = timedelta(hours=1)
OF_THRESHOLD, OF_VALUE = 0.3, 0.35
"""Least own part, by the threshold and by the value [1]."""
AROUND = 0.5
"""Least level of the neighbours by the threshold [1] of an alert of the region, of whose value they explain all but `OF_VALUE`."""


class AlertReach(NamedTuple):
    """Alerts that are the station's own, and alerts of the region; an alert may be neither."""

    local: frozenset[AlertRef] = frozenset()
    regional: frozenset[AlertRef] = frozenset()


def reach_of(
    alerts: Iterable[CaseAlert], hours: Mapping[str, pd.DataFrame], stations: Mapping[str, Station], now: datetime
) -> AlertReach:
    """Which alerts the station's own rise explains, and which the air around.

    Parameters
    ----------
    alerts : iterable of CaseAlert
    hours : mapping of parameter to DataFrame
        Hourly values by station id, index UTC, in the unit of the thresholds; NaN or absent: not known.
    stations : mapping of station id to Station
    now : datetime
        UTC; hours that end later are not used.

    Returns
    -------
    AlertReach
        Of the parameters in `COMPARED`. None of those with fewer than three neighbours or six hours before, or without a threshold above which they are.
    """
    local, regional = set(), set()
    for item in alerts:
        if item.parameter not in COMPARED or item.parameter not in hours or not item.threshold or not item.above:
            continue
        parts = _parts(item, hours[item.parameter], stations, now)
        if parts is None:
            continue
        own = parts.value - parts.explained
        if own >= max(OF_THRESHOLD * item.threshold, OF_VALUE * parts.value):
            local.add(ref_of(item))
        elif own <= OF_VALUE * parts.value and parts.around >= AROUND * item.threshold:
            regional.add(ref_of(item))
    return AlertReach(frozenset(local), frozenset(regional))


class _Parts(NamedTuple):
    """Means over those of the first hours of an alert that are beyond its threshold: the value, what the neighbours explain of it, and their median."""

    value: float
    explained: float
    around: float


def _parts(alert: CaseAlert, hours: pd.DataFrame, stations: Mapping[str, Station], now: datetime) -> _Parts | None:
    if alert.station_id not in hours or alert.station_id not in stations:
        return None
    begin = pd.Timestamp(floor_hour(alert.since))
    over = max(pd.Timestamp(alert.until or now), begin + ONE_HOUR)
    end = min(begin + ONSET, over, pd.Timestamp(floor_hour(now)))
    near = _neighbours(alert.station_id, hours, stations)
    shown = hours[(hours.index >= begin - BEFORE) & (hours.index < end)]
    around = shown[near].median(axis=1).where(shown[near].notna().sum(axis=1) >= LEAST_NEIGHBOURS)
    own, is_before = shown[alert.station_id], np.asarray(shown.index < begin)
    ratio = (own / around.where(around > 0))[is_before].dropna()
    both = pd.DataFrame({"own": own, "around": around})[~is_before].dropna()
    both = both[both["own"] > (alert.threshold or 0.0)]
    if len(ratio) < LEAST_BEFORE or both.empty:
        return None
    value, level = (float(both[name].mean()) for name in ("own", "around"))
    return _Parts(value, level * max(float(ratio.median()), 1.0), level)


def _neighbours(station_id: str, hours: pd.DataFrame, stations: Mapping[str, Station]) -> list[str]:
    own = stations[station_id]
    others = [name for name in map(str, hours.columns) if name != station_id and name in stations]
    return sorted(others, key=lambda name: (km_between(own, stations[name]), name))[:NEIGHBOURS]
