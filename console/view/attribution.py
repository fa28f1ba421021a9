"""Attribution documents of an episode, and their statements in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from schemas.statement import confidence_text, statement_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from console.view.alert import AlertHistory
    from store.state import Document

_NEAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement of an attribution in the language of the page, with the name of its confidence (empty if none was given)."""

    text: str
    confidence: str


def matching(documents: Iterable[Document], episode: AlertHistory) -> list[Document]:
    """Attribution documents of the episode's station and parameter whose time touches it."""
    worst = episode.worst
    end = episode.ended or max(step.transition.at for step in episode.steps)
    return [item for item in documents if _speaks_of(item.body, worst.station_id, worst.parameter, episode.since, end)]


def _speaks_of(body: Mapping[str, Any], station_id: str, parameter: str | None, start: datetime, end: datetime) -> bool:
    if body.get("station_id") != station_id or (parameter and body.get("parameter") not in (None, parameter)):
        return False
    first, last = (_moment(body.get(name)) for name in ("start", "end"))
    return (first is None or first <= end + _NEAR) and (last is None or last >= start - _NEAR)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def statements(documents: Iterable[Document], language: str) -> list[StatementRow]:
    """Statements of the documents, each text once, in ``zh`` or ``en``."""
    found: dict[str, StatementRow] = {}
    for document in documents:
        listed = document.body.get("statements")
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and (text := statement_text(item, language)):
                grade = confidence_text(str(item.get("confidence") or ""), language)
                found.setdefault(text, StatementRow(text=text, confidence=grade))
    return list(found.values())
