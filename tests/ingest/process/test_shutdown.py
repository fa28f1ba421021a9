"""SIGTERM ends every process within its stated time, whatever state it is in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from console.local.configuration import mosquitto_conf
from console.local.process import port_answers
from console.local.settings import free_ports
from ingest.mqtt import Publisher
from ingest.mqtt.inbox import Inbox, Received
from ingest.process.settings import Broker
from schemas.message import RawMessage
from store.state import StateStore
from tests import servers
from tests.ingest.conftest import payload, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.process.settings import CollectorSettings

ROOT = Path(__file__).resolve().parents[3]
PROMPT_S = 12.0
"""Where nothing has to be waited for."""
FORCED_S = 50.0
"""Where a server is there and says nothing."""
STARTED = {
    "collect": b'"started"',
    "gateway": b'"started"',
    "watch": b"watching every",
    "console": b"skyground console at",
}


class Changed(NamedTuple):
    """What differs in the environment of a process, and whether it has met that state yet."""

    environment: dict[str, str]
    is_met: Callable[[], bool] = lambda: True


@contextmanager
def mute_server() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port where connections are accepted and nothing is ever said, and these connections."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], held
        server.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


@contextmanager
def refusing_broker(directory: Path) -> Iterator[str]:
    """A broker that refuses every client."""
    directory.mkdir()
    (port,) = free_ports(1)
    config = directory / "mosquitto.conf"
    config.write_text(mosquitto_conf(directory, port).replace("allow_anonymous true", "allow_anonymous false"))
    server = servers.Server(
        f"mqtt://127.0.0.1:{port}", ["mosquitto", "-c", str(config)], directory / "log", lambda: port_answers(port)
    )
    with servers.running(server):
        yield server.url


@contextmanager
def load(mqtt_url: str, interval_s: float) -> Iterator[None]:
    stop = threading.Event()

    def publish() -> None:
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        with Publisher(Broker(mqtt_url=mqtt_url), f"load-{uuid.uuid4().hex[:8]}") as publisher:
            while not stop.wait(interval_s):
                publisher.publish("obs/v1/voc/archive/gc1/json", payload(start, {"benzene": 1.0}))

    worker = threading.Thread(target=publish)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


@contextmanager
def state_of(name: str, settings: CollectorSettings, tmp_path: Path) -> Iterator[Changed]:
    """The state of its servers that a process is in."""
    with ExitStack() as stack:
        if name in {"dead database", "mute database", "load"}:
            # where nothing is stored, messages only have to go on for as long as the process ends
            stack.enter_context(load(settings.mqtt_url, 0.005 if name == "load" else 0.05))
        if name.startswith("mute"):
            port, held = stack.enter_context(mute_server())
            url, database = {"MQTT_URL": f"mqtt://127.0.0.1:{port}"}, {"INFLUX_URL": f"http://127.0.0.1:{port}"}
            yield Changed(url if name == "mute broker" else database, lambda: bool(held))
        elif name == "no broker":
            yield Changed({"MQTT_URL": f"mqtt://127.0.0.1:{free_ports(1)[0]}"})
        elif name == "refused":
            yield Changed({"MQTT_URL": stack.enter_context(refusing_broker(tmp_path / "refusing"))})
        elif name == "dead database":
            yield Changed({"INFLUX_URL": f"http://127.0.0.1:{free_ports(1)[0]}"})
        else:
            yield Changed({})


def seconds_to_stop(program: str, settings: CollectorSettings, changed: Changed, tmp_path: Path) -> float:
    """Start a program, let it work for a moment, and tell it to stop."""
    chosen = {
        "RUN_DIR": str(settings.run_dir),
        "NETWORK": str(settings.network),
        "RULES": str(ROOT / "deploy" / "rules.example.toml"),
        "MQTT_URL": settings.mqtt_url,
        "MQTT_CLIENT_ID": settings.mqtt_client_id,
        "GATEWAY_CLIENT_ID": f"gateway-{uuid.uuid4().hex[:8]}",
        "INFLUX_URL": settings.influx_url,
        "INFLUX_DATABASE": settings.influx_database,
        "STATE_URL": settings.state_url,
        "CONSOLE_URL": f"http://127.0.0.1:{free_ports(1)[0]}",
        "GATEWAY_PORT": "0",
        "GATEWAY_METRICS_PORT": "0",
        "METRICS_PORT": "0",
        "WATCH_INTERVAL_S": "1",
        "WATCH_METRICS_PORT": "0",
        "SMTP_URL": f"smtp://127.0.0.1:{free_ports(1)[0]}",
        **changed.environment,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYGROUND_")}
    environment = kept | {f"SKYGROUND_{name}": value for name, value in chosen.items()} | {"PYTHONUNBUFFERED": "1"}
    path = tmp_path / f"{program}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.cli", program], env=environment, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: STARTED[program] in path.read_bytes(), "the start")
        wait_for(lambda: program == "console" or changed.is_met(), "its first connection")  # pages ask when opened
        time.sleep(1.0)
        assert process.poll() is None, path.read_text()[-2_000:]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(FORCED_S + 20)
        return time.monotonic() - began
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("program", "state", "longest_s"),
    [
        (program, state, longest_s)
        for program, longest_s, states in (
            ("collect", PROMPT_S, ("idle", "load", "no broker", "mute broker", "refused", "dead database")),
            ("collect", FORCED_S, ("mute database",)),
            ("gateway", PROMPT_S, ("idle", "no broker", "refused")),
            ("gateway", PROMPT_S + 10, ("mute broker",)),
            ("watch", PROMPT_S, ("idle", "dead database")),
            ("watch", FORCED_S, ("mute database",)),
            ("console", PROMPT_S, ("idle", "mute database")),
        )
        for state in states
    ],
)
def test_a_process_that_is_signalled_to_stop_ends_in_time(
    collector_settings: CollectorSettings, tmp_path: Path, program: str, state: str, longest_s: float
) -> None:
    with state_of(state, collector_settings, tmp_path) as changed:
        took_s = seconds_to_stop(program, collector_settings, changed, tmp_path)
    assert took_s < longest_s
    with StateStore(collector_settings.state_url) as left:
        left.migrate()
        # an orderly end is not reported as a missing process
        assert took_s > 20 or left.processes.list() == []


def received() -> Received:
    return Received(RawMessage("topic", b"", datetime.now(UTC)), None, 0)


@pytest.fixture
def slow_signals() -> Iterator[Callable[[float], None]]:
    """Signals at an interval whose handler takes longer than what is waited for."""

    def begin(interval_s: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, interval_s)

    before = signal.signal(signal.SIGALRM, lambda *_: time.sleep(0.1))
    yield begin
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_handler_that_outlives_the_deadline_does_not_swallow_the_wait(
    slow_signals: Callable[[float], None],
) -> None:
    inbox = Inbox()
    slow_signals(0.02)
    began = time.monotonic()
    assert inbox.take(0.05) is None
    assert time.monotonic() - began < 5.0


def test_an_inbox_hands_over_everything_in_order_to_one_taker() -> None:
    inbox, items = Inbox(), [received() for _ in range(20_000)]

    def put() -> None:
        for item in items:
            inbox.put(item)

    worker = threading.Thread(target=put)
    worker.start()
    taken: list[Received] = []
    while len(taken) < len(items):
        found = inbox.take(0.01)
        if found is not None:
            taken.append(found)
    worker.join()
    assert taken == items
    assert inbox.take(0.0) is None
