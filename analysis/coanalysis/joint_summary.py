"""Joint pollution of a station and period: classes of days and hours, by month, season and hour, and joint episodes."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from analysis.coanalysis.copollution import joint_days, joint_hours
from analysis.coanalysis.day_class import (
    ClassCount,
    JointEpisode,
    count_all,
    count_hours,
    count_months,
    count_seasons,
    exceedance_class,
    hour_classes,
    joint_episodes,
)
from analysis.statistics.aqi_frame import daily_statistics
from analysis.statistics.daily import civil_date
from schemas.frames import valid_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from schemas.interval import Interval


class LimitsInForce(msgspec.Struct, frozen=True, kw_only=True):
    """Class 2 limits of 24 h PM2.5 and of MDA8 of O3 [µg m⁻³] from a civil day on."""

    since: date
    pm25: float
    o3_mda8: float


class DayClass(msgspec.Struct, frozen=True, kw_only=True):
    """Class of one civil day, for calendars."""

    day: date
    name: str


class JointSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Joint pollution of one station.

    Attributes
    ----------
    start, end : datetime
        UTC, half-open.
    limits : tuple of LimitsInForce
    days, hours : ClassCount
        Of the whole period; an hour exceeds above the concentration of IAQI 100.
    by_month, by_season : tuple of ClassCount
        Of days.
    by_hour : tuple of ClassCount
        Of hours, by local hour of day.
    episodes : tuple of JointEpisode
    calendar : tuple of DayClass
    """

    station_id: str
    start: datetime
    end: datetime
    limits: tuple[LimitsInForce, ...]
    days: ClassCount
    hours: ClassCount
    by_month: tuple[ClassCount, ...]
    by_season: tuple[ClassCount, ...]
    by_hour: tuple[ClassCount, ...]
    episodes: tuple[JointEpisode, ...]
    calendar: tuple[DayClass, ...]


def joint_summary(station_id: str, hourly: pd.DataFrame, period: Interval, zone: ZoneInfo) -> JointSummary:
    """Class the days and hours of a station.

    Parameters
    ----------
    station_id : str
    hourly : pd.DataFrame
        ``schemas.frames`` hourly; ``pm25`` and ``o3`` [µg m⁻³]. A day or hour without a valid value of both is not valid.
    period : Interval
    zone : ZoneInfo

    Raises
    ------
    schemas.frames.FrameError
        If hours are not ascending or there twice.
    """
    days = joint_days(daily_statistics(hourly, zone), zone)
    hours = joint_hours(valid_values(hourly, "pm25"), valid_values(hourly, "o3"), zone)
    of_days, of_hours = exceedance_class(days["pm25_exceeds"], days["o3_exceeds"]), hour_classes(hours)
    civil = [civil_date(start, zone) for start in pd.DatetimeIndex(days.index)]
    return JointSummary(
        station_id=station_id,
        start=period.start,
        end=period.end,
        limits=_limits(days, civil),
        days=count_all(of_days),
        hours=count_all(of_hours),
        by_month=count_months(of_days, zone),
        by_season=count_seasons(of_days, zone),
        by_hour=count_hours(of_hours, zone),
        episodes=joint_episodes(days, hourly, zone),
        calendar=tuple(DayClass(day=day, name=str(name)) for day, name in zip(civil, of_days, strict=True)),
    )


def _limits(days: pd.DataFrame, civil: list[date]) -> tuple[LimitsInForce, ...]:
    found: list[LimitsInForce] = []
    for day, pm25, o3 in zip(civil, days["pm25_limit"], days["o3_limit"], strict=True):
        if not found or (found[-1].pm25, found[-1].o3_mda8) != (pm25, o3):
            found.append(LimitsInForce(since=day, pm25=float(pm25), o3_mda8=float(o3)))
    return tuple(found)
