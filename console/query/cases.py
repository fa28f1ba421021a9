"""Case files as pages and the API read them, and their pictures."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from analysis.report.stored_case import CASE, StoredCase, case_for, read_case
from console.view.attribution import matching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile
    from analysis.run.coanalysis.joint_pollution import CaseEpisode
    from console.view.alert import AlertHistory
    from schemas.network import Network
    from store.state import Document, StateStore

MOST_LISTED = 300
"""Case files that are read for a list of alerts: it is shown within a second or two."""
_TOLERANCE = timedelta(hours=2)
_DRAWING = threading.Lock()
"""matplotlib's settings are those of the process: one picture at a time."""


class CaseLookup(NamedTuple):
    """What is known of the case of an alert.

    Attributes
    ----------
    item : StoredCase or None
    versions : int
        Answers that were stored.
    why : str or None
        Why none could be computed.
    is_expected : bool
        Whether such an alert gets a case file.
    old : list of Document
        Attributions that an earlier version stored.
    """

    item: StoredCase | None
    versions: int
    why: str | None
    is_expected: bool
    old: list[Document]


def read_alert_case(state: StateStore, network: Network, episode: AlertHistory) -> CaseLookup:
    """The case file of an alert."""
    # the analysis takes a second to import: paid by the first page of an alert
    from alerts.mail.first_case import case_of, is_of_air, why_no_case

    worst = episode.worst
    item = case_of(state, worst)
    if item is not None:
        versions = len(state.documents.list_versions(CASE, item.case.key))
        return CaseLookup(item, versions, None, is_expected=True, old=[])
    prefix = f"{worst.station_id}/{worst.parameter or ''}"
    old = matching(state.documents.each("attribution", prefix=prefix), episode)
    return CaseLookup(None, 0, why_no_case(state, worst), is_expected=is_of_air(worst, network), old=old)


def read_alert_cases(state: StateStore, episodes: Sequence[AlertHistory]) -> dict[int, CaseFile]:
    """Case files of alerts in a list, by the id of the alert; of the newest `MOST_LISTED` case files."""
    worst = {item.id: item.worst for item in episodes if item.worst.kind.is_of_values and item.worst.parameter}
    if not worst:
        return {}
    since = min(change.since for change in worst.values()) - _TOLERANCE
    documents = state.documents.list(CASE, created_from=since, limit=MOST_LISTED)
    items = [item for document in documents if (item := read_case(document.body)) is not None]
    found = {
        number: case_for(items, change.station_id, change.parameter or "", change.since, change.at)
        for number, change in worst.items()
    }
    return {number: item.case for number, item in found.items() if item is not None}


def read_one_case(state: StateStore, key: str) -> tuple[StoredCase, int] | None:
    """The newest version of a case file and the number of its versions; None where there is none that this version reads."""
    versions = state.documents.list_versions(CASE, key)
    item = read_case(versions[0].body) if versions else None
    return None if item is None else (item, len(versions))


def read_case_episodes(state: StateStore, case: CaseFile, zone: ZoneInfo) -> tuple[CaseEpisode, ...]:
    """Joint episodes of PM2.5 and O3 that the event belongs to."""
    from analysis.run.coanalysis.joint_pollution import episodes_of_case

    return episodes_of_case(state, case, zone)


def list_cases(
    state: StateStore, *, station_id: str | None, start: datetime | None, end: datetime | None, limit: int
) -> list[StoredCase]:
    """Case files whose event begins in ``[start, end)``, the newest event first."""
    found: list[StoredCase] = []
    for document in state.documents.each(CASE, prefix=f"{station_id}/" if station_id else ""):
        item = read_case(document.body)
        if item is None or (start and item.case.event.start < start) or (end and item.case.event.start >= end):
            continue
        found.append(item)
    return sorted(found, key=lambda item: item.case.event.start, reverse=True)[:limit]


def for_alert(item: StoredCase, episode: AlertHistory) -> StoredCase:
    """The case file as the page of an alert draws it."""
    from alerts.mail.first_case import with_threshold_of

    return with_threshold_of(item, episode.worst)


def draw_case(item: StoredCase, language: str, zone: ZoneInfo, *, dark: bool) -> bytes | None:
    """Picture of a case file; None for one that has no chart."""
    from analysis.report.case_picture import case_picture

    if item.chart is None:
        return None
    with _DRAWING:
        return case_picture(item.case, item.chart, language, zone, dark=dark)
