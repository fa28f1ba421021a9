"""One place over one span."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd

from analysis.statistics.assessment.place import POLLUTANTS, STATIONS
from analysis.statistics.assessment.result import Assessment, PollutantAssessment
from analysis.statistics.assessment.rule import FEBRUARY, rules
from analysis.statistics.assessment.span import DECEMBER, period_of, spans_of_limits
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import LimitClass, edition_on, limit, pollutant_name, reported

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from analysis.statistics.assessment.rule import CompositeIndex


def assess(
    place: str, daily: pd.DataFrame, zone: ZoneInfo, first: date, last: date, *, period: str | None = None
) -> Assessment:
    """Assess a place.

    Parameters
    ----------
    place : str
    daily : pd.DataFrame
        `analysis.statistics.aqi_frame.daily_statistics`, or the mean of several (`mean_of`), joined with `daily_aqi` of it where the
        levels are wanted: index UTC start of the civil day; NaN: not valid. Days outside the span are left out; days without a
        row count as not valid.
    zone : ZoneInfo
    first, last : date
        Both included.
    period : str or None
        None: ``month`` or ``year`` where the span is one, else ``span``.

    Raises
    ------
    ValueError
        If ``last`` is before ``first``.

    Examples
    --------
    >>> from datetime import date
    >>> from zoneinfo import ZoneInfo
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> days = pd.date_range("2026-04-30T16:00", periods=31, freq="D", tz="UTC", name="start")
    >>> found = assess("st-1", pd.DataFrame({"pm25": [50.0] * 28 + [70.0] * 3}, index=days), zone, date(2026, 5, 1), date(2026, 5, 31))
    >>> pm25 = found.of("pm25")
    >>> round(pm25.mean, 1), pm25.exceeded_days, pm25.valid_days, pm25.is_valid, found.of("so2").mean
    (51.9, 3, 31, True, None)
    """
    if last < first:
        msg = f"{place}: the span ends on {last}, before it begins on {first}"
        raise ValueError(msg)
    dates = [civil_date(start, zone) for start in pd.DatetimeIndex(daily.index)]
    inside = np.array([first <= day <= last for day in dates], dtype=bool)
    days = pd.Index([day for day, chosen in zip(dates, inside, strict=True) if chosen])
    table = daily[inside].set_axis(days, axis=0)
    return _assessed(place, table, first, last, period or period_of(first, last))


def _assessed(place: str, table: pd.DataFrame, first: date, last: date, period: str) -> Assessment:
    spans = spans_of_limits(first, last)
    parts = (
        tuple(_assessed(place, table[(table.index >= a) & (table.index <= b)], a, b, "span") for a, b in spans)
        if len(spans) > 1
        else ()
    )
    pollutants = tuple(_pollutant(name, table, first, last, period=period, is_one=not parts) for name in POLLUTANTS)
    rule = next(item for item in rules().composite_index if item.edition == edition_on(first).value)
    levels = table["level"].dropna() if "level" in table else pd.Series(dtype=float)
    primary = table["primary"].dropna() if "primary" in table else pd.Series(dtype=object)
    names = pd.Series([name for text in primary for name in str(text).split(",") if name], dtype=object)
    counted = np.bincount(levels.astype(int), minlength=7)[1:7]
    return Assessment(
        place=place,
        first=first,
        last=last,
        period=period,
        editions=tuple(dict.fromkeys(edition_on(a).value for a, _ in spans)),
        pollutants=pollutants,
        level_days=tuple(map(int, counted)),  # type: ignore[arg-type]  # six of them
        aqi_days=len(levels),
        good_share=float(counted[:2].sum() / len(levels)) if len(levels) else None,
        primary_days={str(name): int(n) for name, n in names.value_counts().items()},
        composite_index=None if parts else _composite(pollutants, rule),
        composite_source=f"{rule.source}; {rule.status}",
        stations=_stations(table),
        parts=parts,
    )


def _pollutant(
    name: str, table: pd.DataFrame, first: date, last: date, *, period: str, is_one: bool
) -> PollutantAssessment:
    values = table[name].astype(float).dropna() if name in table else pd.Series(dtype=float)
    code = "o3" if name == "o3_mda8" else name
    days = (last - first).days + 1
    rank = int(rules().percentile[name])
    mean = float(values.mean()) if len(values) else None
    percentile = float(np.percentile(values, rank)) if len(values) else None
    annual = None if not is_one or name in {"co", "o3_mda8"} else limit(code, "annual", first)
    daily = limit(code, _averaging(name), first) if is_one else None
    figure, against = (percentile, daily) if name in {"co", "o3_mda8"} else (mean, annual)
    exceeded = _exceeded(values, name, LimitClass.CLASS_2)
    counts = _station_counts(name, table)
    return PollutantAssessment(
        pollutant=name,
        unit="mg/m3" if name == "co" else "ug/m3",
        valid_days=len(values),
        days=days,
        is_valid=_is_valid(values, first, period),
        mean=mean,
        percentile=percentile,
        rank=rank,
        exceeded_days=exceeded,
        exceeded_share=exceeded / len(values) if len(values) else None,
        exceeded_days_class1=_exceeded(values, name, LimitClass.CLASS_1),
        annual_limit=annual,
        daily_limit=daily,
        index=figure / against if figure is not None and against else None,
        fewest_stations=int(counts.min()) if len(counts) else None,
        few_station_days=int((counts < rules().place.least_station_share * _stations(table)).sum()),
    )


def _stations(table: pd.DataFrame) -> int:
    """Largest number of places in the mean of a day; 1 of a station."""
    return int(table[STATIONS].max()) if STATIONS in table and len(table) else 1


def _station_counts(name: str, table: pd.DataFrame) -> pd.Series:
    """Places with a valid value on each valid day; none of a station."""
    column = f"{STATIONS}_{name}"
    if column not in table or name not in table:
        return pd.Series(dtype=float)
    return table.loc[table[name].notna(), column].astype(float).dropna()  # days stored by an earlier version have none


def _exceeded(values: pd.Series, name: str, area: LimitClass) -> int:
    code = "o3" if name == "o3_mda8" else name
    pollutant, averaging = pollutant_name(code), _averaging(name)
    return sum(
        reported(float(value), pollutant, day) > limit(pollutant, averaging, day, area)
        for day, value in zip(cast("list[date]", list(values.index)), values, strict=True)
    )


def _averaging(name: str) -> str:
    return "MDA8" if name == "o3_mda8" else "24h"


def _is_valid(values: pd.Series, first: date, period: str) -> bool | None:
    """Rule of the month, of the year and each of its months; None for another span."""
    rule = rules().validity
    if period == "month":
        return len(values) >= (rule.february_days if first.month == FEBRUARY else rule.month_days)
    if period == "year":
        months = pd.Series([day.month for day in values.index]).value_counts()
        enough = all(
            months.get(month, 0) >= (rule.february_days if month == FEBRUARY else rule.month_days)
            for month in range(1, DECEMBER + 1)
        )
        return len(values) >= rule.year_days and enough
    return None


def _composite(pollutants: tuple[PollutantAssessment, ...], rule: CompositeIndex) -> float | None:
    parts = [(rule.weights[item.pollutant], item.index) for item in pollutants]
    known = [weight * index for weight, index in parts if index is not None]
    return sum(known) if len(known) == len(parts) else None
