from __future__ import annotations

import inspect
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ingest.collector.drain_loop import Drain
from ingest.collector.intake import intake
from ingest.mqtt import Subscriber
from ingest.pipeline import Pipeline
from ingest.process.metrics import CollectorMetrics
from ingest.process.report import DrainReport
from ingest.writer import Writer
from schemas.message import RawMessage
from schemas.network import Instrument, Network, Station
from sensors.network_file import network_toml
from store.rawlog import BEGINNING, RawLog
from store.state import Clock, FindingKind
from tests.ingest.conftest import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
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


@contextmanager
def stalled(
    settings: CollectorSettings, publisher: Publisher, log: RawLog, messages: int
) -> Iterator[CollectorMetrics]:
    """An intake that a full disk has stopped, with messages that wait at the broker; it ends with the block."""
    stop, metrics, subscriber = threading.Event(), CollectorMetrics(), Subscriber(settings)
    subscriber.start()
    wait_for(subscriber.is_subscribed.is_set, "the subscription")
    worker = threading.Thread(target=intake, args=(subscriber, log, metrics, stop))
    worker.start()
    for number in range(messages):
        publisher.publish(settings.mqtt_topic, str(number).encode())
    publisher.flush()
    wait_for(lambda: metrics.registry.get_sample_value("ingest_intake_stalled") == 1, "the stall")
    yield metrics
    stop.set()
    worker.join(10)
    subscriber.close()
    log.close()


@pytest.fixture
def own_topic(collector_settings: CollectorSettings) -> CollectorSettings:
    topic = f"obs/v1/voc/{uuid.uuid4().hex[:12]}/gc1/json"
    return collector_settings.model_copy(update={"mqtt_topic": topic})


def test_nearly_full_disk_stops_acknowledging_and_resumes_by_itself(
    own_topic: CollectorSettings, publisher: Publisher, tmp_path: Path
) -> None:
    free = [0]
    log = RawLog(tmp_path / "raw", reserve_bytes=1_000, free=lambda _: free[0])
    with stalled(own_topic, publisher, log, 30) as metrics:
        assert log.count_after(BEGINNING) == 0
        free[0] = 1_000_000
        wait_for(lambda: log.count_after(BEGINNING) == 30, "the room to be used")
        wait_for(lambda: metrics.registry.get_sample_value("ingest_intake_stalled") == 0, "the end of the stall")
    assert unacknowledged(own_topic) == 0


def test_stopped_while_the_disk_is_full_the_broker_keeps_everything(
    own_topic: CollectorSettings, publisher: Publisher, tmp_path: Path
) -> None:
    with stalled(own_topic, publisher, RawLog(tmp_path / "raw", reserve_bytes=1_000, free=lambda _: 0), 10):
        pass
    assert unacknowledged(own_topic) == 10


def test_the_lag_is_zero_when_all_is_drained(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore
) -> None:
    log, stop, heard = RawLog(collector_settings.rawlog_dir), threading.Event(), list[DrainReport]()
    settings = collector_settings.model_copy(update={"drain_batch": 5})
    work = Drain(Pipeline(settings, log, writer=Writer(store, stop), state=state))
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


#: Parts of a drain that threads may share.
SHARED = {"settings", "log", "writer", "state", "_settings", "_stop", "caught", "path"}


class Watched:
    """A part of a drain that notes which threads call or read it."""

    def __init__(self, part: Any) -> None:
        self.part = part
        self.threads: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.part, name)
        return self.called(found) if callable(found) else self.touched(found)

    def __call__(self, *args: object) -> object:
        return self.called(self.part)(*args)

    def touched(self, found: object) -> object:
        self.threads.add(threading.get_ident())
        return found

    def called(self, found: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            self.touched(found)
            return found(*args)

        return call


def watch(holder: object, name: str) -> Watched:
    """Put a part of a drain under watch."""
    watched = Watched(getattr(holder, name))
    setattr(holder, name, watched)
    return watched


def test_with_two_thousand_stations_every_part_of_the_drain_has_one_thread(
    collector_settings: CollectorSettings, store: InfluxStore, state: StateStore, tmp_path: Path
) -> None:
    gas1 = Instrument(id="gas1", network="gas", cadence_s=60, parameters=("so2",))
    network = Network(
        zone="Asia/Shanghai",
        station_list=tuple(Station(id=f"s-{number}", instruments=(gas1,)) for number in range(2_000)),
    )
    path = tmp_path / "many.toml"
    path.write_text(network_toml(network))
    settings = collector_settings.model_copy(update={"network": path, "drain_batch": 100, "drain_live_after_s": 0.0})
    now = datetime.now(UTC).replace(microsecond=0)
    # each clock is ahead, then right: every batch has something urgent to report
    messages = [
        RawMessage(
            f"obs/v1/gas/s-{number}/gas1/json",
            msgspec.json.encode({"start": now + wrong, "values": {"so2": 1.0}, "seq": step}),
            now + timedelta(milliseconds=step),
        )
        for step, wrong in enumerate((timedelta(hours=1), timedelta(0)))
        for number in range(2_000)
    ]
    log, stop, reports = RawLog(settings.rawlog_dir), threading.Event(), list[DrainReport]()
    log.append(messages)
    work = Drain(Pipeline(settings, log, writer=Writer(store, stop), state=state))
    watched = {
        name: watch(holder, name)
        for holder in (work, work.path)
        for name, part in list(vars(holder).items())
        if name not in SHARED and hasattr(part, "__dict__") and not inspect.ismethod(part)
    }

    def hear(report: DrainReport) -> None:
        reports.append(report)
        if sum(item.messages for item in reports) == len(messages):
            stop.set()

    work.run(hear)
    log.close()
    assert sum(item.readings for item in reports) == 2_000
    assert [item.clock for item in state.instruments.list()] == [Clock.RIGHT] * 2_000
    assert state.findings.list(kind=FindingKind.CLOCK) == []
    assert {"_clock", "cursors", "_disk", "_steps", "overwrites", "bookkeeping"} <= set(watched)
    assert {name: len(item.threads) for name, item in watched.items()} == dict.fromkeys(watched, 1)
