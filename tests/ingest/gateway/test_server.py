from __future__ import annotations

import re
import signal
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from store.rawlog import BEGINNING, RawLog
from tests import servers
from tests.ingest.conftest import Collector, wait_for
from tests.ingest.gateway.conftest import Gateway, Station
from tests.sensors.hj212.build import frame

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.gateway.settings import GatewaySettings
    from ingest.process.settings import CollectorSettings
    from store.influx.store import InfluxStore

pytestmark = pytest.mark.integration
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def upload(number: int, content: str = "a21026-Avg=6,a21026-Flag=N") -> bytes:
    """Five minutes of data with a request number of its own."""
    start = datetime(2020, 1, 1) + timedelta(minutes=5 * number)  # noqa: DTZ001 - as a device writes it
    return frame(f"DataTime={start:%Y%m%d%H%M%S};{content}", QN=f"2020{number:013d}")


def kept(gateway: Gateway) -> int:
    log = RawLog(gateway.settings.buffer_dir)
    count = log.count_after(BEGINNING)
    log.close()
    return count


def test_upload_is_answered_with_its_own_number_once_it_is_on_disk(gateway: Gateway, station: Station) -> None:
    station.send(upload(1))
    (answer,) = station.hear()
    assert answer.header == {
        "QN": "20200000000000001",
        "ST": "91",
        "CN": "9014",
        "PW": "123456",
        "MN": "LN21010000000001",
        "Flag": "4",
    }
    assert kept(gateway) == 1


def test_upload_in_pieces_and_two_in_one_piece_are_answered(station: Station) -> None:
    both = upload(1) + upload(2)
    for start in range(0, len(both), 37):
        station.send(both[start : start + 37])
    station.send(upload(3) + upload(4))
    assert [answer.qn[-1] for answer in station.hear(4)] == ["1", "2", "3", "4"]


def test_unsound_frame_gets_no_answer_and_the_next_one_does(gateway: Gateway, station: Station) -> None:
    station.send(b"noise" + upload(1).replace(b"Avg=6", b"Avg=7") + upload(2))
    assert [answer.qn[-1] for answer in station.hear(2, timeout_s=1)] == ["2"]
    assert kept(gateway) == 1


@pytest.mark.parametrize(
    "raw",
    [
        frame("DataTime=20200101000000", PW="654321"),
        frame("DataTime=20200101000000", mn="STRANGER"),
        frame("DataTime=20200101000000", mn="VOC1"),
    ],
    ids=["password", "mn", "no password configured"],
)
def test_stranger_gets_no_answer_and_loses_the_connection(gateway: Gateway, station: Station, raw: bytes) -> None:
    station.send(raw)
    assert station.is_closed()
    assert kept(gateway) == 0


def test_connection_of_noise_is_closed(station: Station) -> None:
    station.send(b"##xxxx" * 30)
    assert station.is_closed()


@pytest.mark.parametrize(
    ("cn", "flag", "answers"), [(1013, 5, ["9013"]), (2081, 5, ["9014"]), (2051, 4, []), (9015, 5, []), (9012, 5, [])]
)
def test_answer_is_the_one_that_the_standard_has_for_the_command(
    station: Station, cn: int, flag: int, answers: list[str]
) -> None:
    station.send(frame("DataTime=20200101000000", cn=cn, flag=flag))
    assert [answer.cn for answer in station.hear(1, timeout_s=2 if answers else 0.5)] == answers


def test_every_packet_of_a_split_upload_is_answered(station: Station) -> None:
    for number in ("1", "2"):
        station.send(frame("DataTime=20200101000000;a21026-Avg=6", flag=7, PNUM="2", PNO=number))
    assert [answer.cn for answer in station.hear(2)] == ["9014", "9014"]


def test_silent_connections_are_closed(gateway_settings: GatewaySettings, tmp_path: Path) -> None:
    settings = gateway_settings.model_copy(update={"gateway_first_frame_s": 1})
    gateway = Gateway(settings, tmp_path / "gateway.log")
    gateway.start()
    with Station(settings.gateway_port) as station:
        assert station.is_closed()
    assert gateway.stop() == 0


def test_further_connections_than_allowed_are_closed(gateway_settings: GatewaySettings, tmp_path: Path) -> None:
    settings = gateway_settings.model_copy(update={"gateway_connections_max": 1})
    gateway = Gateway(settings, tmp_path / "gateway.log")
    gateway.start()
    with Station(settings.gateway_port) as first, Station(settings.gateway_port) as second:
        assert second.is_closed()
        first.send(upload(1))
        assert len(first.hear()) == 1
    assert gateway.stop() == 0


def test_full_buffer_gives_no_answer(gateway_settings: GatewaySettings, tmp_path: Path) -> None:
    settings = gateway_settings.model_copy(update={"gateway_buffer_max_bytes": 1 << 20})
    log = RawLog(settings.buffer_dir)
    log.close()
    (settings.buffer_dir / "ballast").write_bytes(bytes(1 << 20))
    gateway = Gateway(settings, tmp_path / "gateway.log")
    gateway.start()
    with Station(settings.gateway_port) as station:
        station.send(upload(1))
        station.hear()  # the size is looked at after the first commit
        station.send(upload(2))
        assert station.hear(timeout_s=1) == []
    assert gateway.stop() == 0


def test_second_gateway_in_one_run_directory_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    second = Gateway(gateway.settings, tmp_path / "second.log")
    code, words = second.start_in_vain()
    assert (code, "another gateway works here" in words) == (1, True)


def started_collector(collector_settings: CollectorSettings, settings: GatewaySettings, log: Path) -> Collector:
    """A collector with the network of a gateway."""
    collector = Collector(collector_settings.model_copy(update={"network": settings.network}), log)
    collector.start()
    return collector


def stored(store: InfluxStore, network: str = "gas") -> int:
    return store.count_values(network, EPOCH - timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC))


@pytest.fixture
def linked(gateway_settings: GatewaySettings, mqtt_url: str) -> GatewaySettings:
    return gateway_settings.model_copy(
        update={"mqtt_url": mqtt_url, "gateway_client_id": f"gateway-{uuid.uuid4().hex[:8]}"}
    )


def test_frames_over_tcp_are_stored_in_the_database(
    linked: GatewaySettings, collector_settings: CollectorSettings, store: InfluxStore, tmp_path: Path
) -> None:
    collector = started_collector(collector_settings, linked, tmp_path / "c.log")
    gateway = Gateway(linked, tmp_path / "gateway.log")
    gateway.start()
    with Station(linked.gateway_port) as station:
        for number in range(50):
            station.send(upload(number, "a21026-Avg=6;a34004-Avg=14;a01001-Avg=21.5;LA-Avg=50"))
        for number in ("2", "1"):
            content = "a21026-Avg=6" if number == "1" else "a34004-Avg=14"
            raw = frame(f"DataTime=20200201000000;{content}", flag=7, PNUM="2", PNO=number)
            station.send(raw * 2)
        assert len(station.hear(54)) == 54
    wait_for(lambda: stored(store) == 102 and stored(store, "met") == 50, "all values")
    read = store.read_native("gas", "ln-sy-01", "gas1", EPOCH - timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC))
    assert read.index[0] == datetime(2019, 12, 31, 16, tzinfo=UTC)
    assert gateway.stop() == 0
    assert collector.stop() == 0


def test_killed_under_load_the_gateway_loses_nothing_that_was_answered(
    linked: GatewaySettings, collector_settings: CollectorSettings, store: InfluxStore, tmp_path: Path
) -> None:
    collector = started_collector(collector_settings, linked, tmp_path / "c.log")
    gateway = Gateway(linked, tmp_path / "gateway.log")
    answered: set[str] = set()
    for begin in range(0, 1_200, 400):
        gateway.start()
        with Station(linked.gateway_port) as station:
            for number in range(begin, begin + 400):
                station.send(upload(number))
            answered |= {answer.qn for answer in station.hear(100)}
            gateway.stop(signal.SIGKILL)
            answered |= {answer.qn for answer in station.hear(400, timeout_s=1)}
    gateway.start()
    assert len(answered) >= 300
    numbers = {int(qn[4:]) for qn in answered}
    expected = {EPOCH - timedelta(hours=8) + timedelta(minutes=5 * number) for number in numbers}

    def stored_moments() -> set[datetime]:
        read = store.read_native("gas", "ln-sy-01", "gas1", EPOCH - timedelta(days=1), datetime(2030, 1, 1, tzinfo=UTC))
        return {moment.to_pydatetime() for moment in read.index}

    # Not a count: frames that were kept but not answered before the kill are stored too.
    wait_for(lambda: expected <= stored_moments(), "every answered frame")
    assert expected <= stored_moments()
    assert gateway.stop() == 0
    assert collector.stop() == 0


def test_frames_wait_for_a_broker_with_a_subscriber(
    gateway_settings: GatewaySettings, collector_settings: CollectorSettings, store: InfluxStore, tmp_path: Path
) -> None:
    broker = servers.mosquitto(tmp_path / "broker")
    settings = gateway_settings.model_copy(update={"mqtt_url": broker.url})
    gateway = Gateway(settings, tmp_path / "gateway.log")
    gateway.start()
    with Station(settings.gateway_port) as station:
        station.send(upload(1))
        assert len(station.hear()) == 1
    with servers.running(broker):
        wait_for(lambda: b"no subscriber" in gateway.log.read_bytes(), "the gateway's refusal to publish")
        collector = started_collector(
            collector_settings.model_copy(update={"mqtt_url": broker.url}), settings, tmp_path / "c.log"
        )
        wait_for(lambda: stored(store) == 1, "the frame")
        assert gateway.stop() == 0
        assert collector.stop() == 0


def test_figures_are_served(linked: GatewaySettings, tmp_path: Path) -> None:
    from console.local.settings import free_ports

    (port,) = free_ports(1)
    gateway = Gateway(linked.model_copy(update={"gateway_metrics_port": port}), tmp_path / "gateway.log")
    gateway.start()

    def is_shown(pattern: str) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
            return re.search(f"(?m)^{pattern}$", response.read().decode()) is not None

    with Station(linked.gateway_port) as station:
        station.send(upload(1))
        station.hear()
        # the station may have its answer a moment before it is counted
        wait_for(lambda: is_shown(r'gateway_answered_frames_total\{cn="9014"\} 1\.0'), "the answer")
        assert is_shown(r"gateway_kept_frames_total 1\.0")
    assert gateway.stop() == 0
