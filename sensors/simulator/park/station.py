"""Stations of the park."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec

from sensors.simulator.geography import SimulatedCity, load_cities
from sensors.simulator.labelled.cluster import EQUIPMENT, draw_cluster
from sensors.simulator.park.name import names
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from schemas.network import Instrument, Station

CITY = "jz"
FAST_CADENCE_S = 300
"""Gases and greenhouse gases of the park report at this interval, so that a demonstration of a few minutes can carry it [s]."""


def park_city() -> SimulatedCity:
    """The city of the park."""
    return next(city for city in load_cities() if city.letters == CITY)


@cache
def park_stations(seed: int) -> tuple[Station, ...]:
    """Seven stations, the one in the middle first; three measure greenhouse gases and VOC each at least.

    >>> [station.id for station in park_stations(42)][:2]
    ['ln-jz-11', 'ln-jz-12']
    """
    city = park_city()
    drawn = draw_cluster(generator(seed, "park"), EQUIPMENT, city)
    return tuple(
        msgspec.structs.replace(
            station,
            id=f"ln-{CITY}-{11 + number}",
            name_zh=f"{city.name_zh}{names().station_zh}{number + 1}",
            name_en=f"{city.name_en} Park {number + 1} (simulated)",
            instruments=tuple(_slowed(item) for item in station.instruments),
        )
        for number, station in enumerate(drawn)
    )


def _slowed(instrument: Instrument) -> Instrument:
    return msgspec.structs.replace(instrument, cadence_s=max(instrument.cadence_s, FAST_CADENCE_S))
