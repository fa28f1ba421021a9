from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.intake import intake
from ingest.metrics import Metrics
from ingest.mqtt import Subscriber
from ingest.pipeline import Drain
from ingest.report import DrainReport
from ingest.writer import Writer
from schemas.message import RawMessage
from store.rawlog import BEGINNING, RawLog
from tests.ingest.conftest import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.settings import CollectorSettings
    from store.influx import InfluxStore
    from store.state import StateStore

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


def test_the_lag_is_said_to_be_nothing_when_all_is_drained(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore
) -> None:
    log, stop, heard = RawLog(collector_settings.rawlog_dir), threading.Event(), list[DrainReport]()
    settings = collector_settings.model_copy(update={"drain_batch": 5})
    work = Drain(settings, log, writer=Writer(store, stop), state=state, stop=stop)
    now = datetime.now(UTC)
    log.append([RawMessage("obs/v1/gas/st-1/gas1/json", b"{", now) for _ in range(10)])

    def hear(report: DrainReport) -> None:
        heard.append(report)
        if heard[-1].messages == 0:
            stop.set()

    worker = threading.Thread(target=work.run, args=(hear,))
    worker.start()
    worker.join(10)
    stop.set()
    worker.join()
    log.close()
    assert [report.lag for report in heard] == [5, None, 0]
