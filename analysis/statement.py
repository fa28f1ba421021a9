"""Statements in Chinese and English with their figures."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Confidence(StrEnum):
    """How far a statement may be trusted; `docs/analysis.md` states the rules."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


#: Chinese names of the grades.
CONFIDENCE_ZH = {Confidence.HIGH: "高", Confidence.MEDIUM: "中", Confidence.LOW: "低", Confidence.NONE: "无法判断"}


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One claim with what it rests on.

    Attributes
    ----------
    topic : str
        What it is about: ``what``, ``wind``, ``tracers``, ``neighbours``, ``missing``, ...
    zh, en : str
        The claim with its figures.
    confidence : Confidence
    figures : dict
        The same figures for a program, units in the keys.
    """

    topic: str
    zh: str
    en: str
    confidence: Confidence
    figures: dict[str, float | int | str | None] = msgspec.field(default_factory=dict)
