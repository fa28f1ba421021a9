"""The newest reading of every network at every station, as stored by any collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.settings import AlertSettings


def read_heard(settings: AlertSettings) -> dict[tuple[str, str], datetime]:
    """Start of the newest stored reading by (station id, network), of instruments of the network file; raises `StoreError`."""
    instruments = settings.stations.instruments
    found: dict[tuple[str, str], datetime] = {}
    influx = InfluxStore(settings)
    try:
        for network in NetworkCode:
            wanted = {key for key, item in instruments.items() if item.network == network}
            if not wanted:
                continue
            for station_id, rows in influx.last_readings(network, wanted).groupby("station_id"):
                found[str(station_id), network.value] = rows["start"].max().to_pydatetime()
    finally:
        influx.close()
    return found
