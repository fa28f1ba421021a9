"""Neighbouring stations during an episode: upwind or downwind, before or after, more or less.

Distances and bearings: `schemas.geodesy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE
from analysis.receptor.wind import WindPosition, position_of
from analysis.statistics.correlation import lag_correlations
from schemas.geodesy import bearing_deg, great_circle_km

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.statistics.episode import Episode
    from schemas.network import Station

RADIUS_KM = 100.0
"""[km] Stations farther away are not compared; project choice."""
MINIMUM_NEIGHBOURS = 3
"""Fewest neighbours to distinguish a regional from a local episode."""
SEARCH_H = 12
"""[h] Largest shift in time that is tried between two stations."""
MINIMUM_PAIRS = 12
OTHER_DAYS = 30
"""Days before and after the episode whose correlations give the distribution by chance."""
_MINIMUM_R = 0.5
_DAY_H = 24


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
        Hours by which the neighbour's concentrations precede those of the station (largest correlation within 12 h, at least
        0.5, and larger than on 95 % of other days); None where none is significant.
    correlation : float or None
    """

    station_id: str
    name_zh: str
    name_en: str
    distance_km: float
    bearing_deg: float
    position: WindPosition
    ratio: float | None
    n: int
    exceeds: bool | None
    lead_h: int | None
    correlation: float | None


def near(
    station: Station, others: Mapping[str, Station], *, radius_km: float = RADIUS_KM
) -> list[tuple[Station, float, float]]:
    """Stations within a radius with distance [km] and bearing [deg], the nearest first; none without coordinates.

    Examples
    --------
    >>> from schemas.network import Station
    >>> here, there = (Station(id=name, instruments=(), lon=lon, lat=41.8) for name, lon in (("a", 123.4), ("b", 123.5)))
    >>> [(item.id, round(distance, 1), round(bearing)) for item, distance, bearing in near(here, {"b": there})]
    [('b', 8.3, 90)]
    """
    if station.lon is None or station.lat is None:
        return []
    found = []
    for other in others.values():
        if other.id == station.id or other.lon is None or other.lat is None:
            continue
        places = (station.lon, station.lat, other.lon, other.lat)
        distance = float(great_circle_km(*places))
        if distance <= radius_km:
            found.append((other, distance, float(bearing_deg(*places))))
    return sorted(found, key=lambda item: item[1])


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

    Examples
    --------
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> from analysis.statistics.episode import find_episodes
    >>> from schemas.network import Station
    >>> hours = pd.date_range("2026-05-01", periods=24, freq="h", tz="UTC", name="start")
    >>> own = pd.Series([20.0] * 10 + [90.0] * 4 + [20.0] * 10, index=hours)
    >>> (episode,) = find_episodes(own, "a", "pm25", ZoneInfo("Asia/Shanghai"))
    >>> a, b = (Station(id=name, instruments=(), lon=lon, lat=41.8) for name, lon in (("a", 123.4), ("b", 123.5)))
    >>> (found,) = compare_neighbours(episode, a, {"a": a, "b": b}, {"a": own, "b": own / 3}, 90.0)
    >>> found.exceeds, round(found.ratio, 1), found.position.value
    (False, 3.0, 'upwind')
    """
    own = values[station.id]
    return tuple(
        _neighbour(other, (distance, bearing), (own, values[other.id]), episode, wind_from_deg)
        for other, distance, bearing in near(station, others)
        if other.id in values and values[other.id].notna().any()
    )


def _neighbour(
    other: Station,
    place: tuple[float, float],
    series: tuple[pd.Series, pd.Series],
    episode: Episode,
    wind_from_deg: float | None,
) -> Neighbour:
    """A neighbour at a distance [km] and a bearing [deg], from the series of the station and its own."""
    distance, bearing = place
    ratio, n, exceeds = _compare(*series, episode)
    lead, correlation = _lead(*series, episode)
    return Neighbour(
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


def _compare(own: pd.Series, other: pd.Series, episode: Episode) -> tuple[float | None, int, bool | None]:
    both = pd.DataFrame({"own": _between(own, episode), "other": _between(other, episode)}).dropna()
    if both.empty:
        return None, 0, None
    mean = float(both["other"].mean())
    ratio = float(both["own"].mean()) / mean if mean > 0 else None
    return ratio, len(both), bool((both["other"] > episode.threshold.value).any())


def _lead(own: pd.Series, other: pd.Series, episode: Episode) -> tuple[int | None, float | None]:
    """Shift with the largest correlation around the episode; positive: the neighbour comes first.

    The largest of 25 coefficients of two persistent series is large by chance alone. It counts only if the neighbour's
    series of other days, moved by whole days, give as large a one in at most 5 % of the days.
    """
    margin = pd.Timedelta(hours=SEARCH_H)
    hours = pd.date_range(
        pd.Timestamp(episode.start) - margin, pd.Timestamp(episode.end) + margin, freq="h", inclusive="left"
    )
    mine = own.reindex(hours).to_numpy(dtype=float)
    theirs = _hourly_around(other, hours)
    found = [lag_correlations(mine, window, minimum_pairs=MINIMUM_PAIRS)[0] for window in theirs if window is not None]
    if theirs[0] is None or np.isnan(found[0]).all():
        return None, None
    best = int(np.nanargmax(found[0]))
    r = float(found[0][best])
    largest = np.array([np.nanmax(item) for item in found if not np.isnan(item).all()])
    if r < _MINIMUM_R or float((largest >= r).mean()) > CHANCE:
        return None, None
    return SEARCH_H - best, r


def _hourly_around(other: pd.Series, hours: pd.DatetimeIndex) -> list[np.ndarray | None]:
    """The neighbour's hours with the search margin: in truth first, then of the days around; None where there are none."""
    length, days = len(hours) + 2 * SEARCH_H, [0, *(sign * day for day in range(1, OTHER_DAYS + 1) for sign in (-1, 1))]
    first = hours[0] - pd.Timedelta(hours=SEARCH_H, days=OTHER_DAYS)
    whole = pd.date_range(first, periods=length + 2 * OTHER_DAYS * _DAY_H, freq="h")
    series = other.reindex(whole).to_numpy(dtype=float)
    windows = (series[(OTHER_DAYS + day) * _DAY_H :][:length] for day in days)
    return [window if np.isfinite(window).sum() >= MINIMUM_PAIRS else None for window in windows]


def _between(values: pd.Series, episode: Episode) -> pd.Series:
    index = pd.DatetimeIndex(values.index)
    return values[np.asarray((index >= pd.Timestamp(episode.start)) & (index < pd.Timestamp(episode.end)))]
