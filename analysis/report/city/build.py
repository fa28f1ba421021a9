"""The report of an evidence in one language: its head and its sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.city.document import CityReport, ReportSection, ReportSentence
from analysis.report.city.section.chemistry import chemistry
from analysis.report.city.section.concentration import concentrations
from analysis.report.city.section.cut import cut
from analysis.report.city.section.episode import episodes
from analysis.report.city.section.glance import glance
from analysis.report.city.section.joint import joint
from analysis.report.city.section.outlook import outlook
from analysis.report.city.section.overview import overview
from analysis.report.city.section.quality import quality
from analysis.report.city.section.weather import weather
from analysis.statistics.limit import edition_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.report.city.evidence import ReportEvidence

SECTIONS: tuple[Callable[[ReportEvidence, str], ReportSection | ReportSentence], ...] = (
    glance,
    overview,
    concentrations,
    episodes,
    weather,
    joint,
    chemistry,
    cut,
    outlook,
    quality,
)
"""In the order of the report; a sentence in the place of a section says why it is not there."""


def build_report(evidence: ReportEvidence, language: str) -> CityReport:
    """The report in ``zh`` or ``en``, as if none had been published before."""
    found = [make(evidence, language) for make in SECTIONS]
    days = (evidence.period.first, evidence.period.last)
    return CityReport(
        place=evidence.place.code,
        name=evidence.place.name(language),
        place_kind=evidence.place.kind,
        period=evidence.period.text,
        period_kind=evidence.period.kind,
        first=days[0],
        last=days[1],
        language=language,
        zone=str(evidence.zone),
        editions=tuple(dict.fromkeys(edition_on(day).value for day in days)),
        issued_at=evidence.now,
        read_until=evidence.end,
        state=evidence.state,
        days=evidence.expected_days,
        valid_days=int(evidence.days["aqi"].notna().sum()),
        stations=len(evidence.hourly),
        source=evidence.source,
        digest=evidence.digest,
        bases=evidence.bases,
        sections=tuple(item for item in found if isinstance(item, ReportSection)),
        absent=tuple(item for item in found if isinstance(item, ReportSentence)),
    )
