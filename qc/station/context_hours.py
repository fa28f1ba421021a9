"""Stored hours that the hourly tests need besides those of a run: earlier ones, other networks of a station, neighbours. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from qc.hourly.context import with_past
from qc.hourly.relation.network import DOSE, RAIN, codes_of
from qc.hourly.space.neighbours import StationCoordinates
from schemas.frames import valid_values
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qc.hourly.mean import Hourly
    from schemas.network import Station

    Hours = Mapping[str, pd.DataFrame]

NEAR_KM = 100.0
"""Largest distance of neighbours of a dose rate, so that the same rain reaches both [km]; project default."""
MOST_NEAR = 4
"""Neighbours that are compared at most [1]; project default."""
REMEMBERS = frozenset({NetworkCode.GAS, NetworkCode.GHG, NetworkCode.VOC, NetworkCode.RAD})
"""Networks with a test that needs hours before the native values that a run reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextHours:
    """Stored hours around those of a run, `schemas.frames` hourly by station id.

    Attributes
    ----------
    network : str
        Of the run.
    start : datetime
        First hour that was read, UTC.
    stations : sequence of Station
        All of the network, to find neighbours among.
    past : mapping of str to DataFrame
        Hours of the network at the stations of the run.
    others : mapping of str to mapping
        Hours of other networks at the stations of the run, by network.
    near : mapping of str to DataFrame
        Hours of the network at any station.
    """

    network: str
    start: datetime
    stations: Sequence[Station]
    past: Hours = field(default_factory=dict)
    others: Mapping[str, Hours] = field(default_factory=dict)
    near: Hours = field(default_factory=dict)

    def with_history(self, hourly: Hourly, station: Station) -> Hourly:
        """The given hours, after the stored hours that define their ordinary state."""
        first = pd.Timestamp(hourly.frame.index[0]) if len(hourly.frame) else pd.Timestamp(self.start)
        past = self.past.get(station.id)
        return hourly if past is None or first <= self.start else with_past(hourly, past[past.index < first])

    def other_networks(self, station: Station) -> pd.DataFrame | None:
        """Valid hours of what the station's other networks measure and a relation of this network uses; None: nothing."""
        found = dict[str, pd.Series]()
        for network, codes in codes_of_others(station, self.network).items():
            hours = self.others.get(network, {}).get(station.id)
            if hours is not None:
                found |= {code: valid_values(hours, code) for code in sorted(codes - found.keys())}
        return pd.DataFrame(found) if found else None

    def near_hours(self, station: Station) -> dict[str, pd.DataFrame]:
        """Valid hours of the nearest neighbours by id, for the network that compares them; empty for the others."""
        return {
            other.id: pd.DataFrame({code: valid_values(self.near[other.id], code) for code in (DOSE, RAIN)})
            for other in neighbours_of(station, self.network, self.stations)
            if other.id in self.near
        }


def codes_of_others(station: Station, network: str) -> dict[str, set[str]]:
    """Parameters by other network of a station that a relation of one network uses and the station measures there only."""
    codes = codes_of(network) - _measured(station, network)
    others = dict.fromkeys(str(item.network) for item in station.instruments if item.network != network)
    return {other: asked for other in others if (asked := _measured(station, other) & codes)}


def neighbours_of(station: Station, network: str, stations: Sequence[Station]) -> list[Station]:
    """Neighbours that the tests of a network compare a station with: none but for dose rates."""
    return neighbours(station, stations) if network == NetworkCode.RAD else []


def neighbours(station: Station, stations: Sequence[Station]) -> list[Station]:
    """Nearest stations within `NEAR_KM`, `MOST_NEAR` at most; none where the station's coordinates are not known."""
    others = [other for other in stations if other.id != station.id]
    far = StationCoordinates.of([station, *others]).distance_km()[0][1:]
    near = sorted((float(km), other.id, other) for km, other in zip(far, others, strict=True) if km < NEAR_KM)
    return [other for _, _, other in near[:MOST_NEAR]]


def _measured(station: Station, network: str) -> set[str]:
    return {code for item in station.instruments_of(network) for code in item.parameters}
