"""What ends unasked is started again after growing pauses, counted, complained about, and well again when it runs."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from paho.mqtt.client import Client

import ingest.process.supervise
from ingest.collector.child import Child, Patience
from ingest.mqtt import Publisher, Subscriber
from ingest.mqtt.client import new_client
from ingest.process.settings import Broker, CollectorSettings
from ingest.process.supervise import PATIENCE, PAUSE_FIRST_S, PAUSE_MAX_S, Restarts, Worker
from schemas.words import sentences
from store.state import ProcessState, StateStore
from tests.ingest.conftest import Collector, wait_for
from tests.ingest.process.work import cannot_begin, die, die_four_times, hang, starts, work

if TYPE_CHECKING:
    from ingest.process.report import DrainReport
    from store.state import Process


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.process.supervise, "PAUSE_FIRST_S", 0.05)


@pytest.fixture
def own(tmp_path: Path) -> CollectorSettings:
    return CollectorSettings(run_dir=tmp_path)


def test_pauses_double_up_to_a_bound() -> None:
    restarts = Restarts("drain")
    pauses = [restarts.ended("killed") for _ in range(40)]
    assert pauses[:4] == [PAUSE_FIRST_S * factor for factor in (1, 2, 4, 8)]
    assert pauses[-1] == PAUSE_MAX_S


def test_what_runs_for_long_enough_is_well_again_and_begins_with_the_first_pause() -> None:
    restarts = Restarts("drain", steady_s=0.1)
    for times in range(1, PATIENCE + 1):
        assert bool(restarts.complaint()) is (times > PATIENCE)
        restarts.started()
        restarts.ended("killed")
    assert sentences(restarts.complaint(), "en") == f"drain ended {PATIENCE} times in a row, last: killed"
    restarts.started()
    assert restarts.complaint()
    time.sleep(0.15)
    assert not restarts.complaint()
    assert restarts.ended("killed") == PAUSE_FIRST_S


@pytest.mark.slow
def test_a_process_that_dies_is_started_again_until_it_runs(
    own: CollectorSettings, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, complaints, heard = Child("drain", die_four_times, own, Patience(stop_s=10.0)), [], []
    with structlog.testing.capture_logs() as lines:
        child.start()
        child.follow(lambda _: complaints.append(sentences(child.complaint(), "en")), on_report=heard.append)
        wait_for(lambda: bool(heard), "the fifth start")
    assert [line["again_in_s"] for line in lines if line["event"] == "ended_unasked"] == [0.05, 0.1, 0.2, 0.4]
    last = "times in a row, last: ended, exit status 7"
    assert complaints == ["", "", f"drain ended 3 {last}", f"drain ended 4 {last}"]
    assert (child.starts, heard[0].messages) == (5, 5)
    assert sentences(child.complaint(), "en") == complaints[-1]
    monkeypatch.setattr(child._restarts, "_steady_s", 0.0)
    assert not child.complaint()
    child.stop()
    assert (own.run_dir / "ended").exists()
    assert not (own.run_dir / "lost").exists()


@pytest.mark.slow
def test_a_process_that_never_comes_back_is_complained_about_for_as_long(own: CollectorSettings, quick: None) -> None:
    child = Child("drain", die, own, Patience(stop_s=10.0))
    child.start()
    child.follow(lambda _: None)
    wait_for(lambda: child.starts > PATIENCE, "further starts")
    for _ in range(10):
        assert "drain ended" in sentences(child.complaint(), "en")
        time.sleep(0.1)
    child.stop()


def test_signalled_to_stop_in_a_pause_it_ends_at_once(own: CollectorSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.process.supervise, "PAUSE_FIRST_S", 30.0)
    child = Child("drain", die, own, Patience(stop_s=20.0))
    with structlog.testing.capture_logs() as lines:
        child.start()
        child.follow(lambda _: None)
        wait_for(lambda: any(line["event"] == "ended_unasked" for line in lines), "the pause")
    began = time.monotonic()
    child.stop()
    assert time.monotonic() - began < 2.0
    assert starts(own) == 1


@pytest.mark.slow
def test_a_process_that_does_not_end_in_its_time_is_killed(own: CollectorSettings) -> None:
    child = Child("survey", hang, own, Patience(stop_s=1.0))
    child.start()
    child.follow(lambda _: None)
    wait_for(lambda: starts(own) == 1, "the process")
    began = time.monotonic()
    with structlog.testing.capture_logs() as lines:
        child.stop()
    assert time.monotonic() - began < 4.0
    assert [line["worker"] for line in lines if line["event"] == "killed"] == ["survey"]


def test_a_process_distinguishes_an_orderly_end_of_its_parent_from_a_failure(own: CollectorSettings) -> None:
    child = Child("drain", work, own, Patience(stop_s=10.0))
    child.start()
    child.follow(lambda _: None)
    wait_for(lambda: starts(own) == 1, "the process")
    child.stop(is_requested=False)
    assert (own.run_dir / "lost").exists()


def test_a_process_that_cannot_begin_reports_why_and_is_not_restarted(own: CollectorSettings, quick: None) -> None:
    child, failed = Child("drain", cannot_begin, own, Patience(stop_s=5.0)), threading.Event()
    child.start()
    child.follow(lambda _: None, failed=failed.set)
    assert failed.wait(20)
    assert (child.failure, child.starts) == ("no such database", 1)
    child.stop()


def test_a_report_that_cannot_be_counted_does_not_end_the_hearing(own: CollectorSettings, quick: None) -> None:
    child, heard = Child("drain", die, own, Patience(stop_s=10.0)), []

    def count(report: DrainReport) -> None:
        heard.append(report)
        raise ArithmeticError

    child.start()
    child.follow(lambda _: None, on_report=count)
    wait_for(lambda: len(heard) > 1, "a second report")
    child.stop()


def test_a_thread_that_raises_or_returns_is_started_again_and_counted(quick: None) -> None:
    stop, runs, restarted = threading.Event(), [], []

    def run() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise ArithmeticError
        if len(runs) > 3:
            stop.wait()

    worker = Worker("repair", run, stop, restarted.append)
    assert not worker.complaint()
    worker.start()
    wait_for(lambda: len(runs) == 4, "the fourth run")
    assert restarted == ["repair"] * 3
    assert sentences(worker.complaint(), "en") == "repair ended 3 times in a row, last: returned"
    stop.set()
    worker.join(5.0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [SystemExit, MemoryError])
def test_a_thread_that_is_gone_all_the_same_is_complained_about(quick: None, error: type[BaseException]) -> None:
    stop, runs = threading.Event(), []

    def run() -> None:
        runs.append(1)
        raise error

    worker = Worker("repair", run, stop, lambda _: None)
    worker.start()
    wait_for(lambda: bool(worker.complaint()), "the complaint")
    assert "repair" in worker.complaint()
    stop.set()
    worker.join(5.0)


def test_a_thread_stopped_in_a_pause_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.process.supervise, "PAUSE_FIRST_S", 30.0)
    stop, runs = threading.Event(), []
    worker = Worker("repair", lambda: runs.append(1), stop, lambda _: None)
    worker.start()
    wait_for(lambda: bool(runs), "the first run")
    stop.set()
    began = time.monotonic()
    worker.join(10.0)
    assert time.monotonic() - began < 1.0
    assert runs == [1]


@pytest.mark.integration
def test_a_network_thread_that_raises_connects_again(
    mqtt_url: str, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, failures = Client.loop_misc, iter([ValueError("half a packet"), OverflowError()])

    def loop_misc(client: Client) -> object:
        if client is made and client.is_connected() and (error := next(failures, None)):
            raise error
        return original(client)

    connections: list[object] = []
    made = new_client(Broker(mqtt_url=mqtt_url), "supervised", manual_ack=False)
    made.on_connect = lambda *arguments: connections.append(arguments[3])
    monkeypatch.setattr(Client, "loop_misc", loop_misc)
    made.connect_async(Broker(mqtt_url=mqtt_url).mqtt_host, Broker(mqtt_url=mqtt_url).mqtt_port, 30)
    made.loop_start()
    wait_for(lambda: len(connections) == 3, "the third connection")
    assert made.has_thread
    made.disconnect()
    made.loop_stop()
    assert not made.has_thread


@pytest.mark.integration
def test_a_callback_that_raises_costs_its_message(mqtt_url: str) -> None:
    heard: list[bytes] = []

    def take(_client: Client, _userdata: object, message: object) -> None:
        payload = message.payload  # type: ignore[attr-defined]  # paho's message
        if payload == b"poison":
            raise ArithmeticError
        heard.append(payload)

    broker = Broker(mqtt_url=mqtt_url)
    made = new_client(broker, "listens", manual_ack=False)
    subscribed = threading.Event()
    made.on_connect = lambda client, *_: client.subscribe("test/supervise", 1)
    made.on_subscribe = lambda *_: subscribed.set()
    made.on_message = take
    made.connect_async(broker.mqtt_host, broker.mqtt_port, 30)
    made.loop_start()
    assert subscribed.wait(20)
    with Publisher(broker, "speaks") as publisher:
        for word in (b"a", b"poison", b"b"):
            publisher.publish("test/supervise", word)
        publisher.flush()
    wait_for(lambda: heard == [b"a", b"b"], "both sound messages")
    made.disconnect()
    made.loop_stop()


@pytest.mark.slow
def test_a_subscriber_complains_of_a_broker_that_is_away_for_long(
    own: CollectorSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = own.model_copy(update={"mqtt_url": "mqtt://127.0.0.1:1"})
    subscriber = Subscriber(settings)
    assert sentences(subscriber.complaint(), "en") == "MQTT network thread: the thread is gone"
    subscriber.start()
    assert subscriber.complaint() == ""
    monkeypatch.setattr("ingest.mqtt.subscriber._PATIENCE_S", 0.1)
    words = "not connected to mqtt://127.0.0.1:1 for 0 min"
    wait_for(lambda: words in sentences(subscriber.complaint(), "en"), "the complaint")
    subscriber.close()


@pytest.mark.slow
def test_a_broker_that_cannot_be_reached_is_named_with_the_reason_and_an_orderly_end_is_no_error(
    own: CollectorSettings,
) -> None:
    subscriber = Subscriber(own.model_copy(update={"mqtt_url": "mqtt://127.0.0.1:1"}))
    with structlog.testing.capture_logs() as lines:
        subscriber.start()
        wait_for(lambda: bool(lines), "a line")
        subscriber.close()
    assert [(line["event"], line["broker"]) for line in lines] == [("broker_unreachable", "mqtt://127.0.0.1:1")]
    assert "Connection refused" in lines[0]["detail"]


def test_two_of_one_client_id_take_the_session_from_each_other_and_complain(
    own: CollectorSettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.mqtt.subscriber._LOSSES", 3)
    name = f"twice-{uuid.uuid4().hex[:8]}"
    settings = own.model_copy(update={"mqtt_url": mqtt_url, "mqtt_client_id": name})
    both = [Subscriber(settings), Subscriber(settings)]
    for one in both:
        one.start()
    words = f"was lost 3 times within 5 min, last: Unspecified error; does another process use the client id {name}?"
    wait_for(lambda: any(words in sentences(one.complaint(), "en") for one in both), "the complaint")
    for one in both:
        one.close()


class Processes:
    """What the state database says of a collector."""

    def __init__(self, settings: CollectorSettings, state: StateStore) -> None:
        self._name = settings.process_name
        self._state = state

    def now(self) -> Process | None:
        return next((item for item in self._state.processes.list() if item.name == self._name), None)

    def next_drain(self, before: int) -> int:
        """Process id of the drain that follows another one."""
        wait_for(lambda: self.now() is not None and self.pid() != before, "a beat")
        return self.pid()

    def complaint(self) -> str:
        found = self.now()
        return "" if found is None else sentences(found.complaint, "en")

    def pid(self) -> int:
        found = self.now()
        return 0 if found is None else found.pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@pytest.mark.integration
def test_a_drain_that_is_killed_again_and_again_is_counted_and_reported(
    collector: Collector, state: StateStore
) -> None:
    found, drain = Processes(collector.settings, state), 0
    for times in range(PATIENCE + 1):
        drain = found.next_drain(drain)
        process = found.now()
        assert process is not None
        assert process.restarts == times
        if times < PATIENCE:
            kill(drain)
    wait_for(lambda: "drain ended 3 times in a row, last: ended, exit status -9" in found.complaint(), "the complaint")
    began = time.monotonic()
    assert collector.stop() == 0
    assert time.monotonic() - began < 12.0
    assert found.now() is None


@pytest.mark.integration
def test_a_collector_signalled_to_stop_while_its_drain_is_gone_ends_at_once(
    collector: Collector, state: StateStore
) -> None:
    found, drain = Processes(collector.settings, state), 0
    for _ in range(3):
        drain = found.next_drain(drain)
        kill(drain)
    wait_for(lambda: b'"again_in_s": 2.0' in collector.log.read_bytes(), "the third pause")
    began = time.monotonic()
    assert collector.stop() == 0
    assert time.monotonic() - began < 5.0


@pytest.mark.integration
def test_a_collector_whose_terminal_closes_ends_in_order(collector: Collector, state: StateStore) -> None:
    collector.stop()
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and would be in the collector
    try:
        collector.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    found = Processes(collector.settings, state)
    found.next_drain(0)
    assert collector.stop(signal.SIGHUP) == 0
    assert found.now() is None


@pytest.mark.integration
def test_a_collector_that_is_killed_is_missed_and_its_return_counted(collector: Collector, state: StateStore) -> None:
    found = Processes(collector.settings, state)
    drain = found.next_drain(0)
    collector.stop(signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{drain}").exists(), "the end of its drain")
    process = found.now()
    assert process is not None
    assert process.state(process.beat_at + timedelta(minutes=2)) is ProcessState.GONE
    collector.start()
    found.next_drain(drain)
    process = found.now()
    assert process is not None
    assert process.restarts == 1
