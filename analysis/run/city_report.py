"""Reports of cities, the province and of files: read the hours, build, publish, write the files.

Publishing keeps every version in the state database (document ``report``); HTML, PDF and Excel are rendered from the document.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd

from analysis.report.city.build import build_report
from analysis.report.city.document import CityReport, FigureQuery, PlaceKind, ReportSentence
from analysis.report.city.evidence import ReportEvidence, ReportPlace, gather_evidence
from analysis.report.city.page import html_page
from analysis.report.city.period import period_around
from analysis.report.city.revision import REPORT, is_same, read_report, revised
from analysis.run.hour_source import NoHoursError, StationHours, stored_hours
from analysis.run.to_json import to_json
from schemas.city import city_name
from schemas.words import LANGUAGES
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from analysis.report.city.period import ReportPeriod
    from store.settings import SharedSettings
    from store.state import StateStore

PROVINCE = "province"
"""Code of the place of all stations."""


class ReportFormat(StrEnum):
    """Form in which a report is given out."""

    HTML = "html"
    PDF = "pdf"
    XLSX = "xlsx"


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report, whether it was stored as a new version, and the files that were written."""

    report: CityReport
    version: int
    is_new: bool
    files: tuple[str, ...] = ()


def evidence_of_store(settings: SharedSettings, code: str, period: ReportPeriod, now: datetime) -> ReportEvidence:
    """Evidence of a city, or of `PROVINCE`.

    Parameters
    ----------
    settings : SharedSettings
    code : str
        City code (GB/T 2260) of the network file, or `PROVINCE`.
    period : ReportPeriod
    now : datetime
        UTC; hours from here on are not read.

    Raises
    ------
    analysis.report.city.period.ReportError, analysis.run.hour_source.NoHoursError
        The period has not begun, an unknown city, or one without a valid value.
    store.error.StoreError
        A database cannot be read.
    """
    city = None if code == PROVINCE else code
    zone = settings.stations.timezone
    start, end = period.bounds(zone)
    found = stored_hours(settings, start, max(min(end, now), start + timedelta(hours=1)), city=city, networks=("gas",))
    hourly = dict(found.hourly)
    stations = dict(found.stations)
    for other in dict.fromkeys((period.before(), period.year_before())):
        first, last = other.bounds(zone)
        try:
            earlier = stored_hours(settings, first, last, city=city, networks=("gas",))
        except NoHoursError:
            continue
        stations |= earlier.stations
        for name, frame in earlier.hourly.items():
            parts = [frame, hourly[name]] if name in hourly else [frame]
            hourly[name] = pd.concat(parts).sort_index()
    query = query_of_stored(period, tuple(found.hourly))
    place = ReportPlace(code=code, kind=PlaceKind.PROVINCE if city is None else PlaceKind.CITY, **_names(code))
    return gather_evidence(
        place,
        period,
        {name: hourly[name] for name in hourly},
        stations,
        zone=zone,
        now=now,
        source="stored",
        held_batches=found.held_batches,
        query=query,
    )


def evidence_of_files(
    hours: StationHours, files: Iterable[Path], period: ReportPeriod, now: datetime
) -> ReportEvidence:
    """Evidence of the stations of files; raises `analysis.report.city.period.ReportError`."""
    names = " ".join(path.name for path in files)
    return gather_evidence(
        ReportPlace(code=hours.source, kind=PlaceKind.STATIONS, **_names(hours.source)),
        period,
        hours.hourly,
        hours.stations,
        zone=hours.zone,
        now=now,
        source=hours.source,
        held_batches=0,
        query=FigureQuery(
            command=f"skyground analyse report {names} --dataset {hours.source} --{period.kind.value} {period.text} --json"
        ),
    )


def publish_report(state: StateStore, report: CityReport, stations: Collection[str]) -> PublishedReport:
    """Store a report as a further version, marked as revised where published figures differ; the same report makes none.

    Parameters
    ----------
    state : StateStore
    report : CityReport
    stations : collection of str
        Ids of the stations that it rests on.
    """
    with state.documents.to_renew(REPORT, report.key) as (documents, put):
        own = [document for document in documents if document.key == report.key]
        published = read_report(own[0].body) if own else None
        marked = revised(report, published)
        if published is not None and is_same(marked, published):
            return PublishedReport(report=published, version=own[0].version, is_new=False)
        if published is not None and marked.changes != published.changes:
            causes = (*_causes(state, marked, published, stations), *published.causes)
            marked = msgspec.structs.replace(marked, causes=causes)
        return PublishedReport(report=marked, version=put(report.key, to_json(marked)), is_new=True)


def reports_of(evidence: ReportEvidence, languages: Iterable[str] = LANGUAGES) -> Iterator[CityReport]:
    """The report in each language."""
    for language in languages:
        yield build_report(evidence, language)


def write_report(report: CityReport, formats: Iterable[ReportFormat], folder: Path) -> tuple[Path, ...]:
    """Write a report to ``folder`` (made where it is not there), a file a format: ``<place>-<period>-<language>.<format>``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for form in formats:
        path = folder / f"{report.place}-{report.period}-{report.language}.{form.value}"
        path.write_bytes(rendered(report, form))
        written.append(path)
    return tuple(written)


def rendered(report: CityReport, form: ReportFormat) -> bytes:
    """A report in a format."""
    if form is ReportFormat.XLSX:
        from analysis.report.city.workbook import workbook_file

        return workbook_file(report)
    html = html_page(report)
    if form is ReportFormat.PDF:
        from analysis.report.city.pdf import pdf_file

        return pdf_file(html)
    return html.encode()


def published_reports(state: StateStore, *, prefix: str = "") -> Iterator[CityReport]:
    """Newest versions of published reports that this version reads, the latest stored first."""
    for document in state.documents.each(REPORT, prefix=prefix):
        found = read_report(document.body)
        if found is not None:
            yield found


def figures_only(report: CityReport) -> dict[str, Any]:
    """Plain JSON of a report without its pictures."""
    bare = [msgspec.structs.replace(section, pictures=()) for section in report.sections]
    return to_json(msgspec.structs.replace(report, sections=tuple(bare)))


def _names(code: str) -> dict[str, str]:
    """Names of a place in both languages: of a city by its code, of others from the catalogues."""
    return {
        f"name_{language}": words_of(language, "report.city.place").get(code, city_name(code, language))
        for language in LANGUAGES
    }


def query_of_stored(period: ReportPeriod, stations: Sequence[str]) -> FigureQuery:
    """Export of the hours of the period, and the address of PM2.5 of the first station; days of both include the last."""
    chosen = "".join(f"--station {name} " for name in stations)
    days = f"--from {period.first} --to {period.last}"
    return FigureQuery(
        command=f"skyground export --network gas {chosen}{days} --output hours.csv",
        address=f"/api/v1/series?station={stations[0]}&parameter=pm25&from={period.first}&to={period.last}",
    )


def _causes(
    state: StateStore, report: CityReport, published: CityReport, stations: Collection[str]
) -> list[ReportSentence]:
    """Late and corrected readings of the period that were received since, by station; or that none is on record."""
    late: dict[str, int] = {}
    corrected: dict[str, int] = {}
    start, end = period_around(report.period_kind, report.first).bounds(ZoneInfo(report.zone))
    for item in state.revisions.list(start=start, end=end, received_after=published.read_until):
        if item.station_id in stations:
            of = late if item.before is None else corrected
            of[item.station_id] = of.get(item.station_id, 0) + item.readings
    found = [
        ReportSentence(
            key=f"report.city.cause_{kind}", figures={"readings": sum(of.values()), "stations": ", ".join(of)}
        )
        for kind, of in (("late", late), ("correction", corrected))
        if of
    ]
    return found or [ReportSentence(key="report.city.cause_unknown")]
