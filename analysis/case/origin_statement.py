"""Statements of where an event came from: sources, direction, enterprises, similar events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.case.case_file import EventKind, stated_shares
from analysis.case.claim import claim, detail, moment_text
from analysis.receptor.direction import DirectionBasis
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analysis.case.case_file import Bearing, Candidate, SimilarEvent, SourceShare
    from analysis.receptor.direction import Direction
    from schemas.network import Station
    from schemas.reason import Figure

_OF_EVENT = frozenset({DirectionBasis.EVENT, DirectionBasis.WIND})
_NAMED = 5
"""Enterprises that are stated."""


def source_statements(shares: Sequence[SourceShare], kind: EventKind) -> tuple[Statement, ...]:
    """Composition of the mean concentration, the largest part first; or why there is none."""
    if not shares:
        return (claim("sources", "fault" if kind is EventKind.FAULT else "unavailable", Confidence.NONE),)
    is_plume = kind is EventKind.PLUME
    return tuple(_share_statement(item, is_plume=is_plume) for item in stated_shares(shares))


def _share_statement(item: SourceShare, *, is_plume: bool) -> Statement:
    percent = item.percent
    figures: dict[str, Figure | None] = {"percent": percent.value, "low": percent.low, "high": percent.high}
    if item.kind == UNNAMED and not is_plume:
        return claim("sources", "above_usual", Confidence.MEDIUM, **figures)
    if item.kind in {BACKGROUND, UNNAMED}:
        return claim("sources", item.kind, Confidence.MEDIUM, **figures)
    confidence = Confidence.MEDIUM if percent.low > 0 else Confidence.LOW
    basis = None
    if item.species and item.score is not None:
        basis = detail("sources", "basis", species=",".join(item.species), score=item.score, count=len(item.species))
    return claim("sources", "kind", confidence, (basis,), kind=item.kind, **figures)


def direction_statement(found: Direction | None, bearing: Bearing | None, kind: EventKind) -> Statement:
    """Direction of the excess, or why none is named."""
    if kind is EventKind.UNKNOWN:
        return claim("direction", "unknown_kind", Confidence.NONE)
    if kind is not EventKind.PLUME:
        return claim("direction", "not_local", Confidence.NONE, kind=kind.value)
    if found is not None and found.winds is not None and bearing is not None and found.basis not in _OF_EVENT:
        angle = bearing.from_deg
        return claim(
            "direction", "wind", Confidence.LOW, direction=angle.value, low=angle.low, high=angle.high, hours=bearing.hours,
            better=found.winds.better, winds=found.winds.days,
        )  # fmt: skip
    if found is None or not found.reasons:
        return claim("direction", "unavailable", Confidence.NONE)
    first, *others = found.reasons
    return Statement(
        topic="direction",
        key=first.key or "",
        figures=first.figures,
        confidence=_confidence(found.basis),
        details=tuple(others),
    )


def _confidence(basis: DirectionBasis | None) -> Confidence:
    if basis is None:
        return Confidence.NONE
    return Confidence.LOW if basis is DirectionBasis.WIND else Confidence.MEDIUM


def enterprise_statements(candidates: Sequence[Candidate] | None) -> tuple[Statement, ...]:
    """Enterprises that lie upwind; None: no registry was given, or no direction."""
    if candidates is None:
        return ()
    if not candidates:
        return (claim("enterprises", "none", Confidence.NONE),)
    return tuple(_enterprise_statement(item) for item in candidates[:_NAMED])


def _enterprise_statement(item: Candidate) -> Statement:
    fits = None if item.kind_fits is None else detail("enterprises", "fits" if item.kind_fits else "fits_not")
    return claim(
        "enterprises",
        "candidate",
        Confidence.MEDIUM if item.kind_fits else Confidence.LOW,
        (fits,),
        name=json.dumps([item.name_en, item.name_zh], ensure_ascii=False),
        kind=item.kind,
        distance=item.distance_km,
        bearing=item.bearing_deg,
    )


def similar_statements(
    events: Sequence[SimilarEvent], stations: Mapping[str, Station], zone: ZoneInfo
) -> tuple[Statement, ...]:
    """Past events that looked alike."""
    return tuple(
        claim(
            "similar",
            "event",
            Confidence.LOW,
            parameter=item.parameter,
            station=_name(item.station_id, stations),
            start=moment_text(item.start, zone),
            kind=item.kind.value,
            likeness=item.likeness,
            compared=item.compared,
        )
        for item in events
    )


def _name(station_id: str, stations: Mapping[str, Station]) -> str:
    station = stations.get(station_id)
    names = [station_id, station_id] if station is None else [station.name("en"), station.name("zh")]
    return json.dumps(names, ensure_ascii=False)
