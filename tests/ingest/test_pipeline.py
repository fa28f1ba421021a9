from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest

from ingest.metrics import Metrics
from ingest.mqtt import Subscriber
from ingest.pipeline import intake
from store.rawlog import BEGINNING, RawLog
from tests.ingest.conftest import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.settings import CollectorSettings

pytestmark = pytest.mark.integration


def unacknowledged(settings: CollectorSettings) -> int:
    """What the broker delivers again to the session of a collector that has gone."""
    subscriber = Subscriber(settings)
    subscriber.start()
    wait_for(subscriber.is_subscribed.is_set, "the subscription")
    batch = subscriber.receive(1.0)
    subscriber.close()
    return len(batch.messages) if batch else 0


def test_nearly_full_disk_stops_acknowledging_and_resumes_by_itself(
    collector_settings: CollectorSettings, publisher: Publisher, tmp_path: Path
) -> None:
    own = f"obs/v1/voc/{uuid.uuid4().hex[:12]}/gc1/json"
    settings = collector_settings.model_copy(update={"mqtt_topic": own})
    free, stop, metrics = [0], threading.Event(), Metrics()
    log = RawLog(tmp_path / "raw", reserve_bytes=1_000, free=lambda _: free[0])
    subscriber = Subscriber(settings)
    subscriber.start()
    wait_for(subscriber.is_subscribed.is_set, "the subscription")
    worker = threading.Thread(target=intake, args=(subscriber, log, metrics, stop))
    worker.start()
    for number in range(30):
        publisher.publish(own, str(number).encode())
    publisher.flush()
    wait_for(lambda: metrics.registry.get_sample_value("ingest_intake_stalled") == 1, "the stall")
    assert log.count_after(BEGINNING) == 0
    free[0] = 1_000_000
    wait_for(lambda: log.count_after(BEGINNING) == 30, "the room to be used")
    wait_for(lambda: metrics.registry.get_sample_value("ingest_intake_stalled") == 0, "the end of the stall")
    stop.set()
    worker.join(10)
    subscriber.close()
    log.close()
    assert unacknowledged(settings) == 0


def test_stopped_while_the_disk_is_full_the_broker_keeps_everything(
    collector_settings: CollectorSettings, publisher: Publisher, tmp_path: Path
) -> None:
    own = f"obs/v1/voc/{uuid.uuid4().hex[:12]}/gc1/json"
    settings = collector_settings.model_copy(update={"mqtt_topic": own})
    stop, metrics = threading.Event(), Metrics()
    log = RawLog(tmp_path / "raw", reserve_bytes=1_000, free=lambda _: 0)
    subscriber = Subscriber(settings)
    subscriber.start()
    wait_for(subscriber.is_subscribed.is_set, "the subscription")
    worker = threading.Thread(target=intake, args=(subscriber, log, metrics, stop))
    worker.start()
    for number in range(10):
        publisher.publish(own, str(number).encode())
    publisher.flush()
    wait_for(lambda: metrics.registry.get_sample_value("ingest_intake_stalled") == 1, "the stall")
    stop.set()
    worker.join(10)
    subscriber.close()
    log.close()
    assert unacknowledged(settings) == 10
