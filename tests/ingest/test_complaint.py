"""A collector that takes nothing in, or stores nothing, says so; it is not called well because its heartbeat goes on."""

from __future__ import annotations

import multiprocessing
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import structlog

from ingest.collector import drain as draining
from ingest.collector.child import Child, Patience
from ingest.collector.drain_loop import Drain
from ingest.collector.intake import intake
from ingest.mqtt import Subscriber
from ingest.pipeline import Pipeline
from ingest.process import outage
from ingest.process.metrics import CollectorMetrics
from ingest.process.outage import Outage
from ingest.process.report import send, send_if_room
from ingest.writer import Writer
from schemas.message import RawMessage
from schemas.words import sentences
from store.influx.reading import ReadingStore
from store.rawlog import RawLog
from tests.ingest.conftest import payload, wait_for
from tests.ingest.process.work import hang

if TYPE_CHECKING:
    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

_log = structlog.get_logger("tests")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "COMPLAIN_AFTER_S", 0.5)


def test_a_lasting_outage_is_a_complaint_until_it_ends(soon: None) -> None:
    trouble = Outage(_log)
    trouble.say("cannot_read", detail="no such file")
    assert not trouble.complaint()
    time.sleep(0.6)
    trouble.say("cannot_read", detail="no such directory")
    assert sentences(trouble.complaint(), "en") == "the raw log cannot be read for 0 min: no such directory"
    trouble.end()
    assert not trouble.complaint()


@pytest.mark.integration
def test_a_raw_log_that_takes_nothing_is_a_complaint_while_the_intake_waits(
    collector_settings: CollectorSettings, publisher: Publisher, soon: None
) -> None:
    own = f"obs/v1/voc/{uuid.uuid4().hex[:12]}/gc1/json"
    settings = collector_settings.model_copy(update={"mqtt_topic": own})
    log, stop, trouble = RawLog(settings.rawlog_dir), threading.Event(), Outage(_log)
    (settings.rawlog_dir / f"{datetime.now(UTC):%Y-%m-%d}.sqlite").write_bytes(b"no database at all, " * 500)
    subscriber = Subscriber(settings)
    subscriber.start()
    wait_for(subscriber.is_subscribed.is_set, "the subscription")
    looks: list[str] = []
    kwargs = {"look": lambda: looks.append(trouble.complaint()), "trouble": trouble}
    worker = threading.Thread(target=intake, args=(subscriber, log, CollectorMetrics(), stop), kwargs=kwargs)
    worker.start()
    publisher.publish(own, b"{}")
    publisher.flush()
    try:
        wait_for(lambda: bool(looks) and "sqlite: file is not a database" in looks[-1], "the complaint", timeout_s=10)
    finally:
        stop.set()
        worker.join(10)
        subscriber.close()
        log.close()


def drain_of(settings: CollectorSettings, log: RawLog, state: StateStore, stop: threading.Event) -> Drain:
    return Drain(Pipeline(settings, log, writer=Writer(ReadingStore(settings), stop), state=state))


@pytest.mark.integration
@pytest.mark.parametrize("what", ["raw log", "database"])
def test_a_drain_that_stores_nothing_complains(
    collector_settings: CollectorSettings, state: StateStore, soon: None, what: str
) -> None:
    settings = collector_settings
    if what == "database":
        settings = settings.model_copy(update={"influx_url": "http://127.0.0.1:1"})
    now, stop = datetime.now(UTC), threading.Event()
    log = RawLog(settings.rawlog_dir)
    log.append([RawMessage("obs/v1/voc/st-1/gc1/json", payload(now.replace(minute=0), {"benzene": 1.0}), now)])
    if what == "raw log":
        log.close()
        next(settings.rawlog_dir.glob("2*.sqlite")).write_bytes(b"no database at all, " * 500)
        log = RawLog(settings.rawlog_dir)
    work = drain_of(settings, log, state, stop)
    worker = threading.Thread(target=work.run, args=(lambda _: None,))
    worker.start()
    words = "is not a database" if what == "raw log" else "does not answer"
    try:
        wait_for(lambda: words in work.complaint(), "the complaint", timeout_s=10)
    finally:
        stop.set()
        worker.join(20)
        log.close()


@pytest.mark.integration
def test_a_database_that_answers_slowly_is_no_hang(collector_settings: CollectorSettings) -> None:
    store, heard = ReadingStore(collector_settings), list[float]()
    store.on_answer(lambda: heard.append(time.monotonic()))
    store.health()
    store.health()
    assert len(heard) >= 2
    away = ReadingStore(collector_settings.model_copy(update={"influx_url": "http://127.0.0.1:1"}))
    away.on_answer(lambda: heard.append(0.0))
    assert not away.health().ok
    assert 0.0 not in heard
    store.close()
    away.close()


def test_an_intake_without_a_report_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "INTAKE_SILENT_S", 0.5)
    ours, theirs = multiprocessing.Pipe()
    intake_seen = draining._Intake(theirs)
    send(ours, "mqtt: not connected")
    wait_for(lambda: intake_seen.complaint() == "mqtt: not connected", "its words")
    time.sleep(0.6)
    assert sentences(intake_seen.complaint(), "en") == "intake: no report for 0 min"
    send(ours, "")
    wait_for(lambda: not intake_seen.complaint(), "its next word")
    ours.close()
    theirs.close()


def test_a_process_that_reads_nothing_does_not_block_the_sender() -> None:
    ours, theirs = multiprocessing.Pipe()
    began = time.monotonic()
    for _ in range(5_000):
        send_if_room(ours, "x" * 500)
    assert time.monotonic() - began < 10.0
    ours.close()
    theirs.close()
    send_if_room(ours, "closed")


def test_a_process_without_a_report_is_a_complaint(collector_settings: CollectorSettings) -> None:
    collector_settings.run_dir.mkdir(parents=True)
    child = Child("survey", hang, collector_settings, Patience(stop_s=0.5, silent_s=0.3))
    child.start()
    child.follow(lambda _: None)
    wait_for(lambda: sentences(child.complaint(), "en") == "housekeeping: no report for 0 min", "the complaint")
    child.stop()


def test_lines_that_others_cause_are_bounded_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "SAY_AGAIN_S", 0.3)
    with structlog.testing.capture_logs() as lines:
        spare = outage.RateLimitedLog(structlog.get_logger("tests"), most=3)
        for _ in range(50):
            spare.warning("frame_refused")
        time.sleep(0.4)
        spare.info("connection_broke")
    assert [line["event"] for line in lines] == [*["frame_refused"] * 3, "lines_left_out", "connection_broke"]
    assert lines[3]["lines"] == 47
