"""Stored case files: found for an event, renewed, and given to others as past ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from analysis.report.stored_case import CASE, StoredCase, case_for, read_case, touches
from analysis.run.to_json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from analysis.case.case_file import CaseFile
    from store.state import Document, StateStore

_log = structlog.get_logger(__name__)

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
    """Store a case, as a further version of the document of the same event where there is one; returns what is stored of the event.

    Where the stored answer is from data that were read later, it stays.
    """
    prefix = f"{item.case.station_id}/{item.case.parameter}/"
    with state.documents.to_renew(CASE, prefix) as (documents, put):
        same = [found for found in map(_read, documents) if found is not None and _is_same(found[1], item)]
        newest = max((stored for _, stored in same), key=lambda stored: stored.rank, default=None)
        if newest is None or newest.rank <= item.rank:
            return _renew(item, same, put)
    _log.warning(
        "older_case_left_out",
        case=newest.case.key,
        read_at=item.rank.isoformat(),
        stored_read_at=newest.rank.isoformat(),
    )
    return newest


def _read(document: Document) -> tuple[Document, StoredCase] | None:
    found = read_case(document.body)
    return None if found is None else (document, found)


def _is_same(stored: StoredCase, item: StoredCase) -> bool:
    end = item.case.event.end or item.case.computed_at
    return touches(stored.case, item.case.event.start, end, within=timedelta(0))


def _renew(
    item: StoredCase, same: list[tuple[Document, StoredCase]], put: Callable[[str, Mapping[str, Any]], int]
) -> StoredCase:
    """Put the case under the key of the earliest of the same event, unless it says what is stored there."""
    stored = min(same, key=lambda found: found[1].case.event.start, default=None)
    if stored is not None:
        item = msgspec.structs.replace(item, case=msgspec.structs.replace(item.case, key=stored[1].case.key))
    body = _body(item)
    if stored is None or body != {name: value for name, value in stored[0].body.items() if name != "read_at"}:
        put(item.case.key, body if item.read_at is None else body | {"read_at": item.read_at.isoformat()})
    return item


def _body(item: StoredCase) -> dict[str, Any]:
    body = to_json(item.case) | {"chart": None if item.chart is None else to_json(item.chart)}
    return body | ({"held": list(item.held)} if item.held else {})
