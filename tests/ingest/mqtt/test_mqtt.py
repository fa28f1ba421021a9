from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from console.local.settings import free_ports
from ingest.mqtt import Batch, Publisher, Subscriber
from ingest.process.error import BrokerError
from ingest.process.settings import Broker
from tests.ingest.conftest import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.mqtt.inbox import Received
    from ingest.process.settings import CollectorSettings

pytestmark = pytest.mark.integration
TOPIC = "obs/v1/voc/st-1/gc1/json"


@pytest.fixture
def own(collector_settings: CollectorSettings) -> CollectorSettings:
    """Settings that see only this test's messages."""
    return collector_settings.model_copy(update={"mqtt_topic": f"obs/v1/voc/{uuid.uuid4().hex[:12]}/+/json"})


@pytest.fixture
def subscriber(own: CollectorSettings) -> Iterator[Subscriber]:
    made = connected(own)
    yield made
    made.close()


def connected(settings: CollectorSettings) -> Subscriber:
    made = Subscriber(settings)
    made.start()
    wait_for(made.is_subscribed.is_set, "the subscription")
    return made


def topic_of(settings: CollectorSettings) -> str:
    return settings.mqtt_topic.replace("+", "gc1")


def received(subscriber: Subscriber, count: int) -> list[Batch]:
    batches: list[Batch] = []
    wait_for(lambda: _collect(subscriber, batches) >= count, f"{count} messages", 20)
    return batches


def _collect(subscriber: Subscriber, batches: list[Batch]) -> int:
    batch = subscriber.receive(0.2)
    if batch is not None:
        batches.append(batch)
    return sum(len(item.messages) for item in batches)


def test_unacknowledged_messages_come_again_marked(
    subscriber: Subscriber, own: CollectorSettings, publisher: Publisher
) -> None:
    publisher.publish(topic_of(own), b"1")
    publisher.flush()
    assert not received(subscriber, 1)[0].messages[0].redelivered
    subscriber.close()
    again = connected(own)
    batch = received(again, 1)[0]
    assert batch.messages[0].redelivered
    again.acknowledge(batch)
    again.close()


def test_acknowledged_messages_do_not_come_again(
    subscriber: Subscriber, own: CollectorSettings, publisher: Publisher
) -> None:
    for number in range(50):
        publisher.publish(topic_of(own), str(number).encode())
    publisher.flush()
    batches = received(subscriber, 50)
    assert [item.payload for batch in batches for item in batch.messages] == [str(n).encode() for n in range(50)]
    for batch in batches:
        subscriber.acknowledge(batch)
    subscriber.close()
    again = connected(own)
    assert again.receive(1.0) is None
    again.close()


def test_a_retained_message_comes_once_a_session_and_not_at_each_connection(own: CollectorSettings) -> None:
    topic = topic_of(own)
    with Publisher(Broker(mqtt_url=own.mqtt_url), f"retainer-{uuid.uuid4().hex[:8]}") as publisher:
        publisher.publish(topic, b"kept", retain=True)
        publisher.flush()
        first = connected(own)
        (batch,) = received(first, 1)
        first.acknowledge(batch)
        first.close()
        again = connected(own)
        publisher.publish(topic, b"new")
        (batch,) = received(again, 1)
        assert [item.payload for item in batch.messages] == [b"new"]
        again.close()
        publisher.publish(topic, b"", retain=True)
        publisher.flush()


def test_a_message_that_makes_the_intake_raise_is_not_confirmed_and_the_next_ones_are_taken(
    subscriber: Subscriber, own: CollectorSettings, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = subscriber._inbox.put

    def put(item: Received | None) -> None:
        if item is not None and item.message.payload == b"poison":
            raise ArithmeticError
        original(item)

    monkeypatch.setattr(subscriber._inbox, "put", put)
    for payload in (b"a", b"poison", b"b"):
        publisher.publish(topic_of(own), payload)
    publisher.flush()
    batches = received(subscriber, 2)
    assert [item.payload for batch in batches for item in batch.messages] == [b"a", b"b"]
    for batch in batches:
        subscriber.acknowledge(batch)
    subscriber.close()
    again = connected(own)
    assert [item.payload for item in received(again, 1)[0].messages] == [b"poison"]
    again.close()


def test_more_messages_than_the_window_are_all_confirmed(own: CollectorSettings, subscriber: Subscriber) -> None:
    with Publisher(Broker(mqtt_url=own.mqtt_url), f"station-{uuid.uuid4().hex[:8]}", window=10) as publisher:
        for number in range(500):
            publisher.publish(topic_of(own), str(number).encode())
        sent = publisher.flush()
    assert (sent.published, sent.acknowledged, sent.refused, sent.unheard) == (500, 500, 0, 0)


def test_messages_without_a_subscriber_are_reported(publisher: Publisher) -> None:
    publisher.publish(f"unheard/{uuid.uuid4().hex}", b"")
    assert publisher.flush().unheard == 1


def test_absent_broker_is_named() -> None:
    url = f"mqtt://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(BrokerError, match=url), Publisher(Broker(mqtt_url=url), "station-1"):
        pass
