"""The production broker on a free loopback port: the real scripts, the real configuration, TLS and all."""

from __future__ import annotations

import queue
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from console.local.process import port_answers
from console.local.settings import free_ports
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "deploy" / "mosquitto"
WAIT_S = 15.0


@dataclass(frozen=True)
class SecuredBroker:
    """Directory of the scripts' output, the port, and the broker's process."""

    directory: Path
    port: int
    pid: int

    @property
    def authority(self) -> Path:
        return self.directory / "tls" / "ca.crt"

    def password(self, user: str) -> str:
        return (self.directory / "users" / f"{user}.password").read_text()


def run_script(name: str, *arguments: str | Path, expect: int = 0) -> str:
    """Output of one of the scripts, both streams; fails where the exit status is another one."""
    done = subprocess.run([str(SCRIPTS / name), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == expect, done.stderr
    return done.stdout + done.stderr


@contextmanager
def secured_broker() -> Iterator[SecuredBroker]:
    # Not below pytest's own directory: mosquitto, started by root, becomes its own user and has to reach its files, and
    # every pytest that starts closes that directory again.
    with TemporaryDirectory(prefix="skyground-broker-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield from _started(directory)


def _started(directory: Path) -> Iterator[SecuredBroker]:
    (port,) = free_ports(1)
    config = run_script("configure.sh", directory, str(port), "127.0.0.1").strip()
    run_script("make-certificates.sh", directory / "tls")
    passwords = directory / "config" / "passwords"
    network = ROOT / "deploy" / "network.example.toml"
    run_script("make-credentials.sh", network, directory / "users", "--passwords", passwords)
    for file in (passwords, directory / "tls" / "server.key"):
        file.chmod(0o644)
    command = ["mosquitto", "-c", config]
    server = servers.Server(f"mqtts://127.0.0.1:{port}", command, directory / "log", lambda: port_answers(port))
    with servers.running(server):
        assert server.process is not None
        yield SecuredBroker(directory, port, server.process.pid)


class Session:
    """An MQTT 5 connection as one user; what arrives and what the broker answers is kept."""

    def __init__(self, broker: SecuredBroker, user: str, *, password: str | None = None, will: str = "") -> None:
        self.connected: queue.Queue[int] = queue.Queue()
        self.published: queue.Queue[int] = queue.Queue()
        self.subscribed: queue.Queue[int] = queue.Queue()
        self.messages: queue.Queue[MQTTMessage] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(user, broker.password(user) if password is None else password)
        self._client.tls_set_context(ssl.create_default_context(cafile=str(broker.authority)))
        self._client.on_connect = lambda *given: self.connected.put(given[3].value)
        self._client.on_publish = lambda *given: self.published.put(given[3].value)
        self._client.on_subscribe = lambda *given: self.subscribed.put(given[3][0].value)
        self._client.on_message = lambda *given: self.messages.put(given[2])
        if will:
            self._client.will_set(will, b"{}", qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes = b"{}") -> int:
        """Reason code of the PUBACK."""
        self._client.publish(topic, payload, qos=1)
        return self.published.get(timeout=WAIT_S)

    def subscribe(self, topic: str) -> int:
        """Reason code of the SUBACK."""
        self._client.subscribe(topic, qos=1)
        return self.subscribed.get(timeout=WAIT_S)

    def next_message(self) -> MQTTMessage:
        return self.messages.get(timeout=WAIT_S)

    def break_off(self) -> None:
        """End the connection without a word, so that the broker sends the Last Will."""
        assert self.connected.get(timeout=WAIT_S) == 0
        self._client.loop_stop()
        connection = self._client.socket()
        assert connection is not None
        connection.close()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def session(broker: SecuredBroker, user: str, *, password: str | None = None, will: str = "") -> Iterator[Session]:
    opened = Session(broker, user, password=password, will=will)
    try:
        yield opened
    finally:
        opened.close()
