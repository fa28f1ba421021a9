"""Data quality: valid, suspect, rejected and missing hours by station and pollutant, and what that means for the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.city.document import ReportColumn, ReportRow, ReportSection, ReportSentence, ReportTable
from analysis.report.city.evidence import SIX
from analysis.report.city.section.overview import share
from analysis.statistics.limit import POLLUTANT_OF
from schemas.column import FLAG
from schemas.flag import Flag
from schemas.frames import valid_values

if TYPE_CHECKING:
    from analysis.report.city.document import ReportCell
    from analysis.report.city.evidence import ReportEvidence

_LOW = 75.0
"""Coverage below which a station is named [%]; project choice (a valid month needs 27 of 31 days with 20 of 24 hours: 73 %)."""

_MOST_STATIONS = 25
"""Rows that are printed; more are in the Excel file."""


def quality(evidence: ReportEvidence, language: str) -> ReportSection:
    """Hours of each station and pollutant: a row each that the station measures."""
    rows = [
        _row(evidence, name, code, language)
        for name, frame in evidence.hourly.items()
        for code in SIX
        if code in frame and frame[code].notna().any()
    ]
    low = [row for row in rows if (row.cells[6] if isinstance(row.cells[6], float) else 0.0) < _LOW]
    total = sum(int(row.cells[2] or 0) for row in rows)
    sentences = [
        ReportSentence(
            key="report.city.coverage",
            figures={
                "stations": len(evidence.hourly),
                "hours": evidence.expected_hours,
                "valid": total,
                "expected": evidence.expected_hours * len(rows),
                "share": share(total, evidence.expected_hours * len(rows)),
            },
        )
    ]
    if low:
        names = ", ".join(dict.fromkeys(f"{row.cells[0]} {row.cells[1]} ({row.cells[6]} %)" for row in low[:12]))
        sentences.append(
            ReportSentence(key="report.city.low_coverage", figures={"names": names, "count": len(low), "limit": _LOW})
        )
    if evidence.held_batches:
        sentences.append(ReportSentence(key="report.city.held", figures={"batches": evidence.held_batches}))
    if not any(f"{code}{FLAG}" in frame for frame in evidence.hourly.values() for code in SIX):
        sentences.append(ReportSentence(key="report.city.no_flags"))
    return ReportSection(
        key="quality",
        sentences=tuple(sentences),
        tables=(_coverage(evidence, language), _hours(evidence, rows)),
        notes=(ReportSentence(key="report.city.suspect_counts"),),
    )


def _coverage(evidence: ReportEvidence, language: str) -> ReportTable:
    """Part of the hours that are valid: a row a station, a column a pollutant."""
    rows = []
    for name, frame in evidence.hourly.items():
        shares: list[ReportCell] = [
            share(int(valid_values(frame, code).notna().sum()), evidence.expected_hours)
            if code in frame and frame[code].notna().any()
            else None
            for code in SIX
        ]
        rows.append(ReportRow(key=name, cells=(evidence.member_name(name, language), *shares, evidence.expected_hours)))
    columns = (
        ReportColumn(key="station"),
        *(ReportColumn(key=code, unit="%", digits=1) for code in SIX),
        ReportColumn(key="n_hours", unit="h", digits=0),
    )
    return ReportTable(
        key="coverage", columns=columns, rows=tuple(rows), query=evidence.query, is_detail=len(rows) > _MOST_STATIONS
    )


def _hours(evidence: ReportEvidence, rows: list[ReportRow]) -> ReportTable:
    columns = (
        ReportColumn(key="station"),
        ReportColumn(key="pollutant"),
        ReportColumn(key="valid_hours", unit="h", digits=0),
        ReportColumn(key="suspect_hours", unit="h", digits=0),
        ReportColumn(key="rejected_hours", unit="h", digits=0),
        ReportColumn(key="missing_hours", unit="h", digits=0),
        ReportColumn(key="coverage", unit="%", digits=1),
    )
    return ReportTable(key="hours", columns=columns, rows=tuple(rows), query=evidence.query, is_detail=True)


def _row(evidence: ReportEvidence, name: str, code: str, language: str) -> ReportRow:
    frame = evidence.hourly[name]
    valid = int(valid_values(frame, code).notna().sum())
    flags = frame.get(f"{code}{FLAG}")
    suspect, rejected = (None if flags is None else int((flags == flag).sum()) for flag in (Flag.SUSPECT, Flag.FAIL))
    missing = max(evidence.expected_hours - valid - (rejected or 0), 0)
    cells = (
        evidence.member_name(name, language),
        POLLUTANT_OF[code],
        valid,
        suspect,
        rejected,
        missing,
        share(valid, evidence.expected_hours),
    )
    return ReportRow(key=f"{name}.{code}", cells=cells)
