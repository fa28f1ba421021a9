"""Pollution episodes: runs of days above an AQI of 100 with their weather, and the case files of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.report.case_text import answer_confidence
from analysis.report.city.document import (
    PeriodKind,
    ReportColumn,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.report.city.section.overview import GOOD
from analysis.report.city.section.weather import weather_days
from analysis.statistics.aqi_level import level_of
from analysis.statistics.daily import civil_date
from analysis.statistics.limit import POLLUTANT_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.case.case_file import CaseFile
    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence

_MOST_CASES = 12
"""Case files that are printed, the longest; all of them are in the Excel file."""
_MOST_SPELLS = 20
"""Spells that are printed, the longest; all of them are in the Excel file."""
_WEATHER = ("wind_speed", "relative_humidity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Consecutive civil days with an AQI above 100; a day without an AQI ends it."""

    first: date
    last: date
    days: pd.DataFrame

    @property
    def length(self) -> int:
        """Days of it [d]."""
        return len(self.days)


def episodes(evidence: ReportEvidence, language: str) -> ReportSection | ReportSentence:
    """Spells of the period and the case files that meet it; absent where there is neither."""
    found = [] if evidence.period.kind is PeriodKind.DAY else spells(evidence)
    cases = evidence.products.cases or ()
    if not found and not cases:
        return ReportSentence(key=f"report.city.absent.{_absent(evidence)}")
    tables = _spell_tables(evidence, found, language) if found else []
    tables += _case_tables(evidence, cases, language) if cases else []
    return ReportSection(
        key="episodes", sentences=(*_spell_sentences(evidence, found), *_case_sentences(evidence)), tables=tuple(tables)
    )


def spells(evidence: ReportEvidence) -> list[Spell]:
    """Runs of days with an AQI above 100, in order of time."""
    index = evidence.days["aqi"].dropna()
    high = index[index > GOOD].index
    civil = [civil_date(start, evidence.zone) for start in pd.DatetimeIndex(high)]
    breaks = [place for place in range(1, len(civil)) if civil[place] - civil[place - 1] > timedelta(days=1)]
    parts = np.split(np.arange(len(civil)), breaks)
    return [
        Spell(first=civil[part[0]], last=civil[part[-1]], days=evidence.days.loc[high[part]])
        for part in parts
        if len(part)
    ]


def _absent(evidence: ReportEvidence) -> str:
    name = "episodes" if evidence.products.cases is None else "cases"
    return f"{name}_day" if evidence.period.kind is PeriodKind.DAY else name


def _spell_sentences(evidence: ReportEvidence, found: list[Spell]) -> list[ReportSentence]:
    if evidence.period.kind is PeriodKind.DAY:
        return []
    if not found:
        return [ReportSentence(key="report.city.spell_none")]
    longest = max(found, key=lambda item: item.length)
    figures: dict[str, ReportCell] = {
        "spells": len(found),
        "days": sum(item.length for item in found),
        "valid": int(evidence.days["aqi"].notna().sum()),
        "first": str(longest.first),
        "last": str(longest.last),
        "length": longest.length,
        "aqi": int(longest.days["aqi"].max()),
    }
    return [ReportSentence(key="report.city.spells", figures=figures)]


def _case_sentences(evidence: ReportEvidence) -> list[ReportSentence]:
    cases = evidence.products.cases
    if cases is None:
        return [ReportSentence(key="report.city.absent.case_store")]
    if not cases:
        return [ReportSentence(key="report.city.case_none")]
    shown = min(len(cases), _MOST_CASES)
    return [ReportSentence(key="report.city.case_count", figures={"cases": len(cases), "shown": shown})]


def _spell_tables(evidence: ReportEvidence, found: list[Spell], language: str) -> list[ReportTable]:
    """The longest spells, in order of time; of more, all of them for the Excel file."""
    longest = sorted(sorted(found, key=lambda item: -item.length)[:_MOST_SPELLS], key=lambda item: item.first)
    shown = _spell_table(evidence, longest, language)
    if len(longest) == len(found):
        return [shown]
    every = _spell_table(evidence, found, language)
    return [shown, msgspec.structs.replace(every, key="all_spells", is_detail=True)]


def _spell_table(evidence: ReportEvidence, found: list[Spell], language: str) -> ReportTable:
    weather = weather_days(evidence)
    measured = [name for name in _WEATHER if name in weather]
    rows = [
        ReportRow(key=str(item.first), cells=_spell_cells(evidence, item, weather, measured, language))
        for item in found
    ]
    columns = (
        ReportColumn(key="spell"),
        ReportColumn(key="days", unit="d", digits=0),
        ReportColumn(key="aqi_peak", unit="1", digits=0),
        ReportColumn(key="peak_level"),
        ReportColumn(key="primary"),
        ReportColumn(key="pm25_mean", unit="ug/m3", digits=0),
        ReportColumn(key="pm25_peak", unit="ug/m3", digits=0),
        ReportColumn(key="mda8_peak", unit="ug/m3", digits=0),
        *(
            ReportColumn(key=name, unit="m/s" if name == "wind_speed" else "%", digits=1 if name == "wind_speed" else 0)
            for name in measured
        ),
    )
    return ReportTable(key="spells", columns=columns, rows=tuple(rows), query=evidence.query)


def _spell_cells(
    evidence: ReportEvidence, item: Spell, weather: pd.DataFrame, measured: list[str], language: str
) -> tuple[ReportCell, ...]:
    days = item.days
    peak = int(days["aqi"].max())
    level = level_of(peak)
    named = days["primary"].fillna("").str.split(",").explode()
    primary = ", ".join(POLLUTANT_OF[code] for code in named[named != ""].value_counts().index[:2])
    open_end = item.last == (evidence.end - timedelta(seconds=1)).astimezone(evidence.zone).date()
    text = f"{item.first:%m-%d} – {item.last:%m-%d}" if item.length > 1 else f"{item.first:%m-%d}"
    return (
        f"{text} →" if open_end else text,
        item.length,
        peak,
        level.name(language),
        primary,
        _known(days["pm25"].mean()),
        _known(days["pm25"].max()),
        _known(days["o3_mda8"].max()),
        *(_known(weather.loc[days.index, name].mean()) for name in measured),
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _case_tables(evidence: ReportEvidence, cases: tuple[CaseFile, ...], language: str) -> list[ReportTable]:
    """The longest case files, in order of time; of more, all of them for the Excel file."""
    query = evidence.products.queries.get("cases", evidence.query)
    ordered = sorted(cases, key=lambda item: (item.event.start, item.key))
    chosen = sorted(
        sorted(ordered, key=_hours, reverse=True)[:_MOST_CASES], key=lambda item: (item.event.start, item.key)
    )
    columns = (
        ReportColumn(key="started"),
        ReportColumn(key="hours", unit="h", digits=0),
        ReportColumn(key="event_kind"),
        ReportColumn(key="probability", unit="%", digits=0),
        ReportColumn(key="peak", digits=0),
        ReportColumn(key="usual", digits=0),
        ReportColumn(key="unit"),
        ReportColumn(key="sureness"),
        ReportColumn(key="case_answer"),
    )
    shown = ReportTable(key="cases", columns=columns, rows=tuple(_case_rows(evidence, chosen, language)), query=query)
    if len(ordered) == len(chosen):
        return [shown]
    rows = tuple(_case_rows(evidence, ordered, language))
    return [shown, ReportTable(key="all_cases", columns=columns, rows=rows, query=query, is_detail=True)]


def _hours(item: CaseFile) -> float:
    return ((item.event.end or item.computed_at) - item.event.start) / timedelta(hours=1)


def _case_rows(evidence: ReportEvidence, cases: list[CaseFile], language: str) -> Iterator[ReportRow]:
    for item in cases:
        probability = next((one.probability for one in item.kinds if one.kind is item.kind), None)
        cells = (
            f"{item.event.start.astimezone(evidence.zone):%m-%d %H:%M}",
            _hours(item),
            f"=word.event_kind.{item.kind.value}",
            None if probability is None else 100 * probability,
            item.peak.value,
            item.peak.usual,
            item.peak.unit,
            answer_confidence(item, language),
            item.answer.text(language),
        )
        yield ReportRow(key=item.key, cells=cells)
