"""Back-test of a model of the next 24 h on stored hours; nothing is written."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analysis.case.join_networks import join_station, until
from analysis.forecast.backtest import THRESHOLDS, Backtest, BacktestPlan, backtest
from analysis.forecast.feature import HORIZONS
from analysis.forecast.model import TrainingOptions
from analysis.run.hours import read_hours
from schemas.frames import valid_values
from schemas.interval import floor_hour
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

HISTORY = timedelta(days=60)
"""Training period of a forecast."""
BACKTEST_SPAN = timedelta(days=7)
RECENT_H = 6
"""A station without a valid hour in this many gets no forecast."""
TARGETS = ("pm25", "o3")
_OPTIONS = TrainingOptions(rows=20_000)


def backtest_stored(
    settings: SharedSettings, target: str, now: datetime, *, days: int, history_days: int
) -> Backtest | None:
    """Back-test on the stored hours; nothing is written.

    Parameters
    ----------
    settings : SharedSettings
    target : str
        ``pm25`` or ``o3``.
    now : datetime
        UTC, end of the data that is read.
    days : int
        Days that are scored, in blocks of 7.
    history_days : int
        Days that are read.

    Returns
    -------
    Backtest or None
        None where no hour can be scored.
    """
    origin = floor_hour(now)
    with closing(InfluxStore(settings)) as store:
        stations, _ = _read(settings, store, origin - timedelta(days=history_days), origin)
    usable, _ = _usable(stations, target)
    span = timedelta(days=days)
    return _recent_backtest(usable, target, origin, settings.stations.timezone, span=span) if usable else None


def _read(
    settings: SharedSettings, store: InfluxStore, start: datetime, origin: datetime
) -> tuple[dict[str, pd.DataFrame], int]:
    """Joined hours of each station up to the origin, and the number of held batches that are left out."""
    network = settings.stations
    frames, held = read_hours(settings, store, start, origin, networks=("gas", "met"))
    joined = (join_station(station, frames, network) for station in network.stations_of("gas"))
    return {item.station.id: until(item.hourly, origin) for item in joined if item is not None}, len(held)


def _usable(stations: dict[str, pd.DataFrame], target: str) -> tuple[dict[str, pd.DataFrame], set[str]]:
    """Stations with any valid value of the target, and those of them with a recent one."""
    usable = {name: frame for name, frame in stations.items() if valid_values(frame, target).notna().any()}
    recent = {name for name, frame in usable.items() if valid_values(frame, target).iloc[-RECENT_H:].notna().any()}
    return usable, recent


def _recent_backtest(
    usable: dict[str, pd.DataFrame], target: str, origin: datetime, zone: ZoneInfo, *, span: timedelta = BACKTEST_SPAN
) -> Backtest | None:
    """Back-test of the last days (or the last third of a shorter history)."""
    first = min(frame.index[0] for frame in usable.values())
    end = pd.Timestamp(origin) - pd.Timedelta(hours=HORIZONS - 1)
    start = max(end - pd.Timedelta(span), first + (end - first) * 2 / 3).ceil("h")
    if start >= end:
        return None
    plan = BacktestPlan(
        start=start,
        end=end,
        refit=pd.Timedelta(BACKTEST_SPAN),
        thresholds=THRESHOLDS[target],
        stride_h=3,
        options=_OPTIONS,
    )
    return backtest(usable, target, zone, plan)
