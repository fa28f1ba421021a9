"""Whatever raises in the gateway costs the frame that makes it raise: the other stations go on."""

from __future__ import annotations

import re
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

import ingest.gateway.forward
import ingest.process.supervise
from ingest.gateway.buffer_writer import BufferWriter
from ingest.gateway.connection import Connection, Hub
from ingest.gateway.forward import Forwarder
from ingest.gateway.metrics import GatewayMetrics
from ingest.gateway.request import RequestBook
from ingest.gateway.server import run
from ingest.process.settings import Broker
from sensors.hj212.packet import Assembler
from store.rawlog import RawLog
from tests.ingest.conftest import wait_for
from tests.ingest.gateway.conftest import Station
from tests.ingest.gateway.test_server import upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.gateway.settings import GatewaySettings

pytestmark = pytest.mark.integration
POISON = "a21026-Avg=666,a21026-Flag=N"
_POISONED = re.compile(r"Avg\W{1,6}666")
TAKING = {
    "request book": (RequestBook, "arrive"),
    "refusal": (Connection, "_take"),
    "queue": (BufferWriter, "put"),
    "disk": (RawLog, "append"),
    "answer": (Connection, "_answer"),
}
FORWARDING = {
    "decode": (ingest.gateway.forward, "decode_frame"),
    "assemble": (Assembler, "add"),
    "topics": (Forwarder, "_publish"),
}


def raising_at_poison(original: Callable[..., Any], errors: list[str]) -> Callable[..., Any]:
    def step(*arguments: Any, **named: Any) -> Any:
        # not 666 alone: addresses and microseconds have it too
        if any(
            _POISONED.search(repr(item)) for item in (arguments, *(getattr(one, "content", "") for one in arguments))
        ):
            errors.append("raised")
            raise ArithmeticError
        return original(*arguments, **named)

    return step


@contextmanager
def heard(mqtt_url: str) -> Iterator[list[bytes]]:
    """Payloads that the gateway publishes."""
    found: list[bytes] = []
    client = Client(CallbackAPIVersion.VERSION2, f"hears-{uuid.uuid4().hex[:8]}", protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _userdata, message: found.append(bytes(message.payload))
    is_subscribed = threading.Event()
    client.on_subscribe = lambda *_: is_subscribed.set()
    client.on_connect = lambda made, *_: made.subscribe("obs/v1/+/ln-sy-01/+/hj212", 1)
    broker = Broker(mqtt_url=mqtt_url)
    client.connect(broker.mqtt_host, broker.mqtt_port)
    client.loop_start()
    assert is_subscribed.wait(20)
    yield found
    client.disconnect()
    client.loop_stop()


@contextmanager
def serving(settings: GatewaySettings, mqtt_url: str) -> Iterator[None]:
    """A gateway in a thread of this process."""
    own = settings.model_copy(update={"mqtt_url": mqtt_url, "gateway_client_id": f"gateway-{uuid.uuid4().hex[:8]}"})
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(own, stop))
    thread.start()
    try:
        wait_for(lambda: _answers(own.gateway_port), "the gateway")
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


@contextmanager
def frames_through(settings: GatewaySettings, mqtt_url: str) -> Iterator[tuple[Station, list[bytes]]]:
    """A station at a gateway, and the payloads that the gateway publishes."""
    with heard(mqtt_url) as found, serving(settings, mqtt_url), Station(settings.gateway_port) as station:
        yield station, found


def _answers(port: int) -> bool:
    try:
        with Station(port):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("step", TAKING)
def test_a_step_that_raises_on_the_way_in_costs_one_frame(
    gateway_settings: GatewaySettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner, name = TAKING[step]
    errors: list[str] = []
    original = getattr(owner, name)
    if step == "request book":
        remaining = iter([ArithmeticError()])

        def arrive(*arguments: Any) -> Any:
            if error := next(remaining, None):
                errors.append("raised")
                raise error
            return original(*arguments)

        monkeypatch.setattr(owner, name, arrive)
    else:
        monkeypatch.setattr(owner, name, raising_at_poison(original, errors))
    with frames_through(gateway_settings, mqtt_url) as (station, found):
        station.send(upload(1, POISON) + upload(2) + upload(3))
        assert [answer.qn[-1] for answer in station.hear(2)] == ["2", "3"]
        wait_for(lambda: any(b"0000000000003" in item for item in found), "the third frame")
    assert errors


@pytest.mark.parametrize("step", FORWARDING)
def test_a_frame_that_cannot_be_forwarded_is_handed_on_as_it_is(
    gateway_settings: GatewaySettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner, name = FORWARDING[step]
    errors: list[str] = []
    monkeypatch.setattr(owner, name, raising_at_poison(getattr(owner, name), errors))
    with frames_through(gateway_settings, mqtt_url) as (station, found):
        station.send(upload(1, POISON) + upload(2) + upload(3))
        assert len(station.hear(3)) == 3
        wait_for(lambda: len({item[20:50] for item in found}) == 3, "three frames")
    assert errors
    assert sum(b"666" in item for item in found) == 1


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Hub, "close_idle"),
        (BufferWriter, "measure"),
        (Forwarder, "_tidy"),
        (Forwarder, "_advance"),
        (Assembler, "overdue"),
    ],
)
def test_a_step_about_no_frame_that_raises_once_ends_nothing(
    gateway_settings: GatewaySettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    monkeypatch.setattr(ingest.process.supervise, "PAUSE_FIRST_S", 0.05)
    original, left = getattr(owner, name), [1]

    def step(*arguments: Any, **named: Any) -> Any:
        if left:
            left.pop()
            raise ArithmeticError
        return original(*arguments, **named)

    settings = gateway_settings.model_copy(update={"gateway_first_frame_s": 1})
    with heard(mqtt_url) as found:
        monkeypatch.setattr(owner, name, step)
        with serving(settings, mqtt_url), Station(settings.gateway_port) as station:
            station.send(upload(1))
            assert len(station.hear(1)) == 1
            wait_for(lambda: bool(found) and not left, "the frame and the error")


def test_restarts_and_errors_are_counted() -> None:
    metrics = GatewayMetrics()
    metrics.restarted("forward")
    metrics.caught("keep", ArithmeticError(7))
    assert metrics.registry.get_sample_value("gateway_process_restarts_total", {"process": "forward"}) == 1
    assert metrics.registry.get_sample_value("gateway_internal_errors_total", {"step": "keep"}) == 1
