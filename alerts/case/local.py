"""Which alerts of particles are the station's own: a plume inside a haze. Pure.

A haze raises a station and its neighbours by the same factor. What the station has beyond the median of its neighbours, times what their ratio was in
the day before, is its own: a plume where that is a large part of the threshold and of the value.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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

PARTICLES = frozenset({"pm25", "pm10", "pm1"})
"""Parameters that both a haze and a plume raise."""
NEIGHBOURS = 8
"""The nearest that measure the parameter; project choice, as are the other figures."""
LEAST_NEIGHBOURS = 3
BEFORE = timedelta(hours=24)
LEAST_BEFORE = 6
"""Hours of the day before with a ratio."""
ONSET = timedelta(hours=3)
"""Hours of an alert, from its begin, that are looked at."""
OF_THRESHOLD, OF_VALUE = 0.3, 0.35
"""Least own part, by the threshold and by the value [1]."""


def local_alerts(
    alerts: Iterable[CaseAlert], hours: Mapping[str, pd.DataFrame], stations: Mapping[str, Station], now: datetime
) -> frozenset[AlertRef]:
    """Alerts of particles that the station's own rise explains.

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
    frozenset of AlertRef
        None of those with fewer than three neighbours or six hours before, or without a threshold.
    """
    return frozenset(
        ref_of(item)
        for item in alerts
        if item.parameter in PARTICLES
        and item.parameter in hours
        and item.threshold
        and item.station_id in stations
        and _is_local(item, hours[item.parameter], stations, now)
    )


def _is_local(alert: CaseAlert, hours: pd.DataFrame, stations: Mapping[str, Station], now: datetime) -> bool:
    if alert.station_id not in hours:
        return False
    begin = pd.Timestamp(floor_hour(alert.since))
    near = _neighbours(alert.station_id, hours, stations)
    shown = hours[(hours.index >= begin - BEFORE) & (hours.index < min(begin + ONSET, pd.Timestamp(floor_hour(now))))]
    around = shown[near].median(axis=1).where(shown[near].notna().sum(axis=1) >= LEAST_NEIGHBOURS)
    own, is_before = shown[alert.station_id], np.asarray(shown.index < begin)
    ratio = (own / around.where(around > 0))[is_before].dropna()
    if len(ratio) < LEAST_BEFORE:
        return False
    excess = (own - around * max(float(ratio.median()), 1.0))[~is_before].dropna()
    if excess.empty:
        return False
    at = int(np.argmax(excess.to_numpy()))
    largest, value = float(excess.iloc[at]), float(own[excess.index].iloc[at])
    return largest >= OF_THRESHOLD * (alert.threshold or 0.0) and largest >= OF_VALUE * value


def _neighbours(station_id: str, hours: pd.DataFrame, stations: Mapping[str, Station]) -> list[str]:
    own = stations[station_id]
    others = [name for name in map(str, hours.columns) if name != station_id and name in stations]
    return sorted(others, key=lambda name: (km_between(own, stations[name]), name))[:NEIGHBOURS]
