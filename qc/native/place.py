"""Where a station stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.network import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a station stands: degrees east and north (WGS-84)."""

    lon: float
    lat: float


def place_of(station: Station) -> Place | None:
    """Where a station stands; None where the network file does not say so."""
    if station.lon is None or station.lat is None:
        return None
    return Place(lon=station.lon, lat=station.lat)
