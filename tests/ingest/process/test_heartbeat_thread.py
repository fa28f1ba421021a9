"""Processes store that they are there; those that reach no database say it by way of the broker."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from paho.mqtt.client import MQTTMessageInfo

from ingest.mqtt import HeartbeatListener, HeartbeatSender, Publisher
from ingest.process.heartbeat import Heartbeat
from ingest.process.heartbeat_thread import HeartbeatThread, note_heartbeat
from ingest.process.settings import Broker
from store.error import StateError
from store.state import ProcessState, StateStore
from store.state.process import ProcessStore
from tests.ingest.conftest import Collector, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from store.settings import SharedSettings
    from store.state import Process

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)


@pytest.fixture
def gateway(mqtt_url: str) -> Iterator[str]:
    """Name of a gateway whose last words are taken from the broker in the end."""
    name = f"gw-{uuid.uuid4().hex[:8]}"
    yield name
    with Publisher(Broker(mqtt_url=mqtt_url), f"{name}-clean") as publisher:
        publisher._client.publish(f"status/v1/ops/gateway/{name}", b"", qos=1, retain=True).wait_for_publish(5)


def row(state: StateStore, name: str) -> Process | None:
    return next((item for item in state.processes.list() if item.name == name), None)


def beat(**changed: object) -> Heartbeat:
    made = Heartbeat(name="gateway/a", host="h", pid=1, started_at=NOW, beat_at=NOW, every_s=15.0)
    return msgspec.structs.replace(made, **changed)


class Told:
    """A gateway that beats; twice a second, so that a beat is not too old before a busy machine has noted it."""

    def __init__(self, mqtt_url: str, name: str, complaints: list[str]) -> None:
        words: list[Callable[[], str]] = [lambda: complaints[-1]]
        self.sender = HeartbeatSender(Broker(mqtt_url=mqtt_url), name, words, every_s=0.5)
        self.thread = threading.Thread(target=self.sender.run)

    def __enter__(self) -> None:
        self.sender.__enter__()
        self.thread.start()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.sender.__exit__(kind, None if kind is None else kind(), None)
        self.thread.join()


def test_a_collector_stores_the_beats_of_a_gateway(
    mqtt_url: str, state: StateStore, gateway: str, collector: Collector
) -> None:
    with Told(mqtt_url, gateway, [""]):
        wait_for(lambda: row(state, f"gateway/{gateway}") is not None, "the gateway")


@pytest.fixture
def heartbeats(mqtt_url: str, gateway: str, settings: SharedSettings) -> Iterator[None]:
    """What a collector does with the beats of others, at a quicker pace."""
    listener = HeartbeatListener(Broker(mqtt_url=mqtt_url), f"{gateway}-hears")
    with listener, HeartbeatThread("collector/a", settings.state_url, [], others=listener.take, every_s=0.1):
        yield


def test_a_gateway_is_known_complains_and_is_forgotten_at_its_orderly_end(
    mqtt_url: str, state: StateStore, gateway: str, heartbeats: None
) -> None:
    complaints, name = [""], f"gateway/{gateway}"
    with Told(mqtt_url, gateway, complaints):
        wait_for(lambda: row(state, name) is not None, "the gateway")
        complaints.append("nothing is published for 3 min")
        wait_for(lambda: getattr(row(state, name), "complaint", "") != "", "its complaint")
        found = row(state, name)
        assert found is not None
        assert found.state(found.beat_at) is ProcessState.FAILING  # by now its beat may be old on a busy machine
    wait_for(lambda: row(state, name) is None, "its end")


def test_no_beat_follows_the_end_of_a_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    is_late, may_go_on, sent = threading.Event(), threading.Event(), list[Heartbeat]()

    def busy() -> str:
        if threading.current_thread() is not threading.main_thread():
            is_late.set()
            assert may_go_on.wait(60)
        return ""

    def publish(_topic: str, payload: bytes, **_: object) -> MQTTMessageInfo:
        sent.append(msgspec.json.decode(payload, type=Heartbeat))
        info = MQTTMessageInfo(1)
        info._set_as_published()
        return info

    sender = HeartbeatSender(Broker(), "gw", [busy], every_s=0.01)
    monkeypatch.setattr(sender._client, "is_connected", lambda: True)
    monkeypatch.setattr(sender._client, "publish", publish)
    thread = threading.Thread(target=sender.run)
    thread.start()
    assert is_late.wait(60)
    sender.close()
    may_go_on.set()
    thread.join()
    assert [item.is_end for item in sent] == [True]


def test_a_gateway_that_ends_unasked_stays_known(mqtt_url: str, gateway: str) -> None:
    with HeartbeatListener(Broker(mqtt_url=mqtt_url), f"{gateway}-hears") as listener:
        taken: list[Heartbeat] = []

        def mine() -> list[Heartbeat]:
            taken.extend(item for item in listener.take() if item.name == f"gateway/{gateway}")
            return taken

        def beat_and_fail() -> None:
            with Told(mqtt_url, gateway, [""]):
                wait_for(lambda: bool(mine()), "a beat")
                raise ArithmeticError

        with pytest.raises(ArithmeticError):
            beat_and_fail()
        assert not any(item.is_end for item in mine())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"\xff":1}',
        msgspec.json.encode(beat(every_s=1e300)),
        msgspec.json.encode(beat(pid=1 << 40)),
        msgspec.json.encode(beat(complaint="x" * 2_000)),
        msgspec.json.encode(beat()).replace(b"Z", b""),
    ],
)
def test_a_beat_that_cannot_be_one_is_passed_over(mqtt_url: str, gateway: str, content: bytes) -> None:
    sound = msgspec.json.encode(beat(beat_at=NOW + timedelta(days=9_999), name="collector/somebody-else"))
    with (
        HeartbeatListener(Broker(mqtt_url=mqtt_url), f"{gateway}-hears") as listener,
        Publisher(Broker(mqtt_url=mqtt_url), f"{gateway}-says") as publisher,
    ):
        wait_for(listener._client.is_connected, "the listener")
        taken: list[Heartbeat] = []

        def is_heard() -> bool:
            for payload in (content, sound):
                publisher.publish(f"status/v1/ops/gateway/{gateway}", payload)
            publisher.flush()
            taken.extend(item for item in listener.take() if gateway in item.name)
            return bool(taken)

        wait_for(is_heard, "the sound beat")
    # neither another's name nor a time to come is believed
    assert {item.name for item in taken} == {f"gateway/{gateway}"}
    assert all(item.beat_at < datetime.now(UTC) for item in taken)


def test_the_last_report_of_a_process_that_was_never_seen_is_no_process(state: StateStore) -> None:
    old = beat(beat_at=NOW - timedelta(hours=1))
    note_heartbeat(state, old)
    assert row(state, old.name) is None
    note_heartbeat(state, beat(beat_at=datetime.now(UTC)))
    note_heartbeat(state, old)
    found = row(state, old.name)
    assert found is not None
    assert found.state(NOW) is ProcessState.GONE
    note_heartbeat(state, beat(is_end=True))
    assert row(state, old.name) is None


def test_an_end_by_an_exception_is_reported_and_an_orderly_one_is_not(state: StateStore, settings: object) -> None:
    url = settings.state_url  # type: ignore[attr-defined]  # SharedSettings
    with HeartbeatThread("watch/told", url, [], every_s=0.1):
        wait_for(lambda: row(state, "watch/told") is not None, "a beat")
    assert row(state, "watch/told") is None

    def beat_and_fail() -> None:
        with HeartbeatThread("watch/failed", url, [], every_s=0.1):
            wait_for(lambda: row(state, "watch/failed") is not None, "a beat")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        beat_and_fail()
    assert row(state, "watch/failed") is not None
    with HeartbeatThread("watch/failed", url, [], every_s=0.1):
        wait_for(lambda: getattr(row(state, "watch/failed"), "restarts", 0) == 1, "the counted restart")


def test_a_beat_of_another_that_cannot_be_noted_costs_that_one(
    state: StateStore, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ProcessStore.note

    def note(store: ProcessStore, item: Process, *, only_known: bool = False) -> None:
        if item.name == "gateway/poison":
            msg = "locked"
            raise StateError(msg)
        original(store, item, only_known=only_known)

    monkeypatch.setattr(ProcessStore, "note", note)
    beats = [beat(name="gateway/poison"), beat(name="gateway/sound", beat_at=datetime.now(UTC))]
    with HeartbeatThread("watch/a", settings.state_url, [], others=lambda: beats, every_s=0.1):  # type: ignore[attr-defined]
        wait_for(lambda: row(state, "gateway/sound") is not None, "the sound one")


def test_two_processes_of_one_name_that_beat_in_turn_count_no_restarts(state: StateStore) -> None:
    now = datetime.now(UTC)
    first = beat(name="gateway/twice", started_at=now - timedelta(seconds=9), beat_at=now)
    later = msgspec.structs.replace(first, pid=2, started_at=now - timedelta(seconds=4))
    for said in (first, later, first, later, first):
        note_heartbeat(state, said)
    found = row(state, "gateway/twice")
    assert found is not None
    assert (found.restarts, found.started_at) == (1, later.started_at)
