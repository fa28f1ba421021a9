"""Statements of the analysis: a topic, reasons with their figures, a grade of confidence. The sentence is rendered where it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any
from unicodedata import category

import msgspec

from schemas.reason import Figure, ReasonData, reason_of
from schemas.words import LANGUAGES, render, words

_JOINT = {"zh": "", "en": " "}
"""Between two sentences."""
_NO_END = frozenset("%&*#/@'\"")
"""Punctuation of Unicode that ends no sentence."""


class Confidence(StrEnum):
    """How far a statement may be trusted; `docs/analysis.md` states the rules."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One claim with the figures that it is based on.

    Attributes
    ----------
    topic : str
        ``what``, ``wind``, ``tracers``, ``neighbours``, ``missing``, ...
    key : str
        Message of the claim in the catalogues (`schemas.words`).
    figures : mapping of str to number, str or None
        Arguments of the message and further figures for programs; None: not known.
    confidence : Confidence
    details : tuple of ReasonData
        Further sentences of the statement.
    """

    topic: str
    key: str
    figures: Mapping[str, Figure | None]
    confidence: Confidence
    details: tuple[ReasonData, ...] = ()

    def text(self, language: str) -> str:
        """Sentences of the statement in ``zh`` or ``en``."""
        return _joined(((self.key, self.figures), *((item.key or "", item.figures) for item in self.details)), language)


def statement_text(stored: Mapping[str, Any], language: str) -> str:
    """Sentences of a stored statement.

    Parameters
    ----------
    stored : mapping
        `Statement` as JSON; one of an earlier version holds its text in the fields ``zh`` and ``en``.
    language : str
        ``zh`` or ``en``.

    Returns
    -------
    str
        Empty where the statement has neither a key nor a text.

    Examples
    --------
    >>> statement_text({"key": "attribution.missing.wind", "figures": {}}, "en")
    'Wind data are missing.'
    >>> statement_text({"zh": "西南风", "en": "South-west wind"}, "zh")
    '西南风'
    """
    if "key" not in stored:
        other = "en" if language == "zh" else "zh"
        return str(stored.get(language) or stored.get(other) or "")
    return _joined(_stored_parts(stored), language)


def _stored_parts(stored: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Figure | None]]]:
    """Keys and figures of a stored statement and its details; a part of another form is left out."""
    details = stored.get("details")
    for part in (stored, *(details if isinstance(details, list | tuple) else ())):
        if isinstance(part, Mapping) and isinstance(part.get("key"), str):
            figures = part.get("figures")
            yield part["key"], figures if isinstance(figures, Mapping) else {}


def is_translated(stored: Mapping[str, Any]) -> bool:
    """Whether both languages have a text for a stored statement."""
    if "key" not in stored:
        return all(stored.get(language) for language in LANGUAGES)
    keys = [key for key, _ in _stored_parts(stored)]
    return all(key in words(language).catalogue for language in LANGUAGES for key in keys)


def confidence_text(confidence: str, language: str) -> str:
    """Name of a grade of `Confidence`; another text unchanged."""
    return words(language, "word.confidence").get(confidence, confidence)


def _joined(parts: Iterable[tuple[str, Mapping[str, Figure | None]]], language: str) -> str:
    return _JOINT.get(language, " ").join(
        _ended(render(reason_of(key, figures), language), language) for key, figures in parts
    )


def _ended(text: str, language: str) -> str:
    """The text as a sentence: reasons of quality control have no full stop of their own."""
    is_ended = not text or (category(text[-1]) == "Po" and text[-1] not in _NO_END)
    return text if is_ended else text + words(language, "word")("stop")
