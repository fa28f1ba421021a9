"""A collector as a real process, and stations that publish to it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.mqtt import Publisher
from ingest.process.settings import Broker, CollectorSettings
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml
from store.state import StateStore
from tests.ingest import program
from tests.ingest.program import Program, running, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemas.reading import Rejection
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

PARAMETERS = ("benzene", "toluene")
OWN_SETTINGS = (
    *("run_dir", "network", "mqtt_url", "mqtt_client_id", "mqtt_topic", "mqtt_calibration_topic", "mqtt_share"),
    *("mqtt_cover_after_s", "influx_url", "influx_database", "state_url", "metrics_port", "gap_wait_s"),
)
"""What a program under test gets from its environment."""


def station_network() -> Network:
    """Two stations: one with a late window of a week, one that takes any age."""
    gc1 = Instrument(id="gc1", network="voc", cadence_s=3600, parameters=PARAMETERS)
    gas1 = Instrument(id="gas1", network="gas", cadence_s=60, parameters=("so2", "o3"))
    return Network(
        zone="Asia/Shanghai",
        station_list=(
            Station(id="st-1", instruments=(gc1, gas1)),
            Station(id="archive", instruments=(gc1,), late_window_h=0),
        ),
    )


def payload(start: datetime, values: dict[str, object], **more: object) -> bytes:
    """One reading of an hour as a station sends it."""
    body = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "values": values, **more}
    return msgspec.json.encode(body)


@dataclass
class Collector(Program):
    """``skyground collect`` in a process of its own."""

    settings: CollectorSettings

    command = "collect"
    given = OWN_SETTINGS
    ready = b'"event": "subscribed"'

    def start(self) -> None:
        super().start()
        # it takes messages in before its drain has made the tables
        wait_for(self._has_tables, "the tables of the state database")

    def _has_tables(self) -> bool:
        with StateStore(self.settings.state_url) as state:
            return not state.database.pending_migrations()


def environment(settings: CollectorSettings) -> dict[str, str]:
    return program.environment(settings, OWN_SETTINGS)


def own_settings(settings: CollectorSettings) -> dict[str, object]:
    """Settings of a command in this process."""
    return {name: getattr(settings, name) for name in OWN_SETTINGS}


@pytest.fixture
def collector_settings(settings: SharedSettings, mqtt_url: str, tmp_path: Path) -> CollectorSettings:
    """Settings of a collector with a session, a database and a network file of this test's own."""
    network = tmp_path / "network.toml"
    network.write_text(network_toml(station_network()))
    shared = settings.model_dump(include={"run_dir", "influx_url", "influx_database", "state_url"})
    own = {"network": network, "mqtt_url": mqtt_url, "mqtt_client_id": f"test-{uuid.uuid4().hex[:12]}"}
    return CollectorSettings(**shared, **own, metrics_port=0, gap_wait_s=0.2)


@pytest.fixture
def collector(collector_settings: CollectorSettings, tmp_path: Path) -> Iterator[Collector]:
    yield from running(Collector(collector_settings, tmp_path / "collector.log"))


@pytest.fixture
def publisher(mqtt_url: str) -> Iterator[Publisher]:
    with Publisher(Broker(mqtt_url=mqtt_url), f"station-{uuid.uuid4().hex[:12]}") as made:
        yield made


@pytest.fixture
def store(influx: InfluxStore) -> InfluxStore:
    return influx


@pytest.fixture
def hour() -> datetime:
    """Start of the last whole hour."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)


def reasons(rejections: tuple[Rejection, ...]) -> list[str]:
    return [item.reason.value for item in rejections]
