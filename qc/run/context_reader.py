"""Further hours that the hourly tests need: earlier ones, other networks of the station, neighbours. Reads only."""

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
    from collections.abc import Sequence
    from datetime import datetime

    from qc.hourly.mean import Hourly
    from schemas.network import Station
    from store.influx.store import InfluxStore

NEAR_KM = 100.0
"""Neighbours of a dose rate are closer than this, so that one rain reaches both [km]; project default."""
MOST_NEAR = 4
"""Neighbours that are asked at most; each is a query."""
REMEMBERS = frozenset({NetworkCode.GAS, NetworkCode.GHG, NetworkCode.VOC, NetworkCode.RAD})
"""Networks of which a test looks further back than the native values that a run reads."""


@dataclass(kw_only=True)
class ContextReader:
    """Reads what surrounds the hours of one network: one query a network, at the first station that asks.

    Attributes
    ----------
    start, end : datetime
        Span of the stored hours that are read; aware, half-open.
    stations : sequence of Station
        All of the network, to find neighbours among.
    only : str or None
        The one station that is judged, where only one is; its hours alone are read then.
    """

    store: InfluxStore
    network: str
    start: datetime
    end: datetime
    stations: Sequence[Station]
    only: str | None = None
    _tables: dict[tuple[str, str | None], dict[str, pd.DataFrame]] = field(default_factory=dict)

    def with_history(self, hourly: Hourly, station: Station) -> Hourly:
        """The hours at hand, after the stored ones that their ordinary state is known from."""
        first = pd.Timestamp(hourly.frame.index[0]) if len(hourly.frame) else pd.Timestamp(self.start)
        if first <= self.start or self.network not in REMEMBERS:
            return hourly
        past = self._hours(self.network, self.only).get(station.id)
        return hourly if past is None else with_past(hourly, past[past.index < first])

    def other_networks(self, station: Station) -> pd.DataFrame | None:
        """Valid hours of what the station's other networks measure and a relation of this network asks for; None: nothing."""
        asked, found = codes_of(self.network), dict[str, pd.Series]()
        for network in dict.fromkeys(item.network for item in station.instruments if item.network != self.network):
            codes = _measured(station, network) & asked - _measured(station, self.network) - found.keys()
            hours = self._hours(network, self.only).get(station.id) if codes else None
            if hours is not None:
                found |= {code: valid_values(hours, code) for code in sorted(codes)}
        return pd.DataFrame(found) if found else None

    def near(self, station: Station) -> dict[str, pd.DataFrame]:
        """Valid stored hours of the nearest neighbours by id, for the one network that asks them; empty for the others."""
        if self.network != NetworkCode.RAD:
            return {}
        near = neighbours(station, self.stations)
        hours = self._hours(self.network, None) if near else {}
        return {
            other.id: pd.DataFrame({code: valid_values(hours[other.id], code) for code in (DOSE, RAIN)})
            for other in near
            if other.id in hours
        }

    def _hours(self, network: str, station_id: str | None) -> dict[str, pd.DataFrame]:
        """Stored hours by station."""
        key = (network, station_id)
        if key not in self._tables:
            table = self.store.read_hourly_table(network, self.start, self.end, station_id)
            by_station = table.groupby(level=0) if len(table) else ()
            self._tables[key] = {str(name): frame.droplevel(0).dropna(axis=1, how="all") for name, frame in by_station}
        return self._tables[key]


def neighbours(station: Station, stations: Sequence[Station]) -> list[Station]:
    """Nearest stations within `NEAR_KM`, `MOST_NEAR` at most; none where the station's place is not known."""
    others = [other for other in stations if other.id != station.id]
    far = StationCoordinates.of([station, *others]).distance_km()[0][1:]
    near = sorted((float(km), other.id, other) for km, other in zip(far, others, strict=True) if km < NEAR_KM)
    return [other for _, _, other in near[:MOST_NEAR]]


def _measured(station: Station, network: str) -> set[str]:
    return {code for item in station.instruments_of(network) for code in item.parameters}
