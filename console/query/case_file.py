"""Case files as pages and the API read them, and their pictures."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from analysis.report.stored_case import CASE, StoredCase, read_case

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile
    from analysis.run.coanalysis.joint_pollution import CaseEpisode
    from console.view.alert import AlertHistory
    from schemas.alert_case import AlertCase
    from schemas.network import Network
    from store.state import StateStore

DRAWING = threading.Lock()
"""matplotlib's settings are those of the process: one picture at a time."""


class CaseFileLookup(NamedTuple):
    """What is known of the case file of a case.

    Attributes
    ----------
    item : StoredCase or None
    versions : int
        Answers that were stored.
    why : str or None
        Why none could be computed.
    is_expected : bool
        Whether such a case gets a case file.
    alert_id : int or None
        The alert that it is about.
    """

    item: StoredCase | None = None
    versions: int = 0
    why: str | None = None
    is_expected: bool = False
    alert_id: int | None = None


def read_file_of(state: StateStore, network: Network, case: AlertCase) -> CaseFileLookup:
    """The case file of a case: that of its worst alert about a value."""
    # the analysis takes a second to import: paid by the first page of a case
    from alerts.mail.evidence.first_case import case_of, is_of_air, why_no_case

    worst = next((item for item in case.alerts if item.kind.is_of_values and item.parameter), None)
    stored = None if worst is None else state.alerts.get(worst.begin_id)
    if stored is None:
        return CaseFileLookup()
    item = case_of(state, stored.transition)
    if item is not None:
        versions = len(state.documents.list_versions(CASE, item.case.key))
        return CaseFileLookup(item, versions, None, is_expected=True, alert_id=stored.id)
    why = why_no_case(state, stored.transition)
    return CaseFileLookup(why=why, is_expected=is_of_air(stored.transition, network), alert_id=stored.id)


def read_case_file(state: StateStore, key: str) -> tuple[StoredCase, int] | None:
    """The newest version of a case file and the number of its versions; None where there is none that this version reads."""
    versions = state.documents.list_versions(CASE, key)
    item = read_case(versions[0].body) if versions else None
    return None if item is None else (item, len(versions))


def read_case_episodes(state: StateStore, case: CaseFile, zone: ZoneInfo) -> tuple[CaseEpisode, ...]:
    """Joint episodes of PM2.5 and O3 that the event belongs to."""
    from analysis.run.coanalysis.joint_pollution import episodes_of_case

    return episodes_of_case(state, case, zone)


def list_case_files(
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
    from alerts.mail.evidence.first_case import with_threshold_of

    return with_threshold_of(item, episode.worst)


def draw_case(item: StoredCase, language: str, zone: ZoneInfo, *, dark: bool) -> bytes | None:
    """Picture of a case file; None for one that has no chart."""
    from analysis.report.case_picture import case_picture

    if item.chart is None:
        return None
    with DRAWING:
        return case_picture(item.case, item.chart, language, zone, dark=dark)
