"""What a located release, or one that cannot be located, says to people: keys of the catalogues with figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.receptor.plume.locate import PlumeResult, PlumeRule
from analysis.receptor.wind import SECTORS, sector_code
from schemas.reason import Figure, ReasonData
from schemas.statement import Confidence, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.network import Station

_CLOSE_KM = 2.0
"""A place within this radius, with 4 or more stations above background, has the highest grade; project choice [km]."""
_MANY_STATIONS = 4


def plume_statement(found: PlumeResult, parameter: str, rule: PlumeRule | None = None) -> Statement:
    """Place and rate with their intervals, or each obstacle and what would remove it.

    Parameters
    ----------
    found : PlumeResult
    parameter : str
        Code of the parameter.
    rule : PlumeRule, optional
        By which it was located.

    Examples
    --------
    >>> from analysis.receptor.plume.evidence import Projection
    >>> from analysis.receptor.plume.locate import Obstacle
    >>> found = PlumeResult(
    ...     obstacles=(Obstacle.FEW_STATIONS,), stations=9, stations_above=2, hours=4, turn_deg=30.0,
    ...     plane=Projection(123.4, 41.8),
    ... )
    >>> plume_statement(found, "ch4").text("en")
    'The source of CH4 is not locatable: only 2 of 9 stations rose clearly above background, 3 are needed.'
    """
    figures = _figures(found, parameter, rule or PlumeRule())
    if found.is_located:
        is_close = (found.radius_km or 0.0) <= _CLOSE_KM and found.stations_above >= _MANY_STATIONS
        grade = Confidence.HIGH if is_close else Confidence.MEDIUM
        return Statement(
            topic="plume",
            key="attribution.plume.located",
            figures=figures,
            confidence=grade,
            details=(ReasonData("attribution.plume.basis", figures),),
        )
    first, *others = found.obstacles
    details = [ReasonData(f"attribution.plume.also_{obstacle}", figures) for obstacle in others]
    return Statement(
        topic="plume",
        key=f"attribution.plume.{first}",
        figures=figures,
        confidence=Confidence.NONE,
        details=tuple(details),
    )


def position_statement(station: Station, distance_km: float, bearing_deg: float) -> Statement:
    """Where the place is as seen from a station.

    Examples
    --------
    >>> from schemas.network import Station
    >>> here = Station(id="a", name_en="Station 1", instruments=())
    >>> position_statement(here, 2.34, 292.0).text("en")
    'Seen from Station 1, the place is 2.3 km to the WNW (292°).'
    """
    width = 360.0 / SECTORS
    figures: dict[str, Figure | None] = {
        "station": json.dumps([station.name("en"), station.name("zh")], ensure_ascii=False),
        "distance": distance_km,
        "bearing": bearing_deg,
        "sector": sector_code(int((bearing_deg + width / 2) % 360.0 // width)),
    }
    return Statement(topic="plume", key="attribution.plume.position", figures=figures, confidence=Confidence.MEDIUM)


def _figures(found: PlumeResult, parameter: str, rule: PlumeRule) -> Mapping[str, Figure | None]:
    odds = found.log_odds
    return {
        "parameter": parameter,
        "stations": found.stations,
        "above": found.stations_above,
        "stations_needed": rule.least_stations,
        "hours": found.hours,
        "turn": found.turn_deg,
        "lon": found.lon,
        "lat": found.lat,
        "radius": found.radius_km,
        "area": found.area_km2,
        "area_needed": rule.largest_area_km2,
        "rate": _rounded(found.rate),
        "rate_low": _rounded(found.rate_low),
        "rate_high": _rounded(found.rate_high),
        "log10_odds": None if odds is None else odds / 2.302585,
        "log10_odds_needed": rule.least_log_odds / 2.302585,
        "parts": found.parts,
        "prior_radius": rule.radius_km,
    }


def _rounded(rate: float | None) -> float | None:
    """Two significant digits, since the interval is wide."""
    return None if rate is None else float(f"{rate:.2g}")
