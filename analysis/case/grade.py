"""Grades of the evidence of an episode, by stated rules.

wind
    A sector is leading if rotations by whole days (at most 5 % of them) do not give as large an excess, and its lower bound
    is above the rate of all hours (`analysis.receptor.cpf`). high: its lower bound is at least twice that rate, at least 20 hours
    with wind from it, high values on 3 or more days, and at least half of the episode's hours within one sector of it.
    medium: 10 hours, 2 days, half of the episode's hours. low: leading, but less than that. none: no leading
    sector, or no wind.
tracers
    high: at least 4 enriched tracers of one kind of source, half of those measured, and a mean relative enrichment of 1.5
    and more. medium: at least 2 and half of those measured. low: fewer. none: nothing enriched or nothing measured.
neighbours
    medium: at least 3 neighbours, and 75 % and more above the threshold (regional) or 25 % and fewer (local). low: at
    least one neighbour. none: no neighbour with values.

A background shorter than 20 days lowers wind and tracers by one grade. All thresholds are project choices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.receptor.neighbours import MINIMUM_NEIGHBOURS
from schemas.statement import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.receptor.cpf import SectorRate
    from analysis.receptor.tracers import KindEvidence

_ORDER = (Confidence.NONE, Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_REGIONAL_SHARE, _LOCAL_SHARE = 0.75, 0.25


def overall_grade(grades: Sequence[Confidence]) -> Confidence:
    """Overall grade: the second best, or one below the best where the second is none.

    One kind of evidence alone never gives more than one grade below its own.

    Examples
    --------
    >>> overall_grade([Confidence.HIGH, Confidence.NONE, Confidence.LOW]).value
    'medium'
    """
    ranks = sorted((_ORDER.index(item) for item in grades), reverse=True)
    return _ORDER[max(ranks[1], ranks[0] - 1, 0)] if ranks[0] else Confidence.NONE


def wind_grade(lead: SectorRate, overall: float, near: int, hours: int, *, short: bool) -> Confidence:
    """Grade of a leading sector.

    Parameters
    ----------
    lead : SectorRate
    overall : float
        Rate of all hours [1].
    near, hours : int
        Hours of the episode with wind within one sector of it, and with any wind [h].
    short : bool
        Whether the background is short.
    """
    agrees = hours > 0 and near >= hours / 2
    found = Confidence.LOW
    if agrees and lead.hours >= 10 and lead.days >= 2:  # noqa: PLR2004 - rules of the module's docstring
        is_clear = (lead.low or 0.0) >= 2 * overall and lead.hours >= 20 and lead.days >= 3  # noqa: PLR2004 - as above
        found = Confidence.HIGH if is_clear else Confidence.MEDIUM
    return _lowered(found, is_lowered=short)


def tracer_grade(best: KindEvidence, *, short: bool) -> Confidence:
    """Grade of the leading kind of source; ``short`` as for `wind_grade`."""
    half, count = 2 * len(best.enriched) >= best.measured, len(best.enriched)
    found = Confidence.MEDIUM if half and count >= 2 else Confidence.LOW  # noqa: PLR2004 - rules of the module's docstring
    if half and count >= 4 and best.relative >= 1.5:  # noqa: PLR2004 - as above
        found = Confidence.HIGH
    return _lowered(found, is_lowered=short)


def neighbour_grade(above: int, stations: int) -> tuple[str, Confidence]:
    """Extent of an episode, ``local``, ``regional`` or ``partial``, and its grade.

    Parameters
    ----------
    above, stations : int
        Neighbours above the threshold in the hours of the episode, and all with values; at least one.

    Examples
    --------
    >>> neighbour_grade(0, 4)
    ('local', <Confidence.MEDIUM: 'medium'>)
    """
    share = above / stations
    extent = "local" if share <= _LOCAL_SHARE else "regional" if share >= _REGIONAL_SHARE else "partial"
    is_clear = stations >= MINIMUM_NEIGHBOURS and extent != "partial"
    return extent, Confidence.MEDIUM if is_clear else Confidence.LOW


def _lowered(confidence: Confidence, *, is_lowered: bool) -> Confidence:
    """One grade lower, but not none: the claim stays a claim."""
    return _ORDER[max(1, _ORDER.index(confidence) - is_lowered)]
