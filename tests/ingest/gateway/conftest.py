"""A gateway as a real process, and an HJ 212 station connected to it."""

from __future__ import annotations

import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest

from console.local.settings import free_ports
from ingest.gateway.settings import GatewaySettings
from sensors.hj212.framer import Framer
from tests.ingest.program import Program, running
from tests.sensors.hj212.build import NETWORK_TOML

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensors.hj212.frame import Frame


GIVEN = (
    "run_dir",
    "network",
    "mqtt_url",
    *(name for name in GatewaySettings.model_fields if name.startswith("gateway_")),
)


@dataclass
class Gateway(Program):
    """``skyground gateway`` in a process of its own."""

    settings: GatewaySettings

    command = "gateway"
    given = GIVEN
    ready = b'"event": "started"'


class Station:
    """A data logger: sends frames, receives answers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._framer = Framer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def hear(self, count: int = 1, timeout_s: float = 20.0) -> list[Frame]:
        """Answers until there are ``count``, the gateway closes, or nothing comes any more."""
        self._socket.settimeout(timeout_s)
        found: list[Frame] = []
        try:
            while len(found) < count and (data := self._socket.recv(65_536)):
                found += [item.frame for item in self._framer.feed(data) if item.frame is not None]
        except (TimeoutError, ConnectionResetError):
            pass
        return found

    def is_closed(self) -> bool:
        """Whether the gateway closes the connection."""
        self._socket.settimeout(20.0)
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


@pytest.fixture
def gateway_settings(tmp_path: Path) -> GatewaySettings:
    """Settings of a gateway whose broker is not there; a test with one copies them with its address."""
    network = tmp_path / "hj212.toml"
    network.write_text(NETWORK_TOML.replace('id = "ln-sy-01"', 'id = "ln-sy-01"\nlate_window_h = 0'))
    port, nowhere = free_ports(2)
    return GatewaySettings(
        run_dir=tmp_path / "gateway-run",
        network=network,
        gateway_port=port,
        gateway_metrics_port=0,
        mqtt_url=f"mqtt://127.0.0.1:{nowhere}",
    )


@pytest.fixture
def gateway(gateway_settings: GatewaySettings, tmp_path: Path) -> Iterator[Gateway]:
    yield from running(Gateway(gateway_settings, tmp_path / "gateway.log"), signal.SIGKILL)


@pytest.fixture
def station(gateway: Gateway) -> Iterator[Station]:
    with Station(gateway.settings.gateway_port) as made:
        yield made
