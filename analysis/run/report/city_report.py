"""Reports of cities, the province and of files: read the hours, build, publish, write the files.

Publishing keeps every version in the state database (document ``report``); HTML, PDF and Excel are rendered from the document.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd

from analysis.report.city.build import build_report
from analysis.report.city.document import PROVINCE, CityReport, FigureQuery, PlaceKind, ReportFormat, ReportSentence
from analysis.report.city.evidence import (
    NETWORKS,
    OWN_NETWORKS,
    STORED,
    ReportEvidence,
    ReportPlace,
    gather_evidence,
    station_days,
)
from analysis.report.city.page import html_page
from analysis.report.city.period import check_begun
from analysis.report.city.revision import REPORT, is_same, read_report, revised
from analysis.run.hour_source import NoHoursError, StationHours, stored_hours
from analysis.run.report.later_change import later_changes, read_history
from analysis.run.report.products import products_of_files, products_of_store
from analysis.run.to_json import to_json
from schemas.city import city_name
from schemas.interval import Interval
from schemas.words import LANGUAGES
from schemas.words import words as words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from analysis.report.city.period import ReportPeriod
    from analysis.run.report.later_change import HourHistory, LaterCause, LaterChange
    from schemas.network import Network
    from store.settings import SharedSettings
    from store.state import Document, StateStore

_MOST_NAMED = 5
_HOUR = timedelta(hours=1)
_QUALITY_CONTROL = timedelta(hours=3)
"""So long before publication a reading may have been received whose hour was computed after it."""


class PublishedReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report, whether it was stored as a new version, and whether that one changes figures of the version before.

    Where it was not, its hours (digest) and figures equal those of the newest version, which is stored as checked.
    """

    report: CityReport
    version: int
    is_new: bool
    is_revised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodHours:
    """Stored hours of a period and of both that it is compared with.

    Attributes
    ----------
    inside : StationHours
        Of the period up to ``now``.
    hourly : mapping of str to DataFrame
        Of all three, by station.
    daily : mapping of str to DataFrame
        Their daily statistics.
    """

    inside: StationHours
    hourly: Mapping[str, pd.DataFrame]
    daily: Mapping[str, pd.DataFrame]


def period_hours(settings: SharedSettings, period: ReportPeriod, now: datetime, city: str | None = None) -> PeriodHours:
    """Read the hours of a city, or of all stations; raises as `evidence_of_store`."""
    zone = settings.stations.timezone
    check_begun(city or PROVINCE, period, zone, now)
    start, end = period.bounds(zone)
    found = stored_hours(settings, start, max(min(end, now), start + _HOUR), city=city, networks=OWN_NETWORKS)
    parts = [found.hourly]
    for other in dict.fromkeys((period.before(), period.year_before())):
        with suppress(NoHoursError):
            parts.append(stored_hours(settings, *other.bounds(zone), city=city, networks=NETWORKS).hourly)
    hourly = _joined(parts)
    return PeriodHours(inside=found, hourly=hourly, daily=station_days(hourly, zone, min(end, now)))


def evidence_of_store(
    settings: SharedSettings, code: str, period: ReportPeriod, now: datetime, hours: PeriodHours | None = None
) -> ReportEvidence:
    """Evidence of a city, or of `PROVINCE`.

    Parameters
    ----------
    settings : SharedSettings
    code : str
        City code (GB/T 2260) of the network file, or `PROVINCE`.
    period : ReportPeriod
    now : datetime
        UTC; hours from here on are not read.
    hours : PeriodHours or None
        Of all stations, where they are read once for many places; None: read those of the place.

    Raises
    ------
    analysis.report.city.period.ReportError
        The period has not begun, or no station has a value in it.
    analysis.run.hour_source.NoHoursError
        An unknown city, or no hour in the period.
    store.error.StoreError
        A database cannot be read.
    """
    city = None if code == PROVINCE else code
    found = hours or period_hours(settings, period, now, city)
    stations = {item.id: item for item in settings.stations.stations_of("gas") if city in {None, item.city}}
    evidence = gather_evidence(
        ReportPlace(code=code, kind=PlaceKind.PROVINCE if city is None else PlaceKind.CITY, **_names(code)),
        period,
        {name: frame for name, frame in found.hourly.items() if name in stations},
        stations,
        zone=settings.stations.timezone,
        now=now,
        source=STORED,
        held_batches=found.inside.held_batches,
        query=query_of_stored(period, tuple(name for name in found.inside.hourly if name in stations)),
        daily=found.daily,
    )
    return products_of_store(evidence, settings)


def _joined(parts: Iterable[Mapping[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Frames of several spans by station, in order of time; hours that lie in two spans as the first has them."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for part in parts:
        for name, frame in part.items():
            frames.setdefault(name, []).append(frame)
    joined = ((name, pd.concat(of)) for name, of in frames.items())
    return {name: frame[~frame.index.duplicated()].sort_index() for name, frame in joined}


def evidence_of_files(
    hours: StationHours,
    files: Iterable[Path],
    period: ReportPeriod,
    now: datetime,
    progress: Callable[[float], None] | None = None,
) -> ReportEvidence:
    """Evidence of the stations of files; raises `analysis.report.city.period.ReportError`.

    The code of the place has a digest of the files' names (`files_code`): files of other stations or years are another report, and the
    same files with other hours a further version of it.

    Where the files hold precursors, what to cut is ranked, which takes a minute for two months; ``progress`` is called with the
    part that is done [1].
    """
    paths = list(files)
    given = f"{' '.join(path.name for path in paths)} --dataset {hours.source}"
    evidence = gather_evidence(
        ReportPlace(code=files_code(hours.source, paths), kind=PlaceKind.STATIONS, **_names_of_files(hours)),
        period,
        hours.hourly,
        hours.stations,
        zone=hours.zone,
        now=now,
        source=hours.source,
        held_batches=0,
        query=FigureQuery(command=f"skyground analyse report {given} {period.options} --json"),
    )
    days = f"--day-from {period.first} --day-to {period.last} --json"
    return products_of_files(evidence, hours, lambda name: f"skyground analyse {name} {given} {days}", progress)


def files_code(source: str, files: Iterable[Path]) -> str:
    """Layout of files and a digest of their names, those in folders included; their order does not matter.

    Examples
    --------
    >>> from pathlib import Path
    >>> files_code("beijing", [Path("/a/x.csv")]), files_code("beijing", [Path("x.csv")]) == files_code("beijing", [Path("y.csv")])
    ('beijing-68f17f0f', False)
    """
    inside = (item for path in files for item in (path.rglob("*") if path.is_dir() else [path]))
    names = sorted(item.name for item in inside if not item.is_dir())
    return f"{source}-{sha256(chr(10).join(names).encode()).hexdigest()[:8]}"


def publish_reports(
    state: StateStore, reports: Iterable[CityReport], network: Network | None = None
) -> tuple[PublishedReport, ...]:
    """Store reports of one place and period, one a language, as further versions: all of them or none.

    A report that says the same as the newest version makes none; that it was made again is stored with that version. Where figures of a final report differ, the version is marked
    as revised and has the causes.

    Parameters
    ----------
    state : StateStore
    reports : iterable of CityReport
    network : Network or None
        Of the stations; names the parameters of late readings.

    Raises
    ------
    store.error.StateError
        Nothing was stored.
    """
    made = list(reports)
    before = [found for item in made if (found := _newest(state, item.key)) is not None]
    since = min((item.issued_at for item in before), default=None)
    spans = [span for basis in made[0].bases for span in basis.spans]
    history = None
    if since is not None and spans:
        whole = Interval(min(item.start for item in spans), max(item.end for item in spans))
        history = read_history(state, whole, since - _QUALITY_CONTROL)
    with state.documents.to_renew(REPORT, f"{made[0].place}/{made[0].period}/") as (documents, put):
        newest = {document.key: document for document in documents}
        marked = [_marked(item, newest.get(item.key), history, network) for item in made]
        return tuple(
            msgspec.structs.replace(
                item,
                version=put(item.report.key, to_json(item.report) if item.is_new else newest[item.report.key].body),
            )
            for item in marked
        )


def _newest(state: StateStore, key: str) -> CityReport | None:
    found = state.documents.get(REPORT, key)
    return read_report(found.body) if found else None


def _marked(
    report: CityReport, newest: Document | None, history: HourHistory | None, network: Network | None
) -> PublishedReport:
    """The newest version where the report says the same, else the report with what it changes of it, and why."""
    published = read_report(newest.body) if newest else None
    marked = revised(report, published)
    if newest is not None and published is not None and is_same(marked, published):
        return PublishedReport(report=published, version=newest.version, is_new=False)
    is_revised = published is not None and marked.is_revised and marked.changes != published.changes
    if is_revised and published is not None:
        causes = _causes(marked, published, history, network)
        marked = msgspec.structs.replace(marked, causes=(*causes, *marked.causes))
    return PublishedReport(report=marked, version=0, is_new=True, is_revised=is_revised)


def _causes(
    report: CityReport, published: CityReport, history: HourHistory | None, network: Network | None
) -> tuple[ReportSentence, ...]:
    """What changed since a report was issued; where its hours differ and nothing is on record, what was received shortly before."""
    if history is None:
        return cause_sentences((), report, published.issued_at, network)
    moments = [published.issued_at]
    if report.digest != published.digest:
        moments.append(published.issued_at - _QUALITY_CONTROL)
    for since in moments:
        found = [change for basis in report.bases for change in later_changes(history, basis, since, network)]
        if found:
            return cause_sentences(found, report, since, network)
    return cause_sentences((), report, published.issued_at, network)


def cause_sentences(
    changes: Iterable[LaterChange], report: CityReport, since: datetime, network: Network | None
) -> tuple[ReportSentence, ...]:
    """What changed since a moment, a sentence a cause; one that says so where nothing is on record."""
    zone = ZoneInfo(report.zone)
    groups: dict[LaterCause, list[LaterChange]] = {}
    for item in changes:
        groups.setdefault(item.cause, []).append(item)
    moment = f"{since.astimezone(zone):%Y-%m-%d %H:%M}"
    if not groups:
        return (ReportSentence(key="report.city.cause_unknown", figures={"since": moment}),)
    return tuple(
        ReportSentence(
            key=f"report.city.cause_{cause.value}",
            figures={
                "since": moment,
                "count": sum(item.count for item in found),
                "stations": _named([item.station_id for item in found], report, network),
                "parameters": ",".join(dict.fromkeys(code for item in found for code in item.parameters)),
                "first": f"{min(item.first for item in found).astimezone(zone):%Y-%m-%d %H:%M}",
                "last": f"{max(item.last for item in found).astimezone(zone):%Y-%m-%d %H:%M}",
            },
        )
        for cause, found in groups.items()
    )


def _names_of_files(hours: StationHours) -> dict[str, str]:
    """Names of a data set with its stations, in both languages."""
    found = {}
    for language in LANGUAGES:
        name = f"name_{language}"
        stations = _shortened(hours.place_name(one, language) for one in hours.hourly)
        place = _names(hours.source)[name]
        found[name] = words_of(language, "report.city")("of_files", place=place, stations=stations)
    return found


def _shortened(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    found = list(dict.fromkeys(names))
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" (+{more})" if more > 0 else "")


def _named(ids: Iterable[str], report: CityReport, network: Network | None) -> str:
    return _shortened(_station_name(item, report, network) for item in ids)


def _station_name(station_id: str, report: CityReport, network: Network | None) -> str:
    station = None if network is None else network.stations.get(station_id)
    return station_id if station is None else station.name(report.language)


def reports_of(evidence: ReportEvidence, languages: Iterable[str] = LANGUAGES) -> Iterator[CityReport]:
    """The report in each language."""
    for language in languages:
        yield build_report(evidence, language)


def write_report(report: CityReport, formats: Iterable[ReportFormat], folder: Path) -> tuple[Path, ...]:
    """Write a report to ``folder`` (made where it is not there), a file a format: ``<place>-<period>-<language>.<format>``.

    All formats are made first, and each file replaces an earlier one as a whole: what is interrupted leaves the earlier files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {form: rendered(report, form) for form in formats}
    written = []
    for form, content in made.items():
        path = folder / f"{report.place}-{report.period}-{report.language}.{form.value}"
        part = path.with_name(f".{path.name}.{token_hex(4)}.part")  # of this run: another may write the same report
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
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
    if not stations:
        return FigureQuery(command=f"skyground export --network gas {days} --output hours.csv")
    return FigureQuery(
        command=f"skyground export --network gas {chosen}{days} --output hours.csv",
        address=f"/api/v1/series?station={stations[0]}&parameter=pm25&from={period.first}&to={period.last}",
    )
