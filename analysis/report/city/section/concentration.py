"""Concentrations against the limits in force, and against the period before and the year before.

References
----------
Means, percentiles, exceedances and the days of a valid month and year: `analysis.statistics.assessment`. GB 3095-2026 Table 1 (limits).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.city.chart.air import concentration_chart
from analysis.report.city.document import (
    PeriodKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.statistics.assessment import STATIONS
from analysis.statistics.assessment.compare import compared
from analysis.statistics.assessment.rule import FEBRUARY, rules
from analysis.statistics.limit import POLLUTANT_OF, AnalysisError, limit, reported

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence
    from analysis.statistics.assessment import Assessment


def concentrations(evidence: ReportEvidence, language: str) -> ReportSection:
    """Statistic of each pollutant, its limit, days above the daily limit, and the periods before."""
    svg = concentration_chart(evidence, language)
    pictures = (
        ()
        if not svg
        else (ReportPicture(key=f"concentration_{evidence.period.kind.value}", svg=svg, query=evidence.query),)
    )
    names = ("period", "before", "year_before")
    periods = (evidence.period, evidence.period.before(), evidence.period.year_before())
    is_year = evidence.period.kind is PeriodKind.YEAR
    has_before = not evidence.period.is_a_year and evidence.before["aqi"].notna().any()
    columns = (
        ReportColumn(key="pollutant"),
        ReportColumn(key="statistic"),
        ReportColumn(key="unit"),
        ReportColumn(key="value", digits=0),
        ReportColumn(key="n_days", unit="d", digits=0),
        *([ReportColumn(key="n_stations")] if len(evidence.stations) > 1 else []),
        *([ReportColumn(key="limit", digits=0)] if is_year else []),
        ReportColumn(key="daily_limit", digits=0),
        ReportColumn(key="above_days", unit="d", digits=0),
        *(_compared_columns("before") if has_before else ()),
        *(_compared_columns("year_before") if evidence.year_before["aqi"].notna().any() else ()),
    )
    rows = [_row(evidence, code, columns) for code in POLLUTANT_OF]
    table = ReportTable(key="concentrations", columns=columns, rows=tuple(rows), query=evidence.query)
    figures = {name: period.label for name, period in zip(names, periods, strict=True)}
    return ReportSection(
        key="concentrations",
        sentences=(*_above(evidence), *_too_few(evidence), *_few_stations(evidence)),
        tables=(table,),
        pictures=pictures,
        notes=(
            ReportSentence(key=f"report.city.statistic_{evidence.period.kind.value}", figures=dict(figures)),
            ReportSentence(key="report.city.limits", figures={}),
            *_edition_change(evidence),
        ),
    )


def _compared_columns(name: str) -> tuple[ReportColumn, ReportColumn]:
    return ReportColumn(key=f"value_{name}", digits=0), ReportColumn(key=f"change_{name}", unit="%", digits=0)


def statistic(item: Assessment, code: str) -> float | None:
    """Figure that is compared with a limit: mean of the valid days [µg m⁻³], CO P95 [mg m⁻³], O3 P90 of MDA8; None without a valid day."""
    return compared(item.of(column_of(code)))


def column_of(code: str) -> str:
    """Column of the daily statistics that is compared with the daily limit."""
    return "o3_mda8" if code == "o3" else code


def is_above(value: float, code: str, day: date) -> bool:
    """Whether a daily value, rounded as it is reported, is above the limit of class 2 in force on that day."""
    return reported(value, code, day) > limit(code, _averaging(code), day)


def _averaging(code: str) -> str:
    return "MDA8" if code == "o3" else "24h"


def change_pct(value: float | None, before: float | None) -> float | None:
    """Change against a value before [%]; None where either is missing or the value before is not above zero.

    Examples
    --------
    >>> change_pct(150.0, 100.0)
    50.0
    """
    return None if value is None or before is None or before <= 0 else 100.0 * (value - before) / before


def _row(evidence: ReportEvidence, code: str, columns: tuple[ReportColumn, ...]) -> ReportRow:
    kind, day = evidence.period.kind, evidence.period.last
    value, before, year_before = (statistic(item, code) for item in evidence.assessed)
    item = evidence.assessed.period.of(column_of(code))
    cells: dict[str, ReportCell] = {
        "pollutant": POLLUTANT_OF[code],
        "statistic": f"=report.city.{_statistic_name(code, kind)}",
        "unit": "mg/m3" if code == "co" else "ug/m3",
        "value": value,
        "n_days": item.valid_days,
        "n_stations": _stations_text(evidence, code),
        "limit": _annual_limit(code, day),
        "daily_limit": limit(code, _averaging(code), day),
        "above_days": item.exceeded_days,
        "value_before": before,
        "change_before": change_pct(value, before),
        "value_year_before": year_before,
        "change_year_before": change_pct(value, year_before),
    }
    digits = 1 if code == "co" else 0
    by_row = dict.fromkeys(("value", "limit", "daily_limit", "value_before", "value_year_before"), digits)
    return ReportRow(key=code, cells=tuple(cells[column.key] for column in columns), digits=by_row)


def _statistic_name(code: str, kind: PeriodKind) -> str:
    if kind is PeriodKind.DAY:
        return "mda8" if code == "o3" else "mean_24h"
    return {"co": "percentile_95", "o3": "percentile_90"}.get(code, "mean")


def _annual_limit(code: str, day: date) -> float | None:
    """Limit of the statistic of a year on its last day; CO and O3 are compared with their daily limit."""
    try:
        return limit(code, _averaging(code) if code in {"co", "o3"} else "annual", day)
    except AnalysisError:
        return None


def _above(evidence: ReportEvidence) -> list[ReportSentence]:
    """Pollutants above their daily limit, the one with the most days first, or that none was."""
    items = {code: evidence.assessed.period.of(column_of(code)) for code in POLLUTANT_OF}
    found = sorted(((item.exceeded_days, code) for code, item in items.items() if item.exceeded_days), reverse=True)
    if not found:
        valid = int(evidence.days["aqi"].notna().sum())
        return [ReportSentence(key="report.city.above_none", figures={"valid": valid})]
    named = ", ".join(f"{POLLUTANT_OF[code]} {days}/{items[code].valid_days}" for days, code in found)
    return [ReportSentence(key="report.city.above", figures={"named": named})]


def _too_few(evidence: ReportEvidence) -> list[ReportSentence]:
    """Pollutants whose month or year is not valid (GB 3095 Table 4), of a day or span those without a valid day."""
    items = {code: evidence.assessed.period.of(column_of(code)) for code in POLLUTANT_OF}
    short = [
        POLLUTANT_OF[code]
        for code, item in items.items()
        if item.is_valid is False or (item.is_valid is None and not item.valid_days)
    ]
    if not short:
        return []
    kind, rule = evidence.period.kind, rules().validity
    figures: dict[str, ReportCell] = {"pollutants": ", ".join(short)}
    if kind is PeriodKind.MONTH:
        figures["needed"] = rule.february_days if evidence.period.first.month == FEBRUARY else rule.month_days
    if kind is PeriodKind.YEAR:
        figures |= {"needed": rule.year_days, "month": rule.month_days, "february": rule.february_days}
    return [ReportSentence(key=f"report.city.too_few_{kind.value}", figures=figures)]


def _station_counts(evidence: ReportEvidence, code: str) -> pd.Series:
    """Stations with a valid value on each valid day [1]."""
    column = column_of(code)
    return evidence.days.loc[evidence.days[column].notna(), f"{STATIONS}_{column}"]


def _stations_text(evidence: ReportEvidence, code: str) -> str | None:
    """Fewest stations in the mean of a day, of those that measure it: ``4/6``; ``4-6/6`` where days differ."""
    counts = _station_counts(evidence, code)
    if counts.empty:
        return None
    fewest, most = int(counts.min()), int(counts.max())
    return (f"{fewest}" if fewest == most else f"{fewest}-{most}") + f"/{evidence.stations_with(code)}"


def _few_stations(evidence: ReportEvidence) -> list[ReportSentence]:
    """Pollutants with valid days whose mean has fewer stations than the rules ask for; none by default."""
    least = rules().place.least_station_share
    days = {
        code: int((_station_counts(evidence, code) < least * evidence.stations_with(code)).sum())
        for code in POLLUTANT_OF
    }
    named = ", ".join(f"{POLLUTANT_OF[code]} {count}" for code, count in days.items() if count)
    figures: dict[str, ReportCell] = {"named": named, "share": round(100 * least)}
    return [ReportSentence(key="report.city.few_stations", figures=figures)] if named else []


def _edition_change(evidence: ReportEvidence) -> list[ReportSentence]:
    """Limits that changed between the periods that are compared."""
    first = evidence.period.year_before().first
    changed = [
        code
        for code in POLLUTANT_OF
        if limit(code, _averaging(code), first) != limit(code, _averaging(code), evidence.period.last)
    ]
    return (
        [ReportSentence(key="report.city.limit_change", figures={"pollutants": ",".join(changed)})] if changed else []
    )
