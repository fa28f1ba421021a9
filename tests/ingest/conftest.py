"""A collector as a real process, and stations that publish to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.mqtt import Publisher
from ingest.process.settings import Broker, CollectorSettings
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from schemas.reading import Rejection
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings

PARAMETERS = ("benzene", "toluene")
PATIENCE_S = 60.0


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


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(0.1)


@dataclass
class Collector:
    """``skyground collect`` in a process of its own."""

    settings: CollectorSettings
    log: Path
    process: subprocess.Popen[bytes] | None = None
    codes: list[int] = field(default_factory=list)

    def start(self) -> None:
        seen = self.log.stat().st_size if self.log.exists() else 0
        self._spawn()
        wait_for(lambda: b'"event": "subscribed"' in self.log.read_bytes()[seen:], "the subscription")
        # it takes messages in before its drain has made the tables
        wait_for(self._has_tables, "the tables of the state database")

    def _has_tables(self) -> bool:
        with StateStore(self.settings.state_url) as state:
            return not state.database.pending_migrations()

    def start_in_vain(self) -> tuple[int, str]:
        """Exit status and words of a start that must not succeed."""
        self._spawn()
        assert self.process is not None
        return self.process.wait(PATIENCE_S), self.log.read_text()

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "console.cli", "collect"]
            self.process = subprocess.Popen(command, env=environment(self.settings), stderr=log)

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        self.codes.append(self.process.wait(40))
        return self.codes[-1]

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def environment(settings: CollectorSettings) -> dict[str, str]:
    names = (
        *("run_dir", "network", "mqtt_url", "mqtt_client_id", "mqtt_topic", "mqtt_calibration_topic", "mqtt_share"),
        *("mqtt_cover_after_s", "influx_url", "influx_database", "state_url", "metrics_port", "gap_wait_s"),
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
    return kept | {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}


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
    made = Collector(collector_settings, tmp_path / "collector.log")
    made.start()
    yield made
    if made.is_alive():
        made.stop()


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
