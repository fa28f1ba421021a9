"""Sentences of a case file for commands, pages and mails: the answer, then the evidence by topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.statement import confidence_text
from schemas.words import words as words_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import CaseFile

TOPICS = (
    "what",
    "kind",
    "chemistry",
    "sources",
    "direction",
    "place",
    "enterprises",
    "similar",
    "fault",
    "change",
    "missing",
)
"""In the order in which they are shown; other topics follow."""
ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSection:
    """Statements of one topic in one language."""

    topic: str
    title: str
    lines: tuple[str, ...]


def case_sections(case: CaseFile, language: str) -> list[CaseSection]:
    """The evidence by topic, the answer left out.

    Parameters
    ----------
    case : CaseFile
    language : str
        ``zh`` or ``en``.
    """
    names = words_of(language, "report.topic")
    found: dict[str, list[str]] = {topic: [] for topic in TOPICS}
    for item in case.statements[1:]:
        found.setdefault(item.topic, []).append(item.text(language))
    return [
        CaseSection(topic=topic, title=names.get(topic, topic), lines=tuple(lines))
        for topic, lines in found.items()
        if lines
    ]


def answer_confidence(case: CaseFile, language: str) -> str:
    """Grade of the answer in a language."""
    return confidence_text(case.answer.confidence.value, language)


def basis_text(case: CaseFile, language: str, zone: ZoneInfo) -> str:
    """What the case file was computed from, and up to when."""
    until = f"{case.computed_at.astimezone(zone):%Y-%m-%d %H:%M}"
    return words_of(language, "report.basis")(case.basis.value, until=until)
