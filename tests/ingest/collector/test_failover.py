"""Collectors that share one subscription, each with a session and a raw log of its own."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
import structlog
from paho.mqtt.client import MQTTMessage, MQTTMessageInfo

from ingest.collector.failover import Failover, TakeOver
from ingest.mqtt import Announcer, Member, Publisher
from ingest.mqtt.announcer import member_topic
from ingest.process.metrics import CollectorMetrics
from ingest.process.settings import Broker
from store.rawlog import BEGINNING, RawLog
from tests import servers
from tests.ingest.conftest import Collector, payload, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
ARCHIVE = "obs/v1/voc/archive/gc1/json"
START = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[servers.Server]:
    """A broker that this test may restart."""
    with servers.running(servers.mosquitto(tmp_path / "mosquitto")) as server:
        yield server


@pytest.fixture
def pair(
    collector_settings: CollectorSettings, broker: servers.Server, tmp_path: Path
) -> Iterator[tuple[Collector, Collector]]:
    group = f"g{uuid.uuid4().hex[:8]}"
    made = []
    for name in ("a", "b"):
        settings = collector_settings.model_copy(
            update={
                "run_dir": tmp_path / name,
                "mqtt_url": broker.url,
                "mqtt_client_id": f"{group}-{name}",
                "mqtt_share": group,
                "mqtt_cover_after_s": 1.0,
            }
        )
        settings.run_dir.mkdir()
        made.append(Collector(settings, tmp_path / f"{name}.log"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(Collector.start, made))
    yield made[0], made[1]
    for collector in made:
        if collector.is_alive():
            collector.stop()


def publish(url: str, first: int, count: int) -> None:
    with Publisher(Broker(mqtt_url=url), f"station-{uuid.uuid4().hex[:12]}") as publisher:
        for number in range(first, first + count):
            content = payload(START + timedelta(minutes=number), {"benzene": float(number)}, seq=number)
            publisher.publish(ARCHIVE, content)
        sent = publisher.flush()
    assert (sent.acknowledged, sent.unheard) == (count, 0)


def stored(store: InfluxStore) -> int:
    return store.count_values("voc", START, START + timedelta(days=365))


def kept(collector: Collector) -> int:
    log = RawLog(collector.settings.rawlog_dir)
    try:
        return log.count_after(BEGINNING)
    finally:
        log.close()


def says(collector: Collector, event: str) -> bool:
    return f'"event": "{event}"' in collector.log.read_text()


def test_both_share_the_load(pair: tuple[Collector, Collector], broker: servers.Server, store: InfluxStore) -> None:
    publish(broker.url, 0, 1_000)
    wait_for(lambda: stored(store) == 1_000, "all values")
    assert sum(map(kept, pair)) == 1_000
    assert min(map(kept, pair)) >= 300


@pytest.mark.parametrize("payload", [b"{", b'{"by":"\xff"}', b'{"x":' + b"[" * 100_000])
def test_an_unreadable_announcement_is_logged_and_changes_nothing(
    collector_settings: CollectorSettings, payload: bytes
) -> None:
    heard: list[str] = []
    announcer = Announcer(collector_settings, lambda client_id, _: heard.append(client_id))
    message = MQTTMessage(topic=member_topic("other").encode())
    message.payload = payload
    with structlog.testing.capture_logs() as lines:
        announcer._arrived(announcer._client, None, message)
    assert ([line["event"] for line in lines], heard) == (["announcement_unreadable"], [])


def test_no_announcement_follows_the_leave_of_a_member(
    collector_settings: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcer, said = Announcer(collector_settings, lambda *_: None), list[str]()

    def publish(_topic: str, payload: bytes, **_: object) -> MQTTMessageInfo:
        said.append(msgspec.json.decode(payload, type=Member).state)
        info = MQTTMessageInfo(1)
        info._set_as_published()
        return info

    monkeypatch.setattr(announcer._client, "is_connected", lambda: True)
    monkeypatch.setattr(announcer._client, "publish", publish)
    announcer.announce()
    announcer.close()
    announcer.announce()  # the session of the collector came back meanwhile, which its own thread announces
    assert said == ["online", "offline"]


def test_only_what_neither_was_handed_is_a_gap(
    pair: tuple[Collector, Collector], broker: servers.Server, store: InfluxStore, state: StateStore
) -> None:
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=2)
    with Publisher(Broker(mqtt_url=broker.url), f"station-{uuid.uuid4().hex[:12]}") as publisher:
        for number in range(100):
            start = first + timedelta(minutes=number)
            body = {"start": start, "end": start + timedelta(minutes=1), "values": {"so2": 1.0}, "seq": number}
            if number != 50:
                publisher.publish("obs/v1/gas/st-1/gas1/json", msgspec.json.encode(body))
        publisher.flush()
    wait_for(lambda: len(state.gaps.list()) == 1, "the gap")
    wait_for(lambda: store.count_values("gas", first, first + timedelta(hours=2)) == 99, "all values")
    time.sleep(3.0)  # the other one's suspicions have been looked at, too
    assert min(map(kept, pair)) > 10
    assert [(gap.start, gap.missing) for gap in state.gaps.list()] == [(first + timedelta(minutes=50), 1)]


def test_the_other_takes_over_when_one_dies_and_gives_back_when_it_returns(
    pair: tuple[Collector, Collector], broker: servers.Server, store: InfluxStore
) -> None:
    pair[1].stop(signal.SIGKILL)
    publish(broker.url, 0, 600)
    wait_for(lambda: stored(store) == 600, "what was queued for the dead one")
    publish(broker.url, 600, 400)
    wait_for(lambda: stored(store) == 1_000, "what came while it was stood in for")
    assert (kept(pair[0]), kept(pair[1])) == (1_000, 0)
    pair[1].start()
    wait_for(lambda: says(pair[0], "cover_ended"), "the return of the session")
    publish(broker.url, 1_000, 400)
    wait_for(lambda: stored(store) == 1_400, "all values")
    assert kept(pair[1]) >= 100
    assert not says(pair[1], "cover_started")


def test_cover_outlives_a_restart_of_the_broker(
    pair: tuple[Collector, Collector], broker: servers.Server, store: InfluxStore
) -> None:
    pair[0].stop(signal.SIGKILL)
    wait_for(lambda: says(pair[1], "cover_started"), "the stand-in")
    broker.stop()
    broker.start()
    # mosquitto 2.0.11 does not restore shared subscriptions from its file: no message is delivered until a member is back
    wait_for(lambda: pair[1].log.read_text().count('"event": "subscribed"') == 2, "the new subscription")
    publish(broker.url, 0, 400)
    wait_for(lambda: stored(store) == 400, "all values")
    assert kept(pair[1]) == 400


@pytest.mark.parametrize("step", ["__init__", "start", "is_over"])
def test_a_member_that_makes_the_cover_raise_costs_no_other_one(
    collector_settings: CollectorSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    original, errors, stood_for = getattr(TakeOver, step), list[str](), list[str]()
    names: dict[int, str] = {}

    def init(made: TakeOver, *arguments: object) -> None:
        names[id(made)] = str(arguments[1])
        make(made, *arguments)
        stood_for.append(str(arguments[1]))

    def broken(made: TakeOver, *arguments: object) -> object:
        name = str(arguments[1]) if arguments else names[id(made)]
        if name == "poison":
            errors.append(name)
            raise ArithmeticError
        return init(made, *arguments) if step == "__init__" else original(made)

    make = TakeOver.__init__
    monkeypatch.setattr(TakeOver, "__init__", init)
    monkeypatch.setattr(TakeOver, step, broken)
    monkeypatch.setattr("ingest.collector.failover._CONNECT_S", 0.5)
    settings = collector_settings.model_copy(update={"mqtt_share": "guard", "mqtt_cover_after_s": 0.1})
    log = RawLog(tmp_path / "log")
    cover = Failover(settings, log, CollectorMetrics())
    cover.start()
    for name in ("poison", "sound"):
        cover._member_changed(name, Member("offline", name, settings.subscription))
    wait_for(lambda: "sound" in stood_for and (bool(errors) or step == "is_over"), "both attempts", 30)
    assert cover.complaint() == ""
    cover.close()
    log.close()
    assert not [item for item in threading.enumerate() if item.name.startswith("cover")]
