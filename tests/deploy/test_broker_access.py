"""What the access list of the production broker allows and refuses, asked of a real mosquitto over TLS."""

from __future__ import annotations

import os
import queue
import signal
import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from ingest.mqtt import Subscriber
from ingest.process.settings import CollectorSettings
from tests.deploy.broker import ROOT, WAIT_S, SecuredBroker, Session, run_script, secured_broker, session

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

GRANTED_QOS_1, NO_SUBSCRIBER, NOT_AUTHORIZED, BAD_CREDENTIALS = 1, 16, 135, 134
OWN = "obs/v1/gas/ln-sy-01/gas1/json"
FOREIGN = "obs/v1/ghg/ln-fs-01/crds1/json"


@pytest.fixture(scope="module")
def broker() -> Iterator[SecuredBroker]:
    with secured_broker() as started:
        yield started


@pytest.mark.parametrize(
    "topic", [OWN, "obs/v1/voc/ln-sy-01/gc1/json", "status/v1/gas/ln-sy-01/gas1", "cal/v1/gas/ln-sy-01/gas1"]
)
def test_station_publishes_under_its_own_name(broker: SecuredBroker, topic: str) -> None:
    with session(broker, "ln-sy-01") as station:
        assert station.publish(topic) in (0, NO_SUBSCRIBER)


@pytest.mark.parametrize(
    "topic",
    [
        FOREIGN,
        "status/v1/ghg/ln-fs-01/crds1",
        "cal/v1/ghg/ln-fs-01/crds1",
        "cmd/v1/ln-sy-01/restart",
        "obs/v1/ln-sy-01",
        "other/ln-sy-01",
    ],
)
def test_station_is_refused_under_any_other_name(broker: SecuredBroker, topic: str) -> None:
    with session(broker, "ln-sy-01") as station:
        assert station.publish(topic) == NOT_AUTHORIZED


def test_collector_receives_what_a_station_sends_and_nothing_forged(broker: SecuredBroker) -> None:
    with session(broker, "collector") as collector, session(broker, "ln-sy-01") as station:
        assert collector.subscribe("$share/collectors/obs/v1/#") == GRANTED_QOS_1
        station.publish(FOREIGN, b"forged")
        station.publish(OWN, b"own")
        message = collector.next_message()
        assert (message.topic, message.payload) == (OWN, b"own")


def test_many_and_large_messages_are_received_and_confirmed_over_tls(broker: SecuredBroker) -> None:
    settings = CollectorSettings(
        mqtt_url=f"mqtts://collector@127.0.0.1:{broker.port}",
        mqtt_ca=broker.authority,
        mqtt_password=broker.password("collector"),
        mqtt_client_id="bulk",
        mqtt_share="bulk",
        mqtt_receive_maximum=100,
    )
    sent = [b"%d" % number + bytes(size) for number, size in enumerate([10] * 1_500 + [1 << 20, 70_000] + [300] * 500)]
    subscriber, found = Subscriber(settings), list[bytes]()
    subscriber.start()
    assert subscriber.is_subscribed.wait(WAIT_S)
    with session(broker, "ln-sy-01") as station:
        for payload in sent:
            station.publish(OWN, payload)
        while (batch := subscriber.receive(2.0)) is not None:
            found += [message.payload for message in batch.messages]
            subscriber.acknowledge(batch)
    subscriber.close()
    assert found == sent


def test_two_collectors_share_the_messages_without_a_double(broker: SecuredBroker) -> None:
    with (
        session(broker, "collector") as one,
        session(broker, "collector") as two,
        session(broker, "ln-fs-01") as station,
    ):
        for collector in (one, two):
            collector.subscribe("$share/pair/obs/v1/#")
        for number in range(20):
            station.publish(FOREIGN, str(number).encode())
        received = _drain(one.messages, two.messages, count=20)
        assert sorted(received) == list(range(20))


def test_station_does_not_hear_another_station(broker: SecuredBroker) -> None:
    with session(broker, "ln-fs-01") as listener, session(broker, "ln-sy-01") as station:
        listener.subscribe("obs/v1/#")
        listener.subscribe("cmd/v1/#")
        station.publish(OWN)
        with session(broker, "console") as console:
            console.publish("cmd/v1/ln-sy-01/check")
            console.publish("cmd/v1/ln-fs-01/check")
        # its own command arrives, sent last; had it been allowed, what was sent before would have come first
        assert listener.next_message().topic == "cmd/v1/ln-fs-01/check"


def test_collector_publishes_no_observation(broker: SecuredBroker) -> None:
    with session(broker, "collector") as collector:
        assert collector.publish(OWN) == NOT_AUTHORIZED


@pytest.mark.parametrize(
    ("topic", "is_allowed"),
    [
        ("obs/v1/gas/ln-sy-01/gas1/hj212", True),
        (OWN, True),
        ("obs/v1/gas/ln-sy-01/gas1/csv", False),
        ("cmd/v1/ln-sy-01/gas1", False),
    ],
)
def test_gateway_publishes_for_every_station_in_its_formats_only(
    broker: SecuredBroker, topic: str, *, is_allowed: bool
) -> None:
    with session(broker, "gateway") as gateway:
        assert (gateway.publish(topic) != NOT_AUTHORIZED) is is_allowed


def test_gateway_receives_requests_and_no_observation(broker: SecuredBroker) -> None:
    with (
        session(broker, "gateway") as gateway,
        session(broker, "collector") as collector,
        session(broker, "ln-sy-01") as station,
    ):
        gateway.subscribe("obs/v1/#")
        gateway.subscribe("cmd/v1/#")
        station.publish(OWN)
        collector.publish("cmd/v1/ln-sy-01/gas1", b"get")
        assert gateway.next_message().payload == b"get"


def test_last_will_under_another_name_is_never_sent(broker: SecuredBroker) -> None:
    with session(broker, "collector") as collector:
        for network in ("gas", "ghg"):
            collector.subscribe(f"status/v1/{network}/#")
        for will in ("status/v1/ghg/ln-fs-01/crds1", "status/v1/gas/ln-sy-01/gas1"):
            Session(broker, "ln-sy-01", will=will).break_off()
        assert collector.next_message().topic == "status/v1/gas/ln-sy-01/gas1"
        with pytest.raises(queue.Empty):
            collector.messages.get(timeout=1)


@pytest.mark.parametrize(("user", "password"), [("ln-sy-01", "wrong"), ("ln-sy-99", "any"), ("", "")])
def test_wrong_password_and_unknown_user_are_refused(broker: SecuredBroker, user: str, password: str) -> None:
    with session(broker, user, password=password) as stranger:
        assert stranger.connected.get(timeout=15) in (BAD_CREDENTIALS, NOT_AUTHORIZED)


def test_certificate_of_another_authority_is_refused_by_the_client(broker: SecuredBroker) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", broker.port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_health_user_reads_the_uptime_only(broker: SecuredBroker) -> None:
    with session(broker, "health") as health:
        health.subscribe("$SYS/broker/uptime")
        assert health.next_message().topic == "$SYS/broker/uptime"
        assert health.publish(OWN) == NOT_AUTHORIZED


def test_renewed_password_counts_after_a_reload() -> None:
    with secured_broker() as broker:
        old = broker.password("ln-sy-01")
        passwords = broker.directory / "config" / "passwords"
        network = ROOT / "deploy" / "network.example.toml"
        arguments = (network, broker.directory / "users", "--passwords", passwords, "--renew", "ln-sy-01")
        run_script("make-credentials.sh", *arguments)
        passwords.chmod(0o644)
        os.kill(broker.pid, signal.SIGHUP)
        _wait_until_refused(broker, old)
        with session(broker, "ln-sy-01") as station:
            assert station.connected.get(timeout=15) == 0


def _wait_until_refused(broker: SecuredBroker, password: str) -> None:
    for _ in range(50):
        with session(broker, "ln-sy-01", password=password) as station:
            if station.connected.get(timeout=15) != 0:
                return
    pytest.fail("the old password still opens the broker")


def _drain(*queues: queue.Queue, count: int) -> list[int]:
    received: list[int] = []
    for _ in range(count * 40):
        for item in queues:
            try:
                received.append(int(item.get(timeout=0.05).payload))
            except queue.Empty:
                continue
        if len(received) >= count:
            break
    return received


def test_collector_asks_a_station_and_no_other_station_receives_it(broker: SecuredBroker) -> None:
    with (
        session(broker, "collector") as collector,
        session(broker, "ln-sy-01") as station,
        session(broker, "ln-fs-01") as other,
    ):
        assert station.subscribe("cmd/v1/ln-sy-01/#") == GRANTED_QOS_1
        other.subscribe("cmd/v1/#")
        assert collector.publish("cmd/v1/ln-sy-01/gas1", b"get") == 0
        assert station.next_message().payload == b"get"
        with pytest.raises(queue.Empty):
            other.messages.get(timeout=0.5)
