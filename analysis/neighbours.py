"""Neighbouring stations during an episode: upwind or downwind, before or after, more or less.

Distances and bearings are those of the great circle on a sphere of 6371.0088 km (mean radius of the Earth).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.episode import Episode
    from schemas.network import Station

EARTH_RADIUS_KM = 6371.0088
RADIUS_KM = 100.0
"""[km] Stations farther away are not compared; project choice."""
HALF_ANGLE_DEG = 45.0
"""[deg] Upwind: the bearing to the neighbour is within this angle of where the wind comes from; project choice."""
MINIMUM_NEIGHBOURS = 3
"""Fewer do not tell a regional episode from a local one."""
SEARCH_H = 12
"""[h] Largest shift in time that is tried between two stations."""
_MINIMUM_PAIRS = 12
_MINIMUM_R = 0.5


class Position(StrEnum):
    """Where a neighbour lies with respect to the wind at the station."""

    UPWIND = "upwind"
    DOWNWIND = "downwind"
    CROSSWIND = "crosswind"
    UNKNOWN = "unknown"


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """One neighbour in the episode.

    Attributes
    ----------
    distance_km, bearing_deg : float
        From the station to the neighbour.
    ratio : float or None
        Mean of the station by mean of the neighbour over the hours of the episode that both have.
    n : int
        Those hours.
    exceeds : bool or None
        Whether the neighbour was above the threshold in any of its hours of the episode; None without hours.
    lead_h : int or None
        Hours by which the neighbour's course comes before the station's (largest correlation within 12 h, at least 0.5);
        None where none stands out.
    correlation : float or None
    """

    station_id: str
    name_zh: str
    name_en: str
    distance_km: float
    bearing_deg: float
    position: Position
    ratio: float | None
    n: int
    exceeds: bool | None
    lead_h: int | None
    correlation: float | None


def distance_and_bearing(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Great-circle distance [km] and initial bearing [deg, 0 = north, clockwise] between (lon, lat) pairs in degrees."""
    (lon1, lat1), (lon2, lat2) = np.deg2rad(first), np.deg2rad(second)
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(1.0, float(half))))
    east = np.sin(lon2 - lon1) * np.cos(lat2)
    north = np.cos(lat1) * np.sin(lat2) - np.sin(lat1) * np.cos(lat2) * np.cos(lon2 - lon1)
    return float(distance), float(np.rad2deg(np.arctan2(east, north)) % 360.0)


def near(
    station: Station, others: Mapping[str, Station], *, radius_km: float = RADIUS_KM
) -> list[tuple[Station, float, float]]:
    """Stations within a radius with distance [km] and bearing [deg], the nearest first; none without coordinates."""
    if station.lon is None or station.lat is None:
        return []
    found = []
    for other in others.values():
        if other.id == station.id or other.lon is None or other.lat is None:
            continue
        distance, bearing = distance_and_bearing((station.lon, station.lat), (other.lon, other.lat))
        if distance <= radius_km:
            found.append((other, distance, bearing))
    return sorted(found, key=lambda item: item[1])


def position_of(bearing_deg: float, wind_from_deg: float | None) -> Position:
    """Whether a bearing lies where the wind comes from, where it goes, or beside."""
    if wind_from_deg is None:
        return Position.UNKNOWN
    angle = abs((bearing_deg - wind_from_deg + 180.0) % 360.0 - 180.0)
    if angle <= HALF_ANGLE_DEG:
        return Position.UPWIND
    return Position.DOWNWIND if angle >= 180.0 - HALF_ANGLE_DEG else Position.CROSSWIND


def compare_neighbours(
    episode: Episode,
    station: Station,
    others: Mapping[str, Station],
    values: Mapping[str, pd.Series],
    wind_from_deg: float | None,
) -> tuple[Neighbour, ...]:
    """Compare an episode with its neighbours.

    Parameters
    ----------
    episode : Episode
    station : Station
    others : mapping of station id to Station
    values : mapping of station id to pd.Series
        The episode's parameter at every station, index UTC hour starts, canonical unit.
    wind_from_deg : float or None
        Mean wind at the station during the episode [deg].

    Returns
    -------
    tuple of Neighbour
        Those within 100 km that have values, the nearest first.
    """
    own = values[station.id]
    result = []
    for other, distance, bearing in near(station, others):
        series = values.get(other.id)
        if series is None or series.dropna().empty:
            continue
        ratio, n, exceeds = _compare(own, series, episode)
        lead, correlation = _lead(own, series, episode)
        result.append(
            Neighbour(
                station_id=other.id,
                name_zh=other.name("zh"),
                name_en=other.name("en"),
                distance_km=distance,
                bearing_deg=bearing,
                position=position_of(bearing, wind_from_deg),
                ratio=ratio,
                n=n,
                exceeds=exceeds,
                lead_h=lead,
                correlation=correlation,
            )
        )
    return tuple(result)


def _compare(own: pd.Series, other: pd.Series, episode: Episode) -> tuple[float | None, int, bool | None]:
    both = pd.DataFrame({"own": _between(own, episode), "other": _between(other, episode)}).dropna()
    if both.empty:
        return None, 0, None
    mean = float(both["other"].mean())
    ratio = float(both["own"].mean()) / mean if mean > 0 else None
    return ratio, len(both), bool((both["other"] > episode.threshold.value).any())


def _lead(own: pd.Series, other: pd.Series, episode: Episode) -> tuple[int | None, float | None]:
    """Shift with the largest correlation around the episode; positive: the neighbour comes first."""
    margin = pd.Timedelta(hours=SEARCH_H)
    hours = pd.date_range(
        pd.Timestamp(episode.start) - 2 * margin, pd.Timestamp(episode.end) + 2 * margin, freq="h", inclusive="left"
    )
    mine, theirs = (series.reindex(hours).to_numpy(dtype=float) for series in (own, other))
    mine = mine[SEARCH_H:-SEARCH_H]
    best: tuple[int | None, float | None] = (None, None)
    for shift in range(-SEARCH_H, SEARCH_H + 1):
        moved = theirs[SEARCH_H - shift : SEARCH_H - shift + len(mine)]
        both = np.isfinite(mine) & np.isfinite(moved)
        first, second = mine[both], moved[both]
        if len(first) < _MINIMUM_PAIRS or first.std() == 0 or second.std() == 0:
            continue
        r = float(np.corrcoef(first, second)[0, 1])
        if r >= _MINIMUM_R and (best[1] is None or r > best[1]):
            best = (shift, r)
    return best


def _between(values: pd.Series, episode: Episode) -> pd.Series:
    index = pd.DatetimeIndex(values.index)
    return values[np.asarray((index >= pd.Timestamp(episode.start)) & (index < pd.Timestamp(episode.end)))]
