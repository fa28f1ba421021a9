"""What is stored of a located release, or of one that cannot be located: figures, evidence, the region's cells and statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.plume.statement import plume_statement, position_statement
from schemas.geodesy import bearing_deg, great_circle_km
from schemas.interval import Interval
from schemas.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.receptor.plume.evidence import PlumeEvidence
    from analysis.receptor.plume.locate import PlumeResult
    from schemas.network import Station

_INNER, _OUTER = 0.5, 0.9
"""Probability of the two regions [1]."""


class StationExcess(msgspec.Struct, frozen=True, kw_only=True):
    """Excess of a station in the event.

    Attributes
    ----------
    highest_ug_m3, sigma_ug_m3 : float or None
        Highest hour, and the standard deviation of the excess without a plume [µg m⁻³]; None where not known.
    hours : int
        With a value and wind.
    """

    station_id: str
    lon: float
    lat: float
    highest_ug_m3: float | None
    sigma_ug_m3: float | None
    hours: int


class PlumeCell(msgspec.Struct, frozen=True, kw_only=True):
    """Square cell of the region; ``level`` is 0.5 inside the inner region, else 0.9 [1]."""

    lon: float
    lat: float
    side_km: float
    level: float


class PlumeProduct(msgspec.Struct, frozen=True, kw_only=True):
    """Document of kind ``plume``.

    Attributes
    ----------
    window : Interval
        Hours of the event.
    obstacles : tuple of str
        `analysis.receptor.plume.Obstacle`; empty: located.
    lon, lat, radius_km, area_km2 : float or None
        Mean place [deg], radius [km] and area [km²] that hold it with 90 %; None: not computed. Where there are obstacles they are no answer.
    distance_km, bearing_deg : float or None
        From the station to the place [km], [deg].
    rate_kg_h, rate_low_kg_h, rate_high_kg_h : float or None
        Median and 90 % interval.
    stations, stations_above, hours : int
        Stations with values, of them those above 3 standard deviations, and hours.
    winds : tuple of (float, float)
        Speed [m s⁻¹] and direction it comes from [deg], of each hour with wind.
    cells : tuple of PlumeCell
        Of the 90 % region; none where it is not located.
    """

    station_id: str
    parameter: str
    window: Interval
    obstacles: tuple[str, ...]
    lon: float | None
    lat: float | None
    radius_km: float | None
    area_km2: float | None
    distance_km: float | None
    bearing_deg: float | None
    rate_kg_h: float | None
    rate_low_kg_h: float | None
    rate_high_kg_h: float | None
    stations: int
    stations_above: int
    hours: int
    winds: tuple[tuple[float, float], ...]
    excess: tuple[StationExcess, ...]
    cells: tuple[PlumeCell, ...]
    statements: tuple[Statement, ...]

    @property
    def is_located(self) -> bool:
        """Whether place and rate may be shown."""
        return not self.obstacles

    @property
    def key(self) -> str:
        """Key of the document."""
        return f"{self.station_id}/{self.parameter}/{self.window.start:%Y-%m-%dT%H:%MZ}"


def plume_product(
    station: Station,
    parameter: str,
    window: Interval,
    found: PlumeResult,
    *,
    evidence: PlumeEvidence,
    placed: Sequence[Station],
) -> PlumeProduct:
    """Put evidence and answer together, as seen from a station.

    Parameters
    ----------
    station : Station
        With coordinates.
    parameter : str
    window : Interval
    found : PlumeResult
    evidence : PlumeEvidence
    placed : sequence of Station
        In the order of the evidence: `analysis.receptor.plume.station_hours.placed_stations`.
    """
    distance, bearing = _from(station, found)
    statements = [plume_statement(found, parameter)]
    if found.is_located and distance is not None and bearing is not None:
        statements.append(position_statement(station, distance, bearing))
    return PlumeProduct(
        station_id=station.id,
        parameter=parameter,
        window=window,
        obstacles=tuple(item.value for item in found.obstacles),
        lon=found.lon,
        lat=found.lat,
        radius_km=found.radius_km,
        area_km2=found.area_km2,
        distance_km=distance,
        bearing_deg=bearing,
        rate_kg_h=found.rate,
        rate_low_kg_h=found.rate_low,
        rate_high_kg_h=found.rate_high,
        stations=found.stations,
        stations_above=found.stations_above,
        hours=found.hours,
        winds=tuple((item.speed_m_s, item.from_deg) for item in evidence.wind if np.isfinite(item.from_deg)),
        excess=tuple(_excess(evidence, number, item) for number, item in enumerate(placed)),
        cells=_cells(found) if found.is_located else (),
        statements=tuple(statements),
    )


def _from(station: Station, found: PlumeResult) -> tuple[float | None, float | None]:
    if station.lon is None or station.lat is None or found.lon is None or found.lat is None:
        return None, None
    ends = (station.lon, station.lat, found.lon, found.lat)
    return float(great_circle_km(*ends)), float(bearing_deg(*ends))


def _excess(evidence: PlumeEvidence, number: int, station: Station) -> StationExcess:
    known = evidence.known[:, number]
    values, sigma = evidence.excess_ug_m3[known, number], evidence.sigma_ug_m3[known, number]
    return StationExcess(
        station_id=station.id,
        lon=float(evidence.lon[number]),
        lat=float(evidence.lat[number]),
        highest_ug_m3=float(values.max()) if len(values) else None,
        sigma_ug_m3=float(np.median(sigma)) if len(sigma) else None,
        hours=int(known.sum()),
    )


def _cells(found: PlumeResult) -> tuple[PlumeCell, ...]:
    cells = found.posterior
    if cells is None:
        return ()
    inner = cells.region(_INNER)
    made = []
    for number in np.flatnonzero(cells.region(_OUTER)):
        lon, lat = found.plane.to_degrees(*map(float, cells.places_km[number]))
        level = _INNER if inner[number] else _OUTER
        made.append(PlumeCell(lon=round(lon, 5), lat=round(lat, 5), side_km=float(cells.side_km[number]), level=level))
    return tuple(made)
