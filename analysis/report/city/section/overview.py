"""Overview: the AQI, its levels, the primary pollutants, and the periods it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.report.city.chart.air import aqi_chart, month_chart
from analysis.report.city.document import (
    PeriodKind,
    PlaceKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.statistics.aqi_level import level_of, levels
from analysis.statistics.assessment import assess
from analysis.statistics.limit import POLLUTANT_OF

if TYPE_CHECKING:
    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence

GOOD = 100
"""Highest AQI of a good day (HJ 633-2012 Table 2: levels 1 and 2)."""


_MOST_MEMBERS = 25
"""Rows of places that are printed; more are in the Excel file."""


def overview(evidence: ReportEvidence, language: str) -> ReportSection:
    """AQI of the period, days by level and by primary pollutant, and cities or stations side by side."""
    tables = [_levels(evidence, language), _primary(evidence)]
    if len(evidence.members) > 1 or evidence.place.kind is PlaceKind.PROVINCE:
        tables.append(_members(evidence, language))
    kind = evidence.period.kind
    svg = month_chart(evidence, language) if kind is PeriodKind.YEAR else aqi_chart(evidence, language)
    pictures = () if not svg else (ReportPicture(key=f"aqi_{kind.value}", svg=svg, query=evidence.query),)
    return ReportSection(
        key="overview",
        sentences=(air_sentence(evidence, language), *_compared(evidence), *_withheld(evidence)),
        tables=tuple(tables) if kind is not PeriodKind.DAY else tuple(tables[2:]),
        pictures=pictures,
    )


def air_sentence(evidence: ReportEvidence, language: str) -> ReportSentence:
    """What the air was like: AQI, level and primary pollutant of a day; else good, heavily polluted and worst days."""
    return _day(evidence, language) if evidence.period.kind is PeriodKind.DAY else _days(evidence)


def _day(evidence: ReportEvidence, language: str) -> ReportSentence:
    index = evidence.days["aqi"].dropna()
    if index.empty:
        return ReportSentence(key="report.city.day_none", figures={"stations": len(evidence.hourly)})
    row = evidence.days.loc[index.index[0]]
    level = level_of(int(row["aqi"]))
    return ReportSentence(
        key="report.city.day_aqi" if row["primary"] else "report.city.day_aqi_clean",
        figures={
            "aqi": int(row["aqi"]),
            "level": level.name(language),
            "primary": str(row["primary"]),
            "stations": int(row["stations"]),
        },
    )


def _days(evidence: ReportEvidence) -> ReportSentence:
    index = evidence.days["aqi"].dropna()
    return ReportSentence(
        key="report.city.days_good",
        figures={
            "good": int((index <= GOOD).sum()),
            "valid": len(index),
            "days": evidence.expected_days,
            "share": share(int((index <= GOOD).sum()), len(index)),
            "heavy": int((index > levels()[3].highest).sum()),
            "mean": None if index.empty else round(float(index.mean())),
            "highest": None if index.empty else int(index.max()),
            "on": ""
            if index.empty
            else f"{pd.DatetimeIndex(index.index)[int(index.argmax())].tz_convert(evidence.zone):%Y-%m-%d}",
        },
    )


def _compared(evidence: ReportEvidence) -> list[ReportSentence]:
    """The good days or the index of the period before and of the year before."""
    found = []
    for key, table, period in (
        ("before", evidence.before, evidence.period.before()),
        ("year_before", evidence.year_before, evidence.period.year_before()),
    )[1 if evidence.period.is_a_year else 0 :]:
        index = table["aqi"].dropna()
        if index.empty:
            found.append(ReportSentence(key=f"report.city.{key}_none", figures={"period": period.label}))
        elif evidence.period.kind is PeriodKind.DAY:
            figures: dict[str, ReportCell] = {"period": period.label, "aqi": int(index.iloc[0])}
            found.append(ReportSentence(key="report.city.compared_day", figures=figures))
        else:
            good = int((index <= GOOD).sum())
            figures = {"period": period.label, "good": good, "valid": len(index), "share": share(good, len(index))}
            found.append(ReportSentence(key="report.city.compared_days", figures={**figures, "days": period.days}))
    return found


def _withheld(evidence: ReportEvidence) -> list[ReportSentence]:
    """Days whose AQI may not be published because an item is missing."""
    missing = int((evidence.days["aqi"].isna() & evidence.days["aqi_computed"].notna()).sum())
    return [ReportSentence(key="report.city.withheld", figures={"days": missing})] if missing else []


def share(part: int, whole: int) -> float | None:
    """Share in percent with one digit; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def _levels(evidence: ReportEvidence, language: str) -> ReportTable:
    index = evidence.days["aqi"].dropna()
    rows = []
    for level in levels():
        days = int(index.between(level.lowest, level.highest).sum())
        name = level.name(language)
        cells = (name, f"{level.lowest}-{level.highest}", days, share(days, len(index)), len(index))
        rows.append(ReportRow(key=f"level{level.level}", cells=cells))
    columns = (
        ReportColumn(key="level"),
        ReportColumn(key="aqi_range"),
        ReportColumn(key="days", unit="d", digits=0),
        ReportColumn(key="share", unit="%", digits=1),
        ReportColumn(key="n_days", unit="d", digits=0),
    )
    return ReportTable(key="levels", columns=columns, rows=tuple(rows), query=evidence.query)


def _primary(evidence: ReportEvidence) -> ReportTable:
    """Days on which a pollutant was primary; ties count for each."""
    valid = evidence.days[evidence.days["aqi"].notna()]
    named = valid["primary"].fillna("").str.split(",")
    total = int((valid["primary"].fillna("") != "").sum())
    rows = []
    for code, name in POLLUTANT_OF.items():
        days = int(sum(code in of for of in named))
        rows.append(ReportRow(key=code, cells=(name, days, share(days, total), total)))
    columns = (
        ReportColumn(key="pollutant"),
        ReportColumn(key="primary_days", unit="d", digits=0),
        ReportColumn(key="share", unit="%", digits=1),
        ReportColumn(key="n_above_50", unit="d", digits=0),
    )
    return ReportTable(key="primary", columns=columns, rows=tuple(rows), query=evidence.query)


def _members(evidence: ReportEvidence, language: str) -> ReportTable:
    """Cities of a province or stations of a city, the best first."""
    listed = []
    for code, table in evidence.members.items():
        index, good = table["aqi"].dropna(), int((table["aqi"] <= GOOD).sum())
        mean = None if index.empty else round(float(index.mean()))
        item = assess(code, table, evidence.zone, evidence.period.first, evidence.period.last)
        pm25, o3 = (item.of(name).mean for name in ("pm25", "o3_mda8"))
        cells = (evidence.member_name(code, language), mean, share(good, len(index)), pm25, o3, len(index))
        listed.append(ReportRow(key=code, cells=cells))
    listed.sort(key=lambda row: (row.cells[1] is None, row.cells[1] or 0, row.key))
    columns = (
        ReportColumn(key="city" if evidence.place.kind is PlaceKind.PROVINCE else "station"),
        ReportColumn(key="aqi_mean", unit="1", digits=0),
        ReportColumn(key="good_share", unit="%", digits=1),
        ReportColumn(key="pm25_mean", unit="ug/m3", digits=0),
        ReportColumn(key="mda8_mean", unit="ug/m3", digits=0),
        ReportColumn(key="n_days", unit="d", digits=0),
    )
    is_detail = len(listed) > _MOST_MEMBERS
    return ReportTable(key="members", columns=columns, rows=tuple(listed), query=evidence.query, is_detail=is_detail)
