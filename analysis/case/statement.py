"""Statements of the evidence of an episode: keys of the catalogues, figures and grades (`analysis.case.grade`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.case.grade import neighbour_grade, tracer_grade, wind_grade
from analysis.receptor.cpf import LOOKS, SectorRate, SectorTable
from analysis.receptor.neighbours import MINIMUM_NEIGHBOURS, RADIUS_KM, Neighbour
from analysis.receptor.wind import CALM, SECTORS, UNKNOWN, WindPosition, sector_code
from schemas.reason import Figure, ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd

    from analysis.receptor.tracers import Enrichment, KindEvidence
    from analysis.statistics.episode import Episode

_NAMED = 4
"""Tracers that a statement names."""


def episode_statement(episode: Episode, median: float | None, hours: int, *, zone: ZoneInfo) -> Statement:
    """The episode against its threshold and the station's median.

    Parameters
    ----------
    episode : Episode
    median : float or None
        Of the background, in the unit of the threshold; None without one.
    hours : int
        Valid hours of the background [h].
    zone : ZoneInfo
        Of the moments in the sentence.
    """
    since, peak_at = (f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (episode.start, episode.peak_at))
    usual = _detail("what", "median", ratio=episode.mean / median, median=median, hours=hours) if median else None
    return _claim(
        "what",
        "episode",
        Confidence.HIGH,
        (usual,),
        parameter=episode.parameter,
        threshold=episode.threshold.value,
        unit=episode.threshold.unit,
        basis=episode.threshold.basis,
        hours=episode.hours,
        since=since,
        peak=episode.peak,
        peak_at=peak_at,
        mean=episode.mean,
        background_median=median,
    )


def overall_statement(overall: Confidence, parts: Sequence[Statement]) -> Statement:
    """The overall grade with those of its parts: wind, tracers, neighbours."""
    grades: dict[str, Figure | None] = {part.topic: part.confidence.value for part in parts}
    return _claim("overall", "grade", overall, grade=overall.value, **grades)


def wind_statement(
    table: SectorTable | None,
    episode_sectors: pd.Series,
    wind: tuple[float | None, float | None],
    episode: Episode,
    *,
    short: bool,
) -> Statement:
    """Sector that high values come from, and agreement of the episode's wind with it.

    Parameters
    ----------
    table : SectorTable or None
        Of the 30 days before the episode.
    episode_sectors : pd.Series of int
        Sector of each hour of the episode.
    wind : (float or None, float or None)
        Mean direction [deg] and vector speed [m s⁻¹] of the episode.
    episode : Episode
    short : bool
        Whether the background is short, which lowers the grade.
    """
    if table is None or table.overall is None:
        return _claim("wind", "unavailable", Confidence.NONE)
    known = episode_sectors[episode_sectors != UNKNOWN]
    lead = table.leading()
    now = _wind_now(wind, len(known))
    measured: dict[str, Figure | None] = {
        "threshold": table.threshold,
        "unit": episode.threshold.unit,
        "overall": table.overall,
        "all_hours": table.hours,
        "rotations": table.rotations,
    }
    if lead is None:
        kind = "chance" if table.is_testable else "too_few_days"
        return _claim("wind", kind, Confidence.NONE, (now,), **measured, days=table.rotations + 1)
    near = int(known.map(lambda sector: _is_near(sector, lead.sector)).sum())
    return _claim(
        "wind",
        "calm" if lead.sector == CALM else "sector",
        wind_grade(lead, table.overall, near, len(known), short=short),
        (now,),
        **measured,
        **_lead_figures(lead),
        chance=table.chance,
        compared=LOOKS,
        episode_hours=len(known),
        episode_hours_near=near,
    )


def tracer_statement(found: tuple[Enrichment, ...], kinds: tuple[KindEvidence, ...], *, short: bool) -> Statement:
    """Enriched tracers, and the kinds of source that they indicate; ``short`` as for `wind_statement`."""
    if not found:
        return _claim("tracers", "unavailable", Confidence.NONE)
    enriched = sum(item.enriched for item in found)
    if not enriched:
        return _claim("tracers", "usual", Confidence.NONE, tracers=len(found), highest=_ratios(found[:1]))
    best, *others = kinds
    shown = sorted((item for item in found if item.parameter in best.enriched), key=lambda item: -item.ratio)[:_NAMED]
    return _claim(
        "tracers",
        "kind",
        tracer_grade(best, short=short),
        (_other_kinds(others[:2]), _detail("tracers", "customary")),
        kind=best.kind,
        enriched=len(best.enriched),
        measured=best.measured,
        relative=best.relative,
        strength_log2=best.strength,
        tracers=len(found),
        tracers_enriched=enriched,
        ratios=_ratios(shown),
        hours=min(item.episode_n for item in shown),
        background_hours=min(item.background_n for item in shown),
    )


def neighbour_statement(neighbours: tuple[Neighbour, ...], episode: Episode) -> Statement:
    """Whether the neighbours exceeded the threshold in the same hours, and in which order."""
    known = [item for item in neighbours if item.exceeds is not None]
    if not known:
        return _claim("neighbours", "unavailable", Confidence.NONE, radius=RADIUS_KM)
    above = sum(bool(item.exceeds) for item in known)
    extent, confidence = neighbour_grade(above, len(known))
    few = _detail("neighbours", "few", minimum=MINIMUM_NEIGHBOURS) if len(known) < MINIMUM_NEIGHBOURS else None
    return _claim(
        "neighbours",
        "share",
        confidence,
        (few, *_nearest(known, WindPosition.UPWIND), *_nearest(known, WindPosition.DOWNWIND)),
        stations=len(known),
        above=above,
        radius=RADIUS_KM,
        threshold=episode.threshold.value,
        unit=episode.threshold.unit,
        verdict=extent,
    )


def missing_statement(
    missing: Sequence[str], background_hours: int, borrowed: Mapping[str, tuple[str, float]]
) -> Statement:
    """Inputs that are missing, and what came from another station.

    Parameters
    ----------
    missing : sequence of str
        Of ``background``, ``wind``, ``tracers``, ``neighbours``.
    background_hours : int
        Valid hours before the episode [h].
    borrowed : mapping of network to (station id, km)
    """
    days = background_hours / 24
    first, *others = missing or ("nothing",)
    return _claim(
        "missing",
        first,
        Confidence.HIGH,
        (
            *(_detail("missing", name, background_hours=background_hours, days=days) for name in others),
            *(
                _detail("missing", "borrowed", network=network, station=station_id, distance=distance)
                for network, (station_id, distance) in borrowed.items()
            ),
        ),
        background_hours=background_hours,
        days=days,
        missing=",".join(missing),
    )


def _claim(
    topic: str,
    kind: str,
    confidence: Confidence,
    details: Sequence[ReasonData | None] = (),
    /,
    **figures: Figure | None,
) -> Statement:
    return Statement(
        topic=topic,
        key=f"attribution.{topic}.{kind}",
        figures=figures,
        confidence=confidence,
        details=tuple(item for item in details if item is not None),
    )


def _detail(topic: str, kind: str, /, **figures: Figure | None) -> ReasonData:
    return ReasonData(f"attribution.{topic}.{kind}", figures)


def _wind_now(wind: tuple[float | None, float | None], hours: int) -> ReasonData:
    direction, speed = wind
    if direction is None:
        return _detail("wind", "no_wind_now")
    return _detail("wind", "wind_now", hours=hours, direction=direction, speed=speed)


def _lead_figures(lead: SectorRate) -> dict[str, Figure | None]:
    return {
        "sector": sector_code(lead.sector),
        "rate": lead.rate,
        "low": lead.low,
        "high": lead.high,
        "hours": lead.hours,
        "above": lead.above,
        "days": lead.days,
        "effective_hours": round(lead.effective_hours, 1),
    }


def _is_near(sector: int, other: int) -> bool:
    if CALM in {sector, other}:
        return sector == other
    return abs((sector - other + SECTORS // 2) % SECTORS - SECTORS // 2) <= 1


def _other_kinds(others: Sequence[KindEvidence]) -> ReasonData | None:
    names = {name: item.kind for name, item in zip(("first", "second"), others, strict=False)}
    return _detail("tracers", "next_two" if "second" in names else "next", **names) if names else None


def _ratios(found: Sequence[Enrichment]) -> str:
    return ",".join(f"{item.parameter}={item.ratio:.6g}" for item in found)


def _nearest(known: Sequence[Neighbour], position: WindPosition) -> Iterator[ReasonData]:
    """The nearest neighbour with a ratio on one side of the wind, and the order in time where one was found."""
    item = next((entry for entry in known if entry.position is position and entry.ratio is not None), None)
    if item is None:
        return
    name = json.dumps([item.name_en, item.name_zh], ensure_ascii=False)
    yield _detail("neighbours", position.value, station=name, distance=item.distance_km, ratio=item.ratio, hours=item.n)
    if item.lead_h is not None:
        order = "together" if item.lead_h == 0 else "earlier" if item.lead_h > 0 else "later"
        yield _detail("neighbours", order, hours=abs(item.lead_h), r=item.correlation)
