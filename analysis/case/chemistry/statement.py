"""Statements of the chemistry of an event, topic ``chemistry``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.case.chemistry.composition import MASSES, PARTS, REST, composition_of
from analysis.case.chemistry.formation import UNBALANCED, formation_of
from analysis.case.chemistry.stagnation import CALM_M_S, stagnation_of
from analysis.case.chemistry.standout import stand_out
from analysis.case.claim import claim, detail, moment_text
from schemas.statement import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from analysis.case.case_hours import CaseHours
    from analysis.case.channel import Channels
    from analysis.case.chemistry.composition import ExcessComposition, ExcessPart
    from analysis.case.chemistry.formation import Formation, NitrateGrowth
    from analysis.case.chemistry.stagnation import DayComparison, Stagnation
    from analysis.case.chemistry.standout import StandOut
    from schemas.reason import Figure, ReasonData
    from schemas.statement import Statement

COMPONENTS = (*PARTS, REST)
"""Names for people (``word.component``)."""
_LEAST_SHARE = 0.03
"""Smaller parts of the excess are not stated [1]."""
_CLOSED = (0.7, 1.3)
"""Sum of the components by the mass within which a composition is of medium confidence, standards of `components`."""
_XYLENES = frozenset({"m_p_xylene", "o_xylene", "ethylbenzene"})


def chemistry_statements(case_hours: CaseHours, channels: Channels, *, seed: int) -> tuple[Statement, ...]:
    """Composition, stagnation, formation and species that stand out; of particle masses and ozone only.

    Parameters
    ----------
    case_hours : CaseHours
    channels : Channels
    seed : int
        Of the bootstrap.
    """
    name = case_hours.given.parameter
    if name not in {*MASSES, "o3"}:
        return ()
    return tuple(_statements(case_hours, channels, seed))


def _statements(case_hours: CaseHours, channels: Channels, seed: int) -> Iterator[Statement]:
    zone = case_hours.given.zone
    made_of, air, second = (
        composition_of(case_hours, seed=seed),
        stagnation_of(case_hours),
        stand_out(case_hours, channels),
    )
    formed = formation_of(case_hours)
    if made_of is not None:
        yield composition_statement(made_of, formed)
    if air is not None:
        yield stagnation_statement(air)
    yield from formation_statements(formed, zone)
    if second is not None:
        yield standout_statement(second, zone)


def composition_statement(found: ExcessComposition, formed: Formation) -> Statement:
    """What the excess is made of."""
    parts = [item for item in found.parts if abs(item.share) >= _LEAST_SHARE or item.name == REST]
    details: list[ReasonData | None] = [_part(item) for item in parts]
    is_closed = found.closure is not None and _CLOSED[0] <= found.closure <= _CLOSED[1]
    if found.closure is not None:
        details.append(detail("chemistry", "closure", closure=found.closure, hours=found.hours))
    balance = formed.balance
    if balance is not None and balance.event > UNBALANCED:
        details.append(detail("chemistry", "ammonium", **_level(balance)))
    return claim(
        "chemistry",
        "composition",
        Confidence.MEDIUM if is_closed else Confidence.LOW,
        details,
        parameter=found.parameter,
        value=found.excess.value,
        low=found.excess.low,
        high=found.excess.high,
        hours=found.hours,
        days=found.days,
    )


def _part(item: ExcessPart) -> ReasonData:
    excess = item.excess
    figures: dict[str, Figure] = {"component": item.name, "share": item.share}
    return detail("chemistry", "part", **figures, value=excess.value, low=excess.low, high=excess.high)


def stagnation_statement(found: Stagnation) -> Statement:
    """Ventilation, with wind and boundary layer."""
    layer = None if found.layer is None else detail("chemistry", "layer", **_level(found.layer))
    wind = detail("chemistry", "wind", **_level(found.wind), calm=found.calm, limit=CALM_M_S)
    level = found.ventilation
    return claim(
        "chemistry",
        "stagnant" if found.is_stagnant else "ventilated",
        Confidence.HIGH,
        (wind, layer),
        factor=found.factor,
        share=level.event / level.usual,
        below=level.below,
        days=level.days,
    )


def formation_statements(found: Formation, zone: ZoneInfo) -> Iterator[Statement]:
    """NitrateGrowth of nitrate and oxidation ratios; titration of ozone."""
    ratios = [
        detail("chemistry", name, **_level(level)) for name, level in (("nor", found.nor), ("sor", found.sor)) if level
    ]
    if found.growth is not None:
        yield _growth(found.growth, ratios, zone)
    elif ratios:
        first, *others = ratios
        yield claim("chemistry", (first.key or "").rpartition(".")[2], Confidence.MEDIUM, others, **first.figures)
    if found.titrated:
        yield claim("chemistry", "titrated", Confidence.HIGH, hours=found.titrated, night_hours=found.night_hours)


def _growth(found: NitrateGrowth, details: list[ReasonData], zone: ZoneInfo) -> Statement:
    sulfate = None
    if found.sulfate_first is not None and found.sulfate_last is not None:
        sulfate = detail("chemistry", "sulfate", first=found.sulfate_first, last=found.sulfate_last)
    is_night = 2 * found.night_hours > found.hours
    return claim(
        "chemistry",
        "night_nitrate" if is_night else "nitrate",
        Confidence.HIGH,
        (sulfate, *details),
        first=found.first,
        last=found.last,
        since=moment_text(found.start, zone),
        until=moment_text(found.end, zone),
        hours=found.hours,
    )


def standout_statement(found: StandOut, zone: ZoneInfo) -> Statement:
    """Species of a second source."""
    names = set(found.names)
    is_solvent = "toluene" in names and bool(names & _XYLENES) and "benzene" not in names
    solvent = detail("chemistry", "solvent") if is_solvent else None
    calm = None
    if found.wind is not None and found.wind < CALM_M_S:
        calm = detail("chemistry", "no_direction", wind=found.wind)
    return claim(
        "chemistry",
        "standout",
        Confidence.MEDIUM,
        (solvent, calm),
        ratios=",".join(f"{name}={factor:.6g}" for name, factor in zip(found.names[:4], found.factors, strict=False)),
        common=found.common,
        species=found.species,
        chance=found.chance,
        days=found.days,
        hours=found.hours,
        since=moment_text(found.start, zone),
        until=moment_text(found.end, zone),
    )


def _level(found: DayComparison) -> dict[str, Figure]:
    return {
        "event": found.event,
        "usual": found.usual,
        "below": found.below,
        "days": found.days,
        "hours": found.hours,
    }
