from __future__ import annotations

from datetime import UTC, datetime

from schemas.message import NetworkCode
from schemas.network import Instrument, Network, Station
from schemas.network.file import parse_network
from sensors.network_file import network_toml


def test_a_written_network_reads_back_the_same() -> None:
    instrument = Instrument(
        id="gc1",
        network=NetworkCode.VOC,
        cadence_s=3600,
        parameters=("benzene", "toluene"),
        model='5" column \\ "new"',
        since=datetime(2026, 1, 1, tzinfo=UTC),
    )
    station = Station(
        id="ln-sy-01", instruments=(instrument,), name_zh="沈阳一号", lon=123.43, lat=41.8, late_window_h=0
    )
    network = Network(zone="Asia/Shanghai", station_list=(station,))
    assert parse_network(network_toml(network), "test") == network
