"""PM2.5 and O3 together: days and hours on which both are high, and how they go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.coanalysis.copollution import joint_days, joint_hours, lagged_correlation
from analysis.coanalysis.statement import summary
from analysis.report.city.chart.air import hour_chart
from analysis.report.city.document import (
    PeriodKind,
    ReportColumn,
    ReportPicture,
    ReportRow,
    ReportSection,
    ReportSentence,
    ReportTable,
)
from analysis.report.city.section.overview import share

if TYPE_CHECKING:
    from analysis.report.city.evidence import ReportEvidence

_LEAST_DAYS = 20
"""Of a period from which on a correlation is given."""


def joint(evidence: ReportEvidence, language: str) -> ReportSection:
    """Days by class (neither, PM2.5 only, O3 only, both), hours with both, and the strongest lagged correlation."""
    days = joint_days(evidence.days, evidence.zone)
    hours = joint_hours(evidence.mean_hours["pm25"], evidence.mean_hours["o3"], evidence.zone)
    with_lag = evidence.period.kind is not PeriodKind.DAY and evidence.expected_days >= _LEAST_DAYS
    lags = lagged_correlation(evidence.mean_hours["pm25"], evidence.mean_hours["o3"], evidence.zone) if with_lag else ()
    shown = [item for item in summary(days, hours, lags) if with_lag or item.topic != "lag"]
    sentences = [ReportSentence(key=item.key, figures=dict(item.figures)) for item in shown]
    sentences += [
        ReportSentence(key=one.key or "", figures=dict(one.figures)) for item in shown for one in item.details
    ]
    valid = days[days["joint"].notna()]
    classes = {
        "neither": ~(valid["pm25_exceeds"] == 1) & ~(valid["o3_exceeds"] == 1),
        "pm25_only": (valid["pm25_exceeds"] == 1) & ~(valid["o3_exceeds"] == 1),
        "o3_only": (valid["o3_exceeds"] == 1) & ~(valid["pm25_exceeds"] == 1),
        "both": valid["joint"] == 1,
    }
    rows = [
        ReportRow(
            key=name,
            cells=(f"=report.city.{name}", int(chosen.sum()), share(int(chosen.sum()), len(valid)), len(valid)),
        )
        for name, chosen in classes.items()
    ]
    columns = (
        ReportColumn(key="class"),
        ReportColumn(key="days", unit="d", digits=0),
        ReportColumn(key="share", unit="%", digits=1),
        ReportColumn(key="n_days", unit="d", digits=0),
    )
    table = ReportTable(key="joint", columns=columns, rows=tuple(rows), query=evidence.query)
    svg = hour_chart(evidence, language)
    return ReportSection(
        key="joint",
        pictures=(ReportPicture(key="hour", svg=svg, query=evidence.query),) if svg else (),
        sentences=tuple(sentences),
        tables=() if evidence.period.kind is PeriodKind.DAY else (table,),
    )
