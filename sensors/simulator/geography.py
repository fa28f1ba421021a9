"""The 14 prefecture-level cities of Liaoning, and distances between places.

``cities.csv`` carries codes (GB/T 2260), names and city-centre coordinates with their source. The coordinates are GCJ-02
(up to about 0.6 km from WGS-84) and are used unconverted: the stations that are scattered around them are invented
anyway. The columns from ``vehicle`` on are relative source strengths, the simulator's own invention.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

CITIES_PATH = Path(__file__).with_name("cities.csv")
LOCAL_SOURCES = ("vehicle", "coal", "industry", "solvent", "biomass")
KM_PER_DEGREE = 111.2
"""Length of a degree of latitude on a sphere of radius 6,371 km [km]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCity:
    """A city: ``letters`` are those of its station ids, ``strength`` its sources relative to the province's mean."""

    code: str
    letters: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    coastal: bool
    strength: tuple[float, ...]


@cache
def load_cities() -> tuple[SimulatedCity, ...]:
    """All cities, in the order of their codes."""
    with CITIES_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(_city(row) for row in csv.DictReader(file))


def offset_km(lon_from: float, lat_from: float, lon_to: float, lat_to: float) -> tuple[float, float]:
    """Way from one place to another, east and north [km]; flat, good to 1 % within the province."""
    east = (lon_to - lon_from) * KM_PER_DEGREE * np.cos(np.radians((lat_from + lat_to) / 2))
    return float(east), (lat_to - lat_from) * KM_PER_DEGREE


def moved(lon: float, lat: float, *, east_km: float, north_km: float) -> tuple[float, float]:
    """Place that lies so far east and north of another, as (lon, lat)."""
    return lon + east_km / (KM_PER_DEGREE * float(np.cos(np.radians(lat)))), lat + north_km / KM_PER_DEGREE


def _city(row: dict[str, str]) -> SimulatedCity:
    return SimulatedCity(
        code=row["code"],
        letters=row["letters"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        coastal=row["coastal"] == "true",
        strength=tuple(float(row[source]) for source in LOCAL_SOURCES),
    )
