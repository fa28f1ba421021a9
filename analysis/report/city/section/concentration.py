"""Concentrations against the limits in force, and against the period before and the year before.

References
----------
GB 3095-2026 Table 1 (limits) and Table 4 (days of a valid month and year); percentiles of CO and O3 as in HJ 663 (secondary source,
not verified against the text).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

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
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import POLLUTANT_OF, AnalysisError, limit, reported

if TYPE_CHECKING:
    from datetime import date

    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence
    from analysis.report.city.period import ReportPeriod

_DAYS_OF_MONTH, _DAYS_OF_FEBRUARY, _DAYS_OF_YEAR = 27, 25, 324
"""Valid days of a valid month and year (GB 3095-2026 Table 4; the same in 2012)."""
_PERCENTILES = {"co": 95.0, "o3": 90.0}
"""Of the daily values, where the assessment is no mean; linear between ranks (HJ 663, not verified)."""
_FEBRUARY = 2


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
    columns = (
        ReportColumn(key="pollutant"),
        ReportColumn(key="statistic"),
        ReportColumn(key="unit"),
        ReportColumn(key="value", digits=0),
        ReportColumn(key="n_days", unit="d", digits=0),
        *([ReportColumn(key="limit", digits=0)] if is_year else []),
        ReportColumn(key="daily_limit", digits=0),
        ReportColumn(key="above_days", unit="d", digits=0),
        ReportColumn(key="value_before", digits=0),
        ReportColumn(key="change_before", unit="%", digits=0),
        ReportColumn(key="value_year_before", digits=0),
        ReportColumn(key="change_year_before", unit="%", digits=0),
    )
    rows = [_row(evidence, code, columns) for code in POLLUTANT_OF]
    table = ReportTable(key="concentrations", columns=columns, rows=tuple(rows), query=evidence.query)
    figures = {name: period.text for name, period in zip(names, periods, strict=True)}
    return ReportSection(
        key="concentrations",
        sentences=(*_above(evidence), *_too_few(evidence)),
        tables=(table,),
        pictures=pictures,
        notes=(
            ReportSentence(key=f"report.city.statistic_{evidence.period.kind.value}", figures=dict(figures)),
            ReportSentence(key="report.city.limits", figures={}),
            *_edition_change(evidence),
        ),
    )


def needed_days(period: ReportPeriod) -> int:
    """Valid days that a period needs for a valid statistic [d]; of a span GB 3095 says nothing: one.

    Examples
    --------
    >>> from analysis.report.city.period import parse_period
    >>> needed_days(parse_period("2026-02")), needed_days(parse_period("2026"))
    (25, 324)
    """
    if period.kind in {PeriodKind.DAY, PeriodKind.SPAN}:
        return 1
    if period.kind is PeriodKind.YEAR:
        return _DAYS_OF_YEAR
    return _DAYS_OF_FEBRUARY if period.first.month == _FEBRUARY else _DAYS_OF_MONTH


def statistic(days: pd.DataFrame, code: str, kind: PeriodKind) -> float | None:
    """Mean of the valid days [µg m⁻³], CO P95 [mg m⁻³], O3 P90 of MDA8; of a day its value. None without a valid day."""
    values = days[column_of(code)].dropna()
    if values.empty:
        return None
    if kind is PeriodKind.DAY or code not in _PERCENTILES:
        return float(values.mean())
    return float(values.quantile(_PERCENTILES[code] / 100))


def column_of(code: str) -> str:
    """Column of the daily statistics that is compared with the daily limit."""
    return "o3_mda8" if code == "o3" else code


def above_limit(evidence: ReportEvidence, code: str) -> int:
    """Valid days of the period above the daily limit of class 2 in force on that day [d]."""
    values = evidence.days[column_of(code)].dropna()
    days = [civil_date(start, evidence.zone) for start in pd.DatetimeIndex(values.index)]
    return sum(is_above(float(value), code, day) for value, day in zip(values, days, strict=True))


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
    value, before, year_before = (
        statistic(table, code, kind) for table in (evidence.days, evidence.before, evidence.year_before)
    )
    cells: dict[str, ReportCell] = {
        "pollutant": POLLUTANT_OF[code],
        "statistic": f"=report.city.{_statistic_name(code, kind)}",
        "unit": "mg/m3" if code == "co" else "ug/m3",
        "value": value,
        "n_days": int(evidence.days[column_of(code)].notna().sum()),
        "limit": _annual_limit(code, day),
        "daily_limit": limit(code, _averaging(code), day),
        "above_days": above_limit(evidence, code),
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
        return limit(code, _averaging(code) if code in _PERCENTILES else "annual", day)
    except AnalysisError:
        return None


def _above(evidence: ReportEvidence) -> list[ReportSentence]:
    """Pollutants above their daily limit, the one with the most days first, or that none was."""
    counted = [(above_limit(evidence, code), code) for code in POLLUTANT_OF]
    found = sorted(((days, code) for days, code in counted if days), reverse=True)
    if not found:
        valid = int(evidence.days["aqi"].notna().sum())
        return [ReportSentence(key="report.city.above_none", figures={"valid": valid})]
    named = ", ".join(
        f"{POLLUTANT_OF[code]} {days}/{int(evidence.days[column_of(code)].notna().sum())}" for days, code in found
    )
    return [ReportSentence(key="report.city.above", figures={"named": named})]


def _too_few(evidence: ReportEvidence) -> list[ReportSentence]:
    needed = needed_days(evidence.period)
    short = [POLLUTANT_OF[code] for code in POLLUTANT_OF if int(evidence.days[column_of(code)].notna().sum()) < needed]
    if not short:
        return []
    figures: dict[str, ReportCell] = {"pollutants": ", ".join(short), "needed": needed}
    return [ReportSentence(key=f"report.city.too_few_{evidence.period.kind.value}", figures=figures)]


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
