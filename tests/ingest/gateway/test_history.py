"""Missing readings of an HJ 212 device are requested and stored."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
import structlog

from ingest.completeness.station import Span
from ingest.gateway.history import HistoryDesk, content_of, has_nothing
from ingest.gateway.metrics import GatewayMetrics
from ingest.gateway.request import RequestBook, RequestOutcome
from ingest.process.error import StationCommandError
from sensors.hj212.command import RequestAnswer, Result
from sensors.hj212.content import field_name, parse_content
from store.state import GapState, StateStore
from tests.ingest.conftest import wait_for
from tests.ingest.gateway.conftest import Gateway, Station
from tests.ingest.gateway.test_server import linked, started_collector
from tests.sensors.hj212.build import frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.gateway.settings import GatewaySettings
    from ingest.process.settings import CollectorSettings
    from sensors.hj212.frame import Frame
    from store.influx.store import InfluxStore

__all__ = ["linked"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
STEP = timedelta(minutes=5)
MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def test_times_are_local_and_the_end_is_not_part_of_it() -> None:
    span = Span(datetime(2026, 11, 21, 16, 0, tzinfo=UTC), datetime(2026, 11, 21, 17, 0, tzinfo=UTC))
    assert content_of(span, SHANGHAI) == b"BeginTime=20261122000000,EndTime=20261122005959"


@pytest.mark.parametrize(("year", "zone"), [(1, "America/New_York"), (9999, "Asia/Shanghai")])
def test_a_time_that_has_no_local_time_is_refused_with_the_reason(year: int, zone: str) -> None:
    edge = datetime(1, 1, 1, tzinfo=UTC) if year == 1 else datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(StationCommandError, match="no local time reaches that far"):
        content_of(Span(edge, edge), ZoneInfo(zone))


def test_a_year_has_four_digits() -> None:
    span = Span(datetime(212, 1, 1, 12, tzinfo=UTC), datetime(212, 1, 1, 13, tzinfo=UTC))
    assert content_of(span, ZoneInfo("UTC")) == b"BeginTime=02120101120000,EndTime=02120101125959"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"\xff":1}',
        b'{"get":{"start":"9999-12-31T23:00:00Z","end":"9999-12-31T23:59:59Z"}}',
        b'{"get":{"start":"0001-01-01T00:00:00Z","end":"0001-01-01T00:00:00Z"}}',
        b"[" * 100_000,
    ],
)
def test_a_command_that_cannot_be_followed_is_logged_and_starts_nothing(
    linked: GatewaySettings, payload: bytes
) -> None:
    async def take() -> int:
        metrics = GatewayMetrics()
        desk = HistoryDesk(linked, RequestBook({}, metrics), metrics)
        desk._take("ln-sy-01", "gas1", payload)
        return len(desk._tasks)

    with structlog.testing.capture_logs() as lines:
        assert asyncio.run(take()) == 0
    assert [line["event"] for line in lines] == ["command_not_understood"]


def test_a_request_that_fails_unexpectedly_is_logged(linked: GatewaySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def take() -> None:
        metrics = GatewayMetrics()
        desk = HistoryDesk(linked, RequestBook({}, metrics), metrics)
        desk._take("ln-sy-01", "gas1", msgspec.json.encode({"get": {"start": MOMENT, "end": MOMENT + STEP}}))
        await asyncio.gather(*desk._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    monkeypatch.setattr(HistoryDesk, "_ask", fail)
    with structlog.testing.capture_logs() as lines:
        asyncio.run(take())
    assert [(line["event"], line["detail"]) for line in lines] == [("history_request_failed", "ZeroDivisionError: ")]


@pytest.mark.parametrize(
    ("outcome", "nothing"),
    [
        (RequestOutcome(RequestAnswer.READY, Result.NO_DATA), True),
        (RequestOutcome(RequestAnswer.REFUSED), True),
        (RequestOutcome(RequestAnswer.WRONG_CN), True),
        (RequestOutcome(RequestAnswer.READY, Result.DONE), False),
        (RequestOutcome(RequestAnswer.READY, Result.BUSY), False),
        (RequestOutcome(), False),
    ],
)
def test_only_a_device_without_the_data_is_not_asked_again(outcome: RequestOutcome, nothing: bool) -> None:  # noqa: FBT001
    assert has_nothing(outcome) is nothing


def local(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S")


@contextmanager
def logger(station: Station, *, has_data: bool, heard: list[Frame]) -> Iterator[None]:
    """A data logger that answers history requests until the context ends."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for asked in station.hear(1, timeout_s=0.3):
                if asked.cn == "2051":
                    heard.append(asked)
                    answer(asked)

    def answer(asked: Frame) -> None:
        station.send(frame("QnRtn=1", cn=9011, QN=asked.qn))
        if has_data:
            fields = {field_name(field): field[2] for field in parse_content(asked.content)}
            moment = datetime.strptime(fields["BeginTime"], "%Y%m%d%H%M%S")  # noqa: DTZ007 - local, as on the wire
            while moment <= datetime.strptime(fields["EndTime"], "%Y%m%d%H%M%S"):  # noqa: DTZ007 - local, as on the wire
                station.send(frame(f"DataTime={moment:%Y%m%d%H%M%S};a21026-Avg=7", QN=f"{moment:%Y%m%d%H%M%S}000"))
                moment += STEP
        station.send(frame(f"ExeRtn={1 if has_data else 100}", cn=9012, QN=asked.qn))

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.integration
@pytest.mark.parametrize("has_data", [True, False])
def test_a_gap_of_a_device_is_asked_for_in_its_own_protocol(
    linked: GatewaySettings,
    collector_settings: CollectorSettings,
    store: InfluxStore,
    tmp_path: Path,
    *,
    has_data: bool,
) -> None:
    linked.network.write_text(linked.network.read_text().replace("late_window_h = 0", "late_window_h = 168"))
    collector = started_collector(collector_settings, linked, tmp_path / "c.log")
    gateway = Gateway(linked, tmp_path / "gateway.log")
    gateway.start()
    now = datetime.now(UTC)
    first = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) - timedelta(hours=1)
    heard: list[Frame] = []
    with (
        Station(linked.gateway_port) as station,
        logger(station, has_data=has_data, heard=heard),
        StateStore(collector_settings.state_url) as state,
    ):
        for step in (0, 1, 5, 6):
            station.send(
                frame(f"DataTime={local(first + step * STEP)};a21026-Avg=6", QN=f"{local(first + step * STEP)}000")
            )
        if has_data:
            wait_for(lambda: len(store.read_native("gas", "ln-sy-01", "gas1", first, now)) == 7, "the missing readings")
        else:
            wait_for(lambda: [item.state for item in state.gaps.list()] == [GapState.NO_DATA], "the end of the asking")
    assert [item.content.decode() for item in heard] == [
        f"BeginTime={local(first + 2 * STEP)},EndTime={local(first + 5 * STEP - timedelta(seconds=1))}"
    ]
    assert heard[0].header["ST"] == "22"
    assert gateway.stop() == 0
    assert collector.stop() == 0
