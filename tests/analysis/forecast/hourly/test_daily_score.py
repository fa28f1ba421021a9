"""Scores of issued daily values by lead day."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.forecast.daily.site_hours import DailyTarget
from analysis.forecast.hourly.daily_score import score_issued_days

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = pd.date_range("2026-05-01", periods=40)


def observed() -> pd.DataFrame:
    values = np.where(np.arange(40) % 2, 180.0, 60.0)
    return pd.DataFrame({"a": values, "b": values + 5}, index=DAYS)


def issued(at: str = "2026-06-05T00:00+08:00", station: str = "a", warn: float = 170.0) -> pd.DataFrame:
    origin = pd.Timestamp(at)
    start = pd.DatetimeIndex([origin.normalize() + pd.Timedelta(days=ahead) for ahead in range(4)])
    rows = {"pm25": 100.0, "pm25_q05": 50.0, "pm25_q95": 170.0, "pm25_warn": warn, "station_id": station, "model": "m"}
    frame = pd.DataFrame(rows, index=start.tz_convert("UTC").rename("start"))
    return frame.assign(origin=f"{origin.tz_convert('UTC'):%Y-%m-%dT%H:%MZ}")


def test_each_lead_counts_its_own_days_by_the_warning_value() -> None:
    found = score_issued_days(pd.concat([issued(), issued(station="b")]), observed(), DailyTarget.PM25, ZONE)
    assert found is not None
    assert (found.stations, found.models, found.first, found.last) == (("a", "b"), ("m",), "2026-06-05", "2026-06-08")
    today, tomorrow = found.lead_days[:2]
    # 5 June is an odd day: 180 and 185, warned of; 6 June is 60 and 65, warned of too
    assert (today.site_days, today.events, today.pod, today.far, today.csi) == (2, 2, 1.0, 0.0, 1.0)
    assert (tomorrow.events, tomorrow.far, tomorrow.mae, tomorrow.coverage) == (0, 1.0, 37.5, 1.0)
    assert (today.persistence.pod, today.persistence.mae) == (0.0, 120.0)
    # the days before change by a factor of three each day: the interval of persistence holds it
    assert today.persistence.coverage == 1.0


def test_other_hours_of_issue_unknown_stations_and_days_without_observation_are_left_out() -> None:
    late, unknown, future = issued("2026-06-05T01:00+08:00"), issued(station="x"), issued("2026-08-01T00:00+08:00")
    assert score_issued_days(pd.concat([late, unknown, future]), observed(), DailyTarget.PM25, ZONE) is None
    assert score_issued_days(issued(), observed(), DailyTarget.MDA8, ZONE) is None
    both = score_issued_days(pd.concat([late, issued(warn=100.0)]), observed(), DailyTarget.PM25, ZONE)
    assert both is not None
    assert [(item.site_days, item.pod) for item in both.lead_days] == [(1, 0.0), (1, None), (1, 0.0), (1, None)]


def test_persistence_of_few_days_has_no_interval() -> None:
    found = score_issued_days(issued(), observed().iloc[30:], DailyTarget.PM25, ZONE)
    assert found is not None
    assert found.lead_days[0].persistence.coverage is None
    assert found.lead_days[0].persistence.mae == 120.0
