"""Published reports as the page and the API list them, and their files, rendered from the stored documents."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.report.city.document import PROVINCE, DataState, PeriodKind, ReportFormat
from analysis.report.city.period import ReportError, parse_period
from analysis.report.city.revision import REPORT, read_report
from console.view.report import ListedReport, ReportQuery, ReportState, ReportVersion
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.report.city.document import CityReport
    from analysis.report.city.period import ReportPeriod
    from store.state import DocumentHead, StateStore

_FIELDS: dict[str, tuple[str | int, ...]] = {
    "state": ("state",),
    "issued_at": ("issued_at",),
    "name": ("name",),
    "changed": ("changes", 0, "figure"),
    "found_at": ("changes", 0, "found_at"),
}
_MOST_LOOKED_AT = 1000
"""Reports, of the latest periods, whose state is read for a list of one state: each costs the reading of its document."""
_KEPT = 12
"""Rendered files that are kept in memory: a PDF takes seconds."""
_ORDER = {PeriodKind.YEAR: 0, PeriodKind.MONTH: 1, PeriodKind.SPAN: 2, PeriodKind.DAY: 3}
_making_pdf, _keeping = threading.Lock(), threading.Lock()
_kept: OrderedDict[tuple[str, int, datetime, ReportFormat], bytes] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportList:
    """Reports, those of the latest period first; ``total`` counts all that the query asks for, ``places`` has all that there are."""

    reports: tuple[ListedReport, ...]
    total: int
    places: tuple[str, ...]


def list_reports(state: StateStore, query: ReportQuery, limit: int) -> ReportList:
    """Published reports, newest versions and their predecessors.

    Parameters
    ----------
    state : StateStore
    query : ReportQuery
    limit : int
        Most reports (of all languages) in the list.

    Raises
    ------
    store.error.StoreError
    """
    known = _by_report(state.documents.heads(REPORT))
    chosen = sorted((item for item in known if _is_asked(item, query)), key=_rank, reverse=True)
    if query.state is not None:
        chosen = chosen[:_MOST_LOOKED_AT]
        states = {
            head.key: _state(head)
            for head in state.documents.heads(
                REPORT, _FIELDS, keys=[key for item in chosen for key in known[item].values()]
            )
        }
        chosen = [item for item in chosen if query.state in {states.get(key) for key in known[item].values()}]
    shown = chosen[:limit]
    versions = _versions(state, [key for item in shown for key in known[item].values()])
    reports = tuple(_listed(place, period, known[place, period], versions) for place, period in shown)
    return ReportList(reports=reports, total=len(chosen), places=tuple(dict.fromkeys(place for place, _ in known)))


def report_file(state: StateStore, key: str, version: int | None, form: ReportFormat) -> bytes | None:
    """A version (None: the newest) in a format, rendered from its document; None where there is none that can be read."""
    documents = state.documents
    document = documents.get(REPORT, key) if version is None else documents.get_version(REPORT, key, version)
    report = None if document is None else read_report(document.body)
    if document is None or report is None:
        return None
    mark = (key, document.version, document.created_at, form)
    with _keeping:
        content = _kept.get(mark)
    if content is None:
        content = _made(report, form)
    with _keeping:
        _kept[mark] = content
        _kept.move_to_end(mark)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return content


def _made(report: CityReport, form: ReportFormat) -> bytes:
    """A file; one PDF at a time, each keeps a core busy for seconds."""
    # imports lightgbm, scikit-learn and matplotlib, which take longer than all else at the start of the console
    from analysis.run.report.city_report import rendered

    if form is not ReportFormat.PDF:
        return rendered(report, form)
    with _making_pdf:
        return rendered(report, form)


def _by_report(heads: Iterable[DocumentHead]) -> dict[tuple[str, ReportPeriod], dict[str, str]]:
    """Keys of documents by language, by place and period; other keys are left out."""
    found: dict[tuple[str, ReportPeriod], dict[str, str]] = defaultdict(dict)
    for head in heads:
        place, text, language = (*head.key.split("/"), "", "")[:3]
        if language not in LANGUAGES:
            continue
        try:
            found[place, parse_period(text)][language] = head.key
        except ReportError:
            continue
    return found


def _is_asked(item: tuple[str, ReportPeriod], query: ReportQuery) -> bool:
    place, period = item
    is_kind = query.kind is None or period.kind is query.kind
    return query.place in {"", place} and is_kind and period.text.startswith(query.period)


def _rank(item: tuple[str, ReportPeriod]) -> tuple[object, ...]:
    """The latest period first, of those that end together the longest, and the province before its cities."""
    place, period = item
    return (period.last, -_ORDER[period.kind], place == PROVINCE, [-ord(sign) for sign in place])


def _versions(state: StateStore, keys: list[str]) -> dict[str, list[DocumentHead]]:
    found: dict[str, list[DocumentHead]] = defaultdict(list)
    for head in state.documents.heads(REPORT, _FIELDS, keys=keys, every_version=True):
        found[head.key].append(head)
    return {key: sorted(of, key=lambda head: head.version, reverse=True) for key, of in found.items()}


def _listed(
    place: str, period: ReportPeriod, keys: dict[str, str], versions: dict[str, list[DocumentHead]]
) -> ListedReport:
    names = {language: versions[key][0].fields["name"] or place for language, key in keys.items()}
    return ListedReport(
        place=place,
        period=period,
        names=names,
        versions={
            language: tuple(
                ReportVersion(
                    version=head.version, issued_at=_issued(head), state=_state(head), checked_at=head.checked_at
                )
                for head in versions[key]
            )
            for language, key in sorted(keys.items())
        },
    )


def _issued(head: DocumentHead) -> datetime:
    text = head.fields["issued_at"]
    return head.created_at if text is None else datetime.fromisoformat(text)


def _state(head: DocumentHead) -> ReportState:
    if head.fields["changed"] is not None:
        return ReportState.REVISED
    is_final = head.fields["state"] == DataState.FINAL.value
    return ReportState.FINAL if is_final else ReportState.PRELIMINARY
