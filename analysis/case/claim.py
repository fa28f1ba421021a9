"""Forms of the statements of a case file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.reason import Figure, ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo


def claim(
    topic: str,
    kind: str,
    confidence: Confidence,
    details: Iterable[ReasonData | None] = (),
    /,
    **figures: Figure | None,
) -> Statement:
    """Statement of a key ``case.<topic>.<kind>``."""
    return Statement(
        topic=topic,
        key=f"case.{topic}.{kind}",
        figures=figures,
        confidence=confidence,
        details=tuple(item for item in details if item is not None),
    )


def detail(topic: str, kind: str, /, **figures: Figure | None) -> ReasonData:
    """Further sentence of a statement."""
    return ReasonData(f"case.{topic}.{kind}", figures)


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """Civil moment of a sentence.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> moment_text(datetime(2026, 5, 1, 16, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    '2026-05-02 00:00'
    """
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
