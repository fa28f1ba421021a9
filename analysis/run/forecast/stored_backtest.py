"""The running score of issued daily values, in the shape of the daily back-test; nothing is written."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd

from analysis.forecast.daily.site_hours import site_hours
from analysis.forecast.hourly.daily_score import score_issued_days
from analysis.run.forecast.history import ISSUED_DAILY
from analysis.run.forecast.reading import read_network
from schemas.interval import floor_hour
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from datetime import datetime

    from analysis.forecast.daily.site_hours import DailyTarget
    from analysis.forecast.hourly.daily_score import IssuedBacktest
    from analysis.forecast.hourly.grid import HourGrid
    from store.settings import SharedSettings


def backtest_stored(
    settings: SharedSettings, target: DailyTarget, now: datetime, *, days: int, history_days: int
) -> IssuedBacktest | None:
    """Score what was issued at local midnight for the last days.

    Parameters
    ----------
    settings : SharedSettings
    target : DailyTarget
    now : datetime
        UTC; days that are not over are left out.
    days : int
        Civil days that are scored, the last ones before today.
    history_days : int
        Days before them, for persistence and its interval.

    Returns
    -------
    IssuedBacktest or None
        None where no issued value has an observation.

    Raises
    ------
    store.error.StoreError
    """
    zone = settings.stations.timezone
    today = pd.Timestamp(floor_hour(now)).tz_convert(zone).normalize().tz_localize(None)
    first, before = (today - pd.Timedelta(days=item) for item in (days, days + history_days))
    edges = [item.tz_localize(zone).tz_convert("UTC").to_pydatetime() for item in (before, first, today)]
    with closing(InfluxStore(settings)) as store:
        issued = store.read_product(ISSUED_DAILY, edges[1], edges[2])
        grid = None if issued.empty else read_network(settings, store, edges[0], edges[2]).grid
    if grid is None:
        return None
    hours = site_hours(_frames(grid), target, zone)
    observed = pd.DataFrame(hours.daily, index=hours.days, columns=list(hours.stations))
    return score_issued_days(issued, observed, target, zone)


def _frames(grid: HourGrid) -> dict[str, pd.DataFrame]:
    return {
        name: pd.DataFrame({code: grid.target(code)[:, place] for code in ("pm25", "o3")}, index=grid.hours)
        for place, name in enumerate(grid.series)
    }
