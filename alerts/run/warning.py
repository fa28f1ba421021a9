"""Official warning levels of cities from stored hours and the stored forecast: read, evaluate, hand out."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from alerts.rules.forecast import forecast_of, of_models
from alerts.warning.draft import DraftBasis, draft_notice, draft_warning
from alerts.warning.episode import WarningEpisode, find_warnings
from alerts.warning.index import DAY_ITEMS, OZONE, DayIndex, day_index
from alerts.warning.scheme import SourceStatus, WarningLevel, WarningRules, warning_rules
from analysis.run.hour_source import NoHoursError, stored_hours
from analysis.statistics.hour_mean import mean_of_stations
from schemas.city import city_name
from schemas.interval import floor_hour
from schemas.reason import Reason
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

BACK = timedelta(days=8)
"""Observed time that is read: a warning of four days, what precedes it, and the 24 h of the first AQI."""
AHEAD = timedelta(hours=72)
CITY_FORECAST = "forecast_city_hourly"
NOTICE_ABOVE = 100
"""IAQI of O3 above which there is a health notice: light pollution (HJ 633 Table 1)."""
HOUR = timedelta(hours=1)


class HealthNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A health notice without a warning: ``kind`` ``ozone`` or ``dust``, its largest index and when [1]."""

    kind: str
    peak: float
    at: datetime
    draft_zh: str
    draft_en: str


class CityWarning(msgspec.Struct, frozen=True, kw_only=True):
    """What is due in a city at a moment.

    Attributes
    ----------
    city : str
        GB/T 2260 code.
    at : datetime
        UTC; hours before are observed, hours from then on forecast.
    level : WarningLevel
        Strictest level that is in force at ``at`` or later.
    level_now : WarningLevel
        In force at ``at``.
    start, end : datetime or None
        Of that warning, UTC.
    is_released : bool
    peak_aqi : float or None
        Largest AQI of 24 h of the warning, without O3 and dust [1].
    observed_h, forecast_h : int
        Hours with an AQI of 24 h [h].
    scheme, status : str
        Scheme in force and how well its figures are known; empty without one.
    notices : tuple of HealthNotice
    draft_zh, draft_en : str
        For a person to check and send; empty without a warning.
    ahead_aqi : float or None
        Largest AQI of 24 h of the forecast hours [1].
    ozone_h, ozone_peak : int, float or None
        Forecast hours with an IAQI of O3 over 8 h [h], and the largest of the last 24 h and of them [1].
    kept : CityWarning or None
        The same by the lowered conditions, which keep a level that is due; None in itself.
    """

    city: str
    at: datetime
    level: WarningLevel
    level_now: WarningLevel
    start: datetime | None
    end: datetime | None
    is_released: bool
    peak_aqi: float | None
    observed_h: int
    forecast_h: int
    scheme: str
    status: SourceStatus | None
    notices: tuple[HealthNotice, ...]
    draft_zh: str = ""
    draft_en: str = ""
    ahead_aqi: float | None = None
    ozone_h: int = 0
    ozone_peak: float | None = None
    kept: CityWarning | None = None


def city_warnings(
    settings: SharedSettings, at: datetime, *, city: str | None = None, is_cross_border: bool = False
) -> list[CityWarning]:
    """Warnings of one city or of all cities with gas stations at a moment.

    Raises
    ------
    NoHoursError
        No stored hour of the city, or of any.
    """
    now = floor_hour(at)
    hours = stored_hours(settings, now - BACK, now, city=city, networks=("gas", "pm"))
    with closing(InfluxStore(settings)) as store:
        ahead = store.read_product(CITY_FORECAST, now, now + AHEAD)
    found = []
    for code, stations in hours.by_city().items():
        observed = city_mean(hours.hourly[item] for item in stations)
        rows = ahead[ahead["station_id"] == code] if not ahead.empty else ahead
        series = with_forecast(observed, rows, now)
        found.append(warning_of(code, series, now, hours.zone, warning_rules(), is_cross_border=is_cross_border))
    if not found:
        span = {"start": f"{now - BACK:%Y-%m-%dT%H:%MZ}", "end": f"{now:%Y-%m-%dT%H:%MZ}"}
        raise NoHoursError(Reason("refused", "no_city_hours", {"place": city or "-"} | span, scope="hours"))
    return found


def city_mean(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Mean of the valid values of the stations by hour [µg m⁻³, CO mg m⁻³], columns by parameter; what no station measures is absent."""
    tables = list(frames)
    names = [name for name in (*DAY_ITEMS, OZONE) if any(name in table for table in tables)]
    return mean_of_stations(tables, names)


def with_forecast(observed: pd.DataFrame, rows: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Observed hours before ``now`` and the medians of the forecast from then on; forecasts of the simple model are left out."""
    before = observed[observed.index < now]
    if rows.empty:
        return before
    rows = of_models(rows)
    medians = pd.DataFrame({name: forecast_of(rows, name)["q50"] for name in (*DAY_ITEMS, OZONE)})
    ahead = medians[medians.index >= now].dropna(how="all", axis=0).dropna(how="all", axis=1)
    return pd.concat([before, ahead]).sort_index()


def warning_of(
    city: str,
    hourly: pd.DataFrame,
    at: datetime,
    zone: ZoneInfo,
    rules: WarningRules,
    *,
    is_cross_border: bool = False,
) -> CityWarning:
    """What is due in a city, from its hourly means before ``at`` and the forecast from then on."""
    index = day_index(hourly, zone, pm_ratio=rules.dust.pm_ratio)
    evaluate = partial(_warning_of, city, index, at, zone, is_cross_border=is_cross_border)
    kept = evaluate(rules.lowered(), notice_above=NOTICE_ABOVE - rules.hysteresis.margin)
    return msgspec.structs.replace(evaluate(rules, notice_above=NOTICE_ABOVE), kept=kept)


def _warning_of(  # noqa: PLR0913 - by keyword
    city: str,
    index: DayIndex,
    at: datetime,
    zone: ZoneInfo,
    rules: WarningRules,
    *,
    is_cross_border: bool,
    notice_above: int,
) -> CityWarning:
    valid = index.aqi.dropna()
    episode = _due(find_warnings(index.aqi, rules, zone), at)
    scheme = rules.on(at.astimezone(zone).date())
    ahead, ozone = valid[valid.index >= at], _recent(index.ozone, at).dropna()
    drafts = {"zh": "", "en": ""}
    if episode is not None:
        for language in drafts:
            basis = DraftBasis(
                city=city_name(city, language),
                at=at,
                observed_h=len(valid) - len(ahead),
                forecast_h=len(ahead),
                is_cross_border=is_cross_border,
            )
            drafts[language] = draft_warning(episode, basis, rules, zone, language)
    return CityWarning(
        city=city,
        at=at,
        level=WarningLevel.NONE if episode is None or is_cross_border else episode.level_from(at),
        level_now=WarningLevel.NONE if episode is None or is_cross_border else episode.level_at(at),
        start=episode.start if episode else None,
        end=episode.end if episode else None,
        is_released=bool(episode and episode.is_released),
        peak_aqi=episode.peak_aqi if episode else None,
        observed_h=len(valid) - len(ahead),
        forecast_h=len(ahead),
        scheme=scheme.name if scheme else "",
        status=scheme.status if scheme else None,
        notices=tuple(_notices(index, at, zone, notice_above)),
        draft_zh=drafts["zh"],
        draft_en=drafts["en"],
        ahead_aqi=float(ahead.max()) if len(ahead) else None,
        ozone_h=int((ozone.index >= at).sum()),
        ozone_peak=float(ozone.max()) if len(ozone) else None,
    )


def _recent(series: pd.Series, at: datetime) -> pd.Series:
    return series[series.index >= at - timedelta(hours=24)]


def _due(episodes: Iterable[WarningEpisode], at: datetime) -> WarningEpisode | None:
    """The strictest warning that is in force or ahead; of equal ones the first. One that is over but not yet released counts."""
    alive = [item for item in episodes if item.end > at or not item.is_released]
    return max(alive, key=lambda item: item.level_from(at).rank, default=None)


def _notices(index: DayIndex, at: datetime, zone: ZoneInfo, above: int) -> Iterable[HealthNotice]:
    dust = index.dust_aqi.where(index.dust)
    for kind, series in (("ozone", index.ozone), ("dust", dust)):
        recent = _recent(series, at)
        if recent.notna().any() and float(np.nanmax(recent)) > above:
            place = int(np.nanargmax(recent.to_numpy(dtype=float)))
            peak, when = float(recent.iloc[place]), pd.DatetimeIndex(recent.index)[place].to_pydatetime() + HOUR
            yield HealthNotice(
                kind=kind,
                peak=peak,
                at=when,
                draft_zh=draft_notice(kind, peak, when, zone, "zh"),
                draft_en=draft_notice(kind, peak, when, zone, "en"),
            )
