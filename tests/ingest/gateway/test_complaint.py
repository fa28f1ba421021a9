"""A gateway whose buffer takes nothing says so, and neither that nor a stranger fills the log or the broker."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from ingest.gateway.buffer_writer import BufferWriter
from ingest.gateway.metrics import GatewayMetrics
from ingest.process import outage
from schemas.message import RawMessage
from schemas.words import sentences
from store.error import RawLogError
from store.rawlog import RawLog
from tests.ingest.conftest import wait_for
from tests.ingest.gateway.conftest import Gateway, Station
from tests.ingest.gateway.test_guard import heard, serving
from tests.ingest.gateway.test_server import upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.gateway.settings import GatewaySettings

pytestmark = pytest.mark.integration


async def keep(buffer_writer: BufferWriter, is_done: Callable[[], bool]) -> list[str]:
    """Give frames to a buffer writer until a condition holds; those that were kept."""
    stop, kept = asyncio.Event(), list[str]()
    keeping = asyncio.create_task(buffer_writer.run(stop))
    deadline = time.monotonic() + 10
    while not is_done() and time.monotonic() < deadline:
        buffer_writer.put(RawMessage("hj212/M/2051", b"##", datetime.now(UTC)), lambda: kept.append("kept"))
        await asyncio.sleep(0.1)
    stop.set()
    await keeping
    return kept


def test_a_buffer_that_cannot_be_written_is_a_complaint_until_it_can(
    gateway_settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "COMPLAIN_AFTER_S", 0.5)
    log = RawLog(gateway_settings.buffer_dir)
    broken = gateway_settings.buffer_dir / f"{datetime.now(UTC):%Y-%m-%d}.sqlite"
    broken.write_bytes(b"no database at all, " * 500)
    buffer_writer = BufferWriter(gateway_settings, log, GatewayMetrics())
    with capture_logs() as lines:
        assert not asyncio.run(keep(buffer_writer, lambda: "not a database" in buffer_writer.complaint()))
    words = "the gateway's buffer cannot be written for 0 min, stations get no answer: raw log "
    assert sentences(buffer_writer.complaint(), "en").startswith(words)
    assert [line["event"] for line in lines] == ["buffer_refuses"]
    broken.unlink()
    buffer_writer = BufferWriter(gateway_settings, log, GatewayMetrics())
    assert asyncio.run(keep(buffer_writer, lambda: log.count_after(log.cursor("publish")) > 0))
    assert not buffer_writer.complaint()
    log.close()


def test_a_buffer_that_is_full_for_long_is_a_complaint(
    gateway_settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "COMPLAIN_AFTER_S", 0.2)
    log = RawLog(gateway_settings.buffer_dir)
    buffer_writer = BufferWriter(
        gateway_settings.model_copy(update={"gateway_buffer_max_bytes": 1}), log, GatewayMetrics()
    )
    buffer_writer.measure()
    time.sleep(0.3)
    buffer_writer.measure()
    assert sentences(buffer_writer.complaint(), "en").startswith("the gateway's buffer is full for 0 min (")
    log.close()


def test_what_cannot_be_noted_as_published_is_published_again_after_growing_pauses(
    gateway_settings: GatewaySettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        msg = "disk is full"
        raise RawLogError(msg)

    monkeypatch.setattr(RawLog, "advance", full)
    with capture_logs() as lines:

        def pauses() -> list[float]:
            return [line["again_in_s"] for line in lines if line["event"] == "publishing_waits"]

        with (
            heard(mqtt_url),
            serving(gateway_settings, mqtt_url),
            Station(gateway_settings.gateway_port) as station,
        ):
            station.send(upload(1))
            assert len(station.hear(1)) == 1
            wait_for(lambda: len(pauses()) >= 3, "three attempts")
    assert pauses()[:3] == [1.0, 2.0, 4.0]


def test_strangers_do_not_fill_the_log(gateway: Gateway) -> None:
    for _ in range(100):
        with Station(gateway.settings.gateway_port) as station:
            station.send(b"##0010ABCDEFGHIJ0000\r\n" * 25)
            assert station.is_closed()
    assert gateway.log.read_bytes().count(b"frame_refused") == 20
    with Station(gateway.settings.gateway_port) as station:
        station.send(upload(1))
        assert len(station.hear()) == 1


def test_a_gateway_that_keeps_no_more_frames_ends(
    gateway_settings: GatewaySettings, mqtt_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ends(*_: Any) -> None:
        raise MemoryError

    errors: list[BaseException] = []
    monkeypatch.setattr(BufferWriter, "run", ends)
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(args.exc_value))
    with serving(gateway_settings, mqtt_url):
        wait_for(lambda: bool(errors), "its end")
    assert isinstance(errors[0], MemoryError)
