"""Coordinates of a station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.network import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """Degrees east and north (WGS-84)."""

    lon: float
    lat: float


def coordinates_of(station: Station) -> Coordinates | None:
    """Coordinates of a station; None where the network file does not state them."""
    if station.lon is None or station.lat is None:
        return None
    return Coordinates(lon=station.lon, lat=station.lat)
