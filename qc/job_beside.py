"""What the hourly tests are given beside the hours at hand: stored hours before them, other networks, the station's place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from qc.checks_network import codes_of
from qc.hours import Place, with_past
from schemas.frames import valid_values

if TYPE_CHECKING:
    from datetime import datetime

    from qc.hourly import Hourly
    from schemas.network import Station
    from store.influx import InfluxStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Reads what surrounds the hours of one network.

    Attributes
    ----------
    start, end : datetime
        Span of the stored hours that are read; aware, half-open.
    """

    store: InfluxStore
    network: str
    start: datetime
    end: datetime

    def after_past(self, hourly: Hourly, station: Station) -> Hourly:
        """The hours at hand, after the stored ones that their ordinary state is known from."""
        first = hourly.frame.index[0].to_pydatetime() if len(hourly.frame) else self.start
        if first <= self.start:
            return hourly
        return with_past(hourly, self.store.read_hourly(self.network, station.id, self.start, first))

    def beside(self, station: Station) -> pd.DataFrame | None:
        """Valid hours of what the station's other networks measure and a relation of this network asks for; None: nothing."""
        asked, found = codes_of(self.network), dict[str, pd.Series]()
        for network in dict.fromkeys(item.network for item in station.instruments if item.network != self.network):
            codes = _measured(station, network) & asked - _measured(station, self.network) - found.keys()
            if codes:
                hours = self.store.read_hourly(network, station.id, self.start, self.end, sorted(codes))
                found |= {code: valid_values(hours, code) for code in sorted(codes)}
        return pd.DataFrame(found) if found else None


def place_of(station: Station) -> Place | None:
    """Where a station stands; None where the network file does not say so."""
    if station.lon is None or station.lat is None:
        return None
    return Place(lon=station.lon, lat=station.lat)


def _measured(station: Station, network: str) -> set[str]:
    return {code for item in station.instruments_of(network) for code in item.parameters}
