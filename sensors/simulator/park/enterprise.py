"""Enterprises around the park and in the other cities: a registry of which a few release something."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sensors.simulator.geography import load_cities, moved
from sensors.simulator.park.name import names
from sensors.simulator.park.station import CITY, park_city, park_stations
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from sensors.simulator.geography import SimulatedCity

SECTORS = 8
"""Directions around the park; each has an enterprise of every group."""
GROUPS: dict[str, tuple[str, ...]] = {
    "voc": ("petrochemical", "solvent"),
    "greenhouse": ("landfill", "gas_leak"),
    "particles": ("biomass", "dust"),
    "gases": ("coal", "heavy_oil"),
    "decoy": ("cement", "wastewater", "steel", "livestock", "traffic", "incineration", "fertiliser", "bakery_yeast"),
}
"""Kinds of enterprises; those of the last group release nothing."""
DISTANCE_KM = (2.0, 7.0)
"""From the middle of the park, one enterprise in each step of the distance."""
ENTERPRISE_ID = re.compile(r"sim-[a-z]{2}-\d{3}")
ELSEWHERE = 2
"""Enterprises in each other city."""


class SimulatedEnterprise(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise of the registry; all of them are invented.

    Attributes
    ----------
    id : str
    name_zh, name_en : str
    kind : str
        Of ``sensors/simulator/release/kinds.toml`` if it may release something.
    latitude, longitude : float
        WGS-84 [deg].
    """

    id: str
    name_zh: str
    name_en: str
    kind: str
    latitude: float
    longitude: float


@cache
def draw_enterprises(seed: int) -> tuple[SimulatedEnterprise, ...]:
    """All enterprises; those around the park first.

    >>> len(draw_enterprises(42)), len({item.id for item in draw_enterprises(42)})
    (66, 66)
    """
    rng = generator(seed, "enterprises")
    middle = park_stations(seed)[0]
    places = []
    for sector in range(SECTORS):
        steps = rng.permutation(len(GROUPS))
        for step, kinds in zip(steps.tolist(), GROUPS.values(), strict=True):
            nearest, farthest = DISTANCE_KM
            distance = nearest + (farthest - nearest) * (step + float(rng.uniform(0.2, 0.8))) / len(GROUPS)
            bearing = 360 / SECTORS * (sector + float(rng.uniform(-0.4, 0.4)))
            place = _away((middle.lon or 0.0, middle.lat or 0.0), distance, bearing)
            places.append((park_city(), kinds[sector % len(kinds)], place))
    others = [city for city in load_cities() if city.letters != CITY]
    possible = sorted(names().kind)
    for city, _ in product(others, range(ELSEWHERE)):
        place = _away((city.lon, city.lat), float(rng.uniform(3, 12)), float(rng.uniform(0, 360)))
        places.append((city, possible[int(rng.integers(len(possible)))], place))
    return tuple(_enterprise(number, *item) for number, item in enumerate(places, 1))


def registry_toml(enterprises: tuple[SimulatedEnterprise, ...]) -> str:
    """Text of a registry file; texts are quoted as in JSON, which TOML reads alike."""
    lines = ["# Registry of a simulated province: every enterprise is invented."]
    for item in enterprises:
        fields = {**msgspec.to_builtins(item), "source": "simulated", "synthetic": True}
        lines += ["", "[[enterprise]]"]
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join(lines) + "\n"


def _away(place: tuple[float, float], distance_km: float, bearing_deg: float) -> tuple[float, float]:
    angle = float(np.radians(bearing_deg))
    return moved(*place, east_km=distance_km * float(np.sin(angle)), north_km=distance_km * float(np.cos(angle)))


def _enterprise(number: int, city: SimulatedCity, kind: str, place: tuple[float, float]) -> SimulatedEnterprise:
    name = names().kind[kind]
    return SimulatedEnterprise(
        id=f"sim-{city.letters}-{number:03d}",
        name_zh=f"{city.name_zh}{name.zh}{number}{names().synthetic_zh}",
        name_en=f"{city.name_en} {name.en} {number} (simulated)",
        kind=kind,
        latitude=round(place[1], 5),
        longitude=round(place[0], 5),
    )
