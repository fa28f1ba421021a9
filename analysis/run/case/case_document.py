"""Stored case files: found for an event, renewed, and given to others as past ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.report.stored_case import CASE, StoredCase, case_for, read_case, touches
from analysis.run.to_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from analysis.case.case_file import CaseFile
    from store.state import StateStore

MOST_PAST = 300
"""Past case files that an event is compared with, the newest."""


def stored_cases(state: StateStore, *, prefix: str = "", created_from: datetime | None = None) -> Iterator[StoredCase]:
    """Stored case files that this version reads, the newest first."""
    for document in state.documents.each(CASE, prefix=prefix, created_from=created_from):
        found = read_case(document.body)
        if found is not None:
            yield found


def find_case(state: StateStore, station_id: str, parameter: str, start: datetime, end: datetime) -> StoredCase | None:
    """The stored case of a station and parameter in a time, or of an event that includes them.

    Only documents stored from ``start`` on can be about it.
    """
    own = case_for(stored_cases(state, prefix=f"{station_id}/{parameter}/"), station_id, parameter, start, end)
    return own or case_for(stored_cases(state, created_from=start), station_id, parameter, start, end)


def past_cases(state: StateStore) -> tuple[CaseFile, ...]:
    """The newest case files, for similar ones."""
    listed = state.documents.list(CASE, limit=MOST_PAST)
    return tuple(found.case for item in listed if (found := read_case(item.body)) is not None)


def save_case(state: StateStore, item: StoredCase) -> StoredCase:
    """Store a case, as a further version of the document of the same event where there is one; returns it with that key."""
    case = item.case
    prefix = f"{case.station_id}/{case.parameter}/"
    end = case.event.end or case.computed_at
    same = [
        found.case
        for found in stored_cases(state, prefix=prefix)
        if touches(found.case, case.event.start, end, within=timedelta(0))
    ]
    if same:
        case = msgspec.structs.replace(case, key=min(same, key=lambda found: found.event.start).key)
    body = to_json(case) | {"chart": None if item.chart is None else to_json(item.chart)}
    state.documents.put(CASE, case.key, body | ({"held": list(item.held)} if item.held else {}))
    return StoredCase(case=case, chart=item.chart, held=item.held)
