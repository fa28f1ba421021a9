"""Statements of a case file: keys of the catalogues with their figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.case.case_file import EventKind
from schemas.reason import Figure, ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import EventPeak, EventSpan, KindShare
    from analysis.case.kind.probability import KindAnswer, WeighedFeature
    from schemas.network import Station

LEVELS = ((0.9, Confidence.HIGH), (0.7, Confidence.MEDIUM), (0.45, Confidence.LOW))
"""Least probability of a grade [1]; project choice."""
_STATED = 4
"""Features that are stated."""
_LEAST_WEIGHT = 0.3
"""Log-odds from which a feature is stated [1]."""


def grade(probability: float) -> Confidence:
    """Grade of a probability.

    Examples
    --------
    >>> grade(0.95).value, grade(0.2).value
    ('high', 'none')
    """
    return next((level for least, level in LEVELS if probability >= least), Confidence.NONE)


def name_of(station: Station) -> str:
    """Name of a station as the format ``bilingual`` reads it."""
    return json.dumps([station.name("en"), station.name("zh")], ensure_ascii=False)


def answer_statement(station: Station, parameter: str, found: KindAnswer) -> Statement:
    """First line: what it is, and how sure that is."""
    best = found.shares[0]
    kind = "unknown" if found.kind is EventKind.UNKNOWN else "kind"
    confidence = Confidence.NONE if found.kind is EventKind.UNKNOWN else grade(best.probability)
    return claim(
        "answer",
        kind,
        confidence,
        parameter=parameter,
        station=name_of(station),
        kind=best.kind.value,
        probability=best.probability,
        likely=confidence.value,
    )


def what_statement(parameter: str, event: EventSpan, peak: EventPeak, zone: ZoneInfo) -> Statement:
    """Begin, length and height of the rise."""
    usual = None
    if peak.usual is not None and peak.usual > 0:
        usual = detail(
            "what", "usual", ratio=peak.mean / peak.usual, usual=peak.usual, hours=peak.usual_hours, unit=peak.unit
        )
    return claim(
        "what",
        "peak",
        Confidence.HIGH,
        (usual,),
        parameter=parameter,
        since=moment_text(event.start, zone),
        hours=peak.hours,
        peak=peak.value,
        peak_at=moment_text(event.peak_at, zone),
        mean=peak.mean,
        unit=peak.unit,
    )


def kind_statements(found: KindAnswer) -> tuple[Statement, ...]:
    """Probabilities of the kinds, then the features that tell them apart, the strongest first."""
    first, second = found.shares[:2]
    summary = claim(
        "kind",
        "shares",
        grade(first.probability),
        first=first.kind.value,
        first_probability=first.probability,
        second=second.kind.value,
        second_probability=second.probability,
        prior=found.prior,
    )
    stated = [item for item in found.features if abs(item.weight) >= _LEAST_WEIGHT][:_STATED]
    return (summary, *(_feature_statement(item, first, second) for item in stated))


def missing_statement(missing: Sequence[str]) -> Statement:
    """Data that were not there."""
    first, *others = missing or ("nothing",)
    return claim(
        "missing", first, Confidence.HIGH, [detail("missing", name) for name in others], missing=",".join(missing)
    )


def _feature_statement(item: WeighedFeature, first: KindShare, second: KindShare) -> Statement:
    name = item.name
    if name.startswith("regional_"):
        name = "regional"
    if name == "companions" and not item.figures.get("risen"):
        name = "no_companions"
    weight = detail("kind", "weight", weight=item.weight, first=first.kind.value, second=second.kind.value)
    return claim("kind", name, Confidence.MEDIUM, (weight,), **item.figures)


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """Civil moment of a sentence."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


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
