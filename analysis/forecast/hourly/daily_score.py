"""Scores of the issued daily values against what was measured, lead by lead: the running score in the shape of the daily back-test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.forecast.daily.backtest import DailySkill, skill_of
from analysis.forecast.daily.model import COVERAGE, DailyPrediction
from analysis.forecast.daily.site_hours import THRESHOLDS
from analysis.forecast.hourly.daily_index import DAYS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from analysis.forecast.daily.site_hours import DailyTarget

MINIMUM_RATIOS = 20
"""Pairs of days that the interval of persistence needs; project choice."""


class IssuedLead(DailySkill, frozen=True, kw_only=True):
    """Scores of one lead.

    Attributes
    ----------
    lead_day : int
        0 is the day that begins at the issue.
    site_days, events : int
        What is scored, and days above the threshold among it.
    persistence : DailySkill
        The last valid daily value before the issue, on the same days.
    """

    lead_day: int
    site_days: int
    events: int
    persistence: DailySkill


class IssuedBacktest(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of issued forecasts by lead.

    Attributes
    ----------
    target : str
        ``pm25`` (daily mean) or ``mda8``.
    weather : str
        ``issued``: with or without weather ahead, as each was issued.
    threshold : float
        [µg m⁻³] Values above it are events; forecasts whose warning value is above it warn.
    stations, models : tuple of str
        Scored stations and cities, and versions of the models that issued.
    first, last : str
        First and last target day that was scored.
    lead_days : tuple of IssuedLead
    """

    target: str
    weather: str
    threshold: float
    stations: tuple[str, ...]
    models: tuple[str, ...]
    first: str
    last: str
    lead_days: tuple[IssuedLead, ...]


def score_issued_days(
    issued: pd.DataFrame, observed: pd.DataFrame, target: DailyTarget, zone: ZoneInfo
) -> IssuedBacktest | None:
    """Score what was issued at local midnight.

    Parameters
    ----------
    issued : DataFrame
        Product ``forecast_daily_issued``: index ``start`` (UTC) of the civil day, ``station_id``, ``origin`` (text), ``model``, and of the
        target the value, ``_q05``, ``_q95``, ``_warn`` [µg m⁻³]. Other hours of issue are left out, rows without the value too.
    observed : DataFrame
        Daily values [µg m⁻³], index civil days (midnights without a zone), a column a station or city; NaN missing. Days before the
        first issue give the persistence and its interval.
    target : DailyTarget
    zone : ZoneInfo

    Returns
    -------
    IssuedBacktest or None
        None without a pair of forecast and observation. ``coverage`` of persistence is None with fewer than `MINIMUM_RATIOS` pairs of days
        before the first issue.
    """
    table = _pairs(issued, observed, target, zone)
    if table.empty:
        return None
    ratios = _ratios(observed[observed.index < table["issue"].min()])
    leads = [
        _lead(lead, rows, ratios[lead], THRESHOLDS[target])
        for lead in range(DAYS)
        if len(rows := table[table["lead"] == lead])
    ]
    return IssuedBacktest(
        target=str(target),
        weather="issued",
        threshold=THRESHOLDS[target],
        stations=tuple(sorted(table["station_id"].unique())),
        models=tuple(sorted(table["model"].astype(str).unique())),
        first=f"{table['day'].min():%Y-%m-%d}",
        last=f"{table['day'].max():%Y-%m-%d}",
        lead_days=tuple(leads),
    )


def _pairs(issued: pd.DataFrame, observed: pd.DataFrame, target: DailyTarget, zone: ZoneInfo) -> pd.DataFrame:
    """A row a station, issue at local midnight and day with forecast and observation."""
    names = {f"{target}": "value", f"{target}_q05": "low", f"{target}_q95": "high", f"{target}_warn": "warn"}
    table = (
        issued.reset_index().reindex(columns=["start", "station_id", "origin", "model", *names]).rename(columns=names)
    )
    table = table.dropna(subset=["value"])
    if table.empty or observed.empty:
        return table.iloc[:0]
    table["day"] = pd.DatetimeIndex(table["start"]).tz_convert(zone).tz_localize(None)
    table["issue"] = pd.DatetimeIndex(pd.to_datetime(table["origin"], utc=True)).tz_convert(zone).tz_localize(None)
    table["lead"] = (table["day"] - table["issue"]).dt.days
    table = table[table["issue"] == table["issue"].dt.normalize()]
    last = _at(observed.ffill(), table["issue"] - pd.Timedelta(days=1), table["station_id"])
    found: pd.DataFrame = table.assign(observed=_at(observed, table["day"], table["station_id"]), last=last)
    return found[found["observed"].notna()]


def _at(daily: pd.DataFrame, day: pd.Series, station: pd.Series) -> NDArray[np.float64]:
    row, column = daily.index.get_indexer(pd.Index(day)), daily.columns.get_indexer(pd.Index(station))
    found = daily.to_numpy(dtype=float)[row, column]
    return np.asarray(np.where((row >= 0) & (column >= 0), found, np.nan), dtype=float)


def _lead(lead: int, rows: pd.DataFrame, ratios: NDArray[np.float64], threshold: float) -> IssuedLead:
    observed, last = (rows[name].to_numpy(dtype=float) for name in ("observed", "last"))
    ours = DailyPrediction(
        value=rows["value"].to_numpy(dtype=float),
        probability=np.where(rows["warn"] > threshold, 1.0, 0.0),
        low=rows["low"].to_numpy(dtype=float),
        high=rows["high"].to_numpy(dtype=float),
    )
    low, high = (
        np.quantile(ratios, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)) if len(ratios) >= MINIMUM_RATIOS else (0, 0)
    )
    theirs = DailyPrediction(
        value=last, probability=np.where(last > threshold, 1.0, 0.0), low=last * low, high=last * high
    )
    persistence = skill_of(observed, theirs, threshold=threshold, cut=1.0)
    if len(ratios) < MINIMUM_RATIOS:
        persistence = msgspec.structs.replace(persistence, coverage=None)
    return IssuedLead(
        **msgspec.structs.asdict(skill_of(observed, ours, threshold=threshold, cut=1.0)),
        lead_day=lead,
        site_days=len(rows),
        events=int((observed > threshold).sum()),
        persistence=persistence,
    )


def _ratios(before: pd.DataFrame) -> list[NDArray[np.float64]]:
    """Ratio of a day to the last valid one before the issue, by lead."""
    found = []
    for lead in range(DAYS):
        ratio = (before / before.ffill().shift(lead + 1).replace(0.0, np.nan)).to_numpy(dtype=float)
        found.append(ratio[np.isfinite(ratio)])
    return found
