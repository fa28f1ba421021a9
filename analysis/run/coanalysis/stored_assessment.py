"""Months and years of stations, cities and all cities together, assessed from their stored days; documents ``assessment``."""

from __future__ import annotations

from calendar import monthrange
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pandas as pd

from analysis.run.coanalysis.assessment import PlaceDays, earlier_year, with_aqi
from analysis.run.to_json import to_json
from analysis.statistics.assessment import (
    POLLUTANTS,
    Assessment,
    assess,
    changes,
    mean_of,
    months_of,
    ranking,
)
from analysis.statistics.assessment.compare import ConcentrationChange
from analysis.statistics.assessment.span import DECEMBER
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import POLLUTANT_OF
from schemas.interval import civil_days
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from store.settings import SharedSettings

DOCUMENT = "assessment"
"""Key ``{place}/{month or year}``, as ``210100/2026-05`` and ``all/2026``."""
_DAY = timedelta(days=1)
_KINDS = ("station", "city", "all")
_STATISTICS = [*POLLUTANTS, "o3_1h"]


class StoredAssessment(msgspec.Struct, frozen=True, kw_only=True):
    """Assessment of a place over a calendar month or year, or as much of it as is over.

    Attributes
    ----------
    kind : str
        ``station``, ``city`` or ``all``.
    is_final : bool
        Whether the month or year is over; a later correction makes a further version.
    rank, ranked : int or None, int
        Place of a city by its composite index, and how many cities have one; None without one and for other places.
    assessment : Assessment
    changes : tuple of ConcentrationChange
        Against the same days of the year before; empty without any of them.
    """

    kind: str
    is_final: bool
    rank: int | None
    ranked: int
    assessment: Assessment
    changes: tuple[ConcentrationChange, ...]


class _Span(NamedTuple):
    """A calendar month or year, and its last day that is over."""

    name: str
    period: str
    first: date
    last: date
    until: date


class AssessmentRun(msgspec.Struct, frozen=True, kw_only=True):
    """Months and years that `assess_days` renewed, places in them, and documents that say something new."""

    spans: tuple[str, ...]
    places: int
    renewed: int


def assess_days(settings: SharedSettings, day_from: date, day_to: date, now: datetime) -> AssessmentRun:
    """Assess the months and years that some civil days touch, from the products ``aqi_daily`` and ``aqi_city_daily``.

    Parameters
    ----------
    settings : SharedSettings
    day_from, day_to : date
        Both included.
    now : datetime
        UTC. A month that is not over is assessed up to the day before, a year up to the last month that is over.

    Returns
    -------
    AssessmentRun
        A further run on the same days renews nothing.

    Raises
    ------
    store.error.StoreError
        The job may be run again.
    """
    zone = settings.stations.timezone
    spans = _spans(day_from, day_to, now.astimezone(zone).date())
    renewed, places = 0, set()
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        state.migrate()
        if spans:
            first, last = min(item.first for item in spans), max(item.until for item in spans)
            days = _stored_days(store, zone, date(first.year - 1, first.month, 1), last)
        for span in spans:
            for item in assessed(days, span.first, span.until, span.period, is_final=span.until == span.last):
                renewed += _put(state, f"{item.assessment.place}/{span.name}", item)
                places.add(item.assessment.place)
    return AssessmentRun(spans=tuple(span.name for span in spans), places=len(places), renewed=renewed)


def assessed(days: PlaceDays, first: date, last: date, period: str, *, is_final: bool) -> list[StoredAssessment]:
    """Every place with a day in a span.

    Parameters
    ----------
    days : PlaceDays
    first, last : date
        Both included; the first of a month or year, and its last day or an earlier one.
    period : str
        ``month`` or ``year``: the rule of validity.
    is_final : bool
    """
    found = [
        (kind, assess(place, table, days.zone, first, last, period=period))
        for kind in _KINDS
        for place, table in days.of(kind).items()
        if _has_day(table, days.zone, first, last)
    ]
    ranks = {item.place: rank for rank, item in ranking(item for kind, item in found if kind == "city")}
    return [
        StoredAssessment(
            kind=kind,
            is_final=is_final,
            rank=ranks.get(item.place) if kind == "city" else None,
            ranked=len(ranks) if kind == "city" else 0,
            assessment=item,
            changes=changes(item, before) if (before := earlier_year(days, item)) else (),
        )
        for kind, item in found
    ]


def _spans(day_from: date, day_to: date, today: date) -> list[_Span]:
    """Months and years that the days touch, as far as they have come."""
    months = [_month(first) for first, _ in months_of(day_from, day_to)]
    found = [_Span(f"{a:%Y-%m}", "month", a, b, min(b, today - _DAY)) for a, b in months]
    for year in range(day_from.year, day_to.year + 1):
        first, last = date(year, 1, 1), date(year, DECEMBER, 31)
        found.append(_Span(f"{year}", "year", first, last, min(last, today.replace(day=1) - _DAY)))
    return [span for span in found if span.until >= span.first]


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _stored_days(store: InfluxStore, zone: ZoneInfo, first: date, last: date) -> PlaceDays:
    days = civil_days(first, last, zone)
    stations, cities = (
        _by_place(store.read_product(name, days.start, days.end)) for name in ("aqi_daily", "aqi_city_daily")
    )
    means = mean_of({name: table.reindex(columns=_STATISTICS) for name, table in (cities or stations).items()})
    codes = [code for code in POLLUTANT_OF if means["o3_mda8" if code == "o3" else code].notna().any()]
    return PlaceDays(zone=zone, stations=stations, cities=cities, whole=with_aqi(means, zone, codes))


def _by_place(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    if table.empty:
        return {}
    return {str(name): part.sort_index() for name, part in table.groupby("station_id")}


def _has_day(table: pd.DataFrame, zone: ZoneInfo, first: date, last: date) -> bool:
    return any(first <= civil_date(start, zone) <= last for start in pd.DatetimeIndex(table.index))


def _put(state: StateStore, key: str, item: StoredAssessment) -> bool:
    """Whether the document says something new."""
    before = state.documents.get(DOCUMENT, key)
    version = state.documents.put(DOCUMENT, key, to_json(item))
    return before is None or version > before.version
