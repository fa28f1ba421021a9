"""Stations in reach of a station, with distance and bearing (`schemas.geodesy`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.geodesy import bearing_deg, great_circle_km

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.network import Station


def near(station: Station, others: Mapping[str, Station], *, radius_km: float) -> list[tuple[Station, float, float]]:
    """Stations within a radius with distance [km] and bearing [deg], the nearest first; none without coordinates.

    Examples
    --------
    >>> from schemas.network import Station
    >>> here, there = (Station(id=name, instruments=(), lon=lon, lat=41.8) for name, lon in (("a", 123.4), ("b", 123.5)))
    >>> [(item.id, round(distance, 1), round(bearing)) for item, distance, bearing in near(here, {"b": there}, radius_km=20.0)]
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
