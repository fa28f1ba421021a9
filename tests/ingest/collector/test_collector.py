from __future__ import annotations

import json
import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.backlog.dual_cursor import CURSOR
from ingest.completeness.balance import audit, conservation
from ingest.quarantine.quarantine import entries, replay
from ingest.writer import Writer
from sensors.network_file import network_toml
from store.influx.store import InfluxStore
from store.rawlog import BEGINNING, RawLog
from tests import servers
from tests.ingest.conftest import Collector, payload, station_network, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

pytestmark = pytest.mark.integration
GC = "obs/v1/voc/st-1/gc1/json"
ARCHIVE = "obs/v1/voc/archive/gc1/json"


def minutes_of_archive(count: int, first: int = 0) -> list[bytes]:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return [
        payload(start + timedelta(minutes=number), {"benzene": float(number)}, seq=number)
        for number in range(first, first + count)
    ]


def stored(store: InfluxStore, start: datetime = datetime(2020, 1, 1, tzinfo=UTC)) -> int:
    return store.count_values("voc", start, datetime(2030, 1, 1, tzinfo=UTC))


def bad_messages(hour: datetime) -> list[tuple[str, bytes, list[str]]]:
    """Everything a station can get wrong, each with the reasons it must get."""
    sound = payload(hour, {"benzene": 1.0})
    return [
        (GC, b"{not json", ["not_json"]),
        (GC, b"\xff\xfe\x00", ["bad_utf8"]),
        (GC, b'"text"', ["bad_schema"]),
        (GC, b" " * (2 << 20), ["too_large"]),
        ("obs/v1/xyz/st-1/gc1/json", sound, ["unknown_network"]),
        ("obs/v1/voc/nowhere/gc1/json", sound, ["unknown_station"]),
        ("obs/v1/voc/st-1/gc9/json", sound, ["unknown_instrument"]),
        ("obs/v1/gas/st-1/gc1/json", sound, ["topic_mismatch"]),
        (GC, payload(hour, {"benzene": 1.0}, station="st-2"), ["topic_mismatch"]),
        (GC, payload(hour - timedelta(hours=1), {"benzene": 1.0, "so2": 3.0}), ["unknown_parameter"]),
        (GC, payload(hour - timedelta(hours=2), {"benzene": 1.0, "toluene": "high"}), ["bad_value"]),
        (
            GC,
            payload(hour - timedelta(hours=3), {"benzene": 1.0, "toluene": 2.0}, units={"toluene": "furlong"}),
            ["bad_unit"],
        ),
        (GC, payload(hour - timedelta(hours=4), {"benzene": 1.0}, status={"toluene": "?"}), ["bad_status"]),
        (
            GC,
            payload(hour - timedelta(hours=5), {"benzene": 1.0, "toluene": 0.0}).replace(b"0.0", b"NaN"),
            ["bad_value"],
        ),
        (GC, payload(hour + timedelta(hours=2), {"benzene": 1.0}), ["time_future"]),
        (GC, payload(hour - timedelta(days=365), {"benzene": 1.0}), ["time_late"]),
    ]


def test_bad_input_gets_one_closed_reason_and_the_sound_rest_is_stored(
    collector: Collector, publisher: Publisher, store: InfluxStore, state: StateStore, hour: datetime
) -> None:
    cases = bad_messages(hour)
    for topic, content, _ in cases:
        publisher.publish(topic, content)
    publisher.publish(GC, payload(hour, {"benzene": 1.0, "toluene": 2.0}))
    publisher.flush()
    expected = sorted(reason for _, _, reasons in cases for reason in reasons)
    wait_for(lambda: len(list(entries(state))) >= len(expected), "the quarantine")
    wait_for(lambda: stored(store, hour - timedelta(days=1)) >= 7, "the sound rest")
    assert sorted(item.reason.value for item in entries(state)) == expected
    assert stored(store, hour - timedelta(days=1)) == 7
    assert collector.is_alive()


def test_same_message_twice_changes_nothing(collector: Collector, publisher: Publisher, store: InfluxStore) -> None:
    for content in minutes_of_archive(20) * 2:
        publisher.publish(ARCHIVE, content)
    publisher.flush()
    log = RawLog(collector.settings.rawlog_dir)
    wait_for(lambda: log.count_after(log.cursor(CURSOR)) == 0 and log.count_after(BEGINNING) == 40, "the drain")
    log.close()
    assert stored(store) == 20


def test_killed_under_load_it_loses_nothing(
    collector: Collector, publisher: Publisher, store: InfluxStore, state: StateStore
) -> None:
    contents = minutes_of_archive(3_000)
    for number, content in enumerate(contents):
        publisher.publish(ARCHIVE, content)
        if number in (800, 1_900):
            collector.stop(signal.SIGKILL)
            collector.start()
    sent = publisher.flush()
    assert (sent.acknowledged, sent.unheard) == (3_000, 0)
    wait_for(lambda: stored(store) == 3_000, "all values")
    assert collector.stop() == 0
    log = RawLog(collector.settings.rawlog_dir)
    now = datetime.now(UTC)
    checked = audit(
        collector.settings, log, store, state, cursor=CURSOR, start=now - timedelta(hours=1), end=now, sent=3_000
    )
    log.close()
    assert (checked.lost, checked.values, checked.sequence_gaps, checked.waiting) == (0, 3_000, 0, 0)


def test_stop_is_clean_and_a_restart_takes_what_came_meanwhile(
    collector: Collector, publisher: Publisher, store: InfluxStore, state: StateStore
) -> None:
    for content in minutes_of_archive(300):
        publisher.publish(ARCHIVE, content)
    assert collector.stop() == 0
    for content in minutes_of_archive(300, first=300):
        publisher.publish(ARCHIVE, content)
    assert publisher.flush().unheard == 0
    collector.start()
    wait_for(lambda: stored(store) == 600, "all values")
    assert collector.stop() == 0
    log = RawLog(collector.settings.rawlog_dir)
    now = datetime.now(UTC)
    summary = conservation(log, state, start=now - timedelta(hours=1), end=now + timedelta(hours=1))
    log.close()
    assert summary.unexplained == 0
    assert summary.counted == summary.kept >= 600


def test_dead_database_stops_neither_intake_nor_a_later_catch_up(
    collector_settings: CollectorSettings, publisher: Publisher, tmp_path: Path
) -> None:
    influx = servers.influxd(tmp_path / "influxd")
    settings = collector_settings.model_copy(update={"influx_url": influx.url})
    collector = Collector(settings, tmp_path / "collector.log")
    log = RawLog(settings.rawlog_dir)
    collector.start()
    for content in minutes_of_archive(500):
        publisher.publish(ARCHIVE, content)
    publisher.flush()
    wait_for(lambda: log.count_after(BEGINNING) == 500, "the raw log")
    assert log.cursor(CURSOR) == BEGINNING
    with servers.running(influx):
        store = InfluxStore(settings)
        wait_for(lambda: log.count_after(log.cursor(CURSOR)) == 0, "the catch-up")
        assert stored(store) == 500
        store.close()
        influx.stop()
        assert collector.stop() == 0
    log.close()


def test_second_collector_in_one_run_directory_is_refused(collector: Collector, tmp_path: Path) -> None:
    second = Collector(collector.settings, tmp_path / "second.log")
    code, words = second.start_in_vain()
    assert code == 1
    assert "another collector works here" in words


def test_replay_after_a_correction_of_the_network_file_stores_the_message(  # noqa: PLR0917 - fixtures
    collector: Collector, publisher: Publisher, store: InfluxStore, state: StateStore, hour: datetime, tmp_path: Path
) -> None:
    publisher.publish("obs/v1/voc/new-1/gc1/json", payload(hour, {"benzene": 1.0}))
    wait_for(lambda: len(list(entries(state))) == 1, "the quarantine")
    known = station_network().station_list
    mended = tmp_path / "mended.toml"
    added = msgspec.structs.replace(known[0], id="new-1")
    mended.write_text(network_toml(msgspec.structs.replace(station_network(), station_list=(*known, added))))
    settings = collector.settings.model_copy(update={"network": mended})
    (entry,) = entries(state)
    for values in (1, 0):  # what is stored is not written again
        outcome = replay([entry.id], settings, state, Writer(store, threading.Event()))
        assert (outcome.stored, outcome.refused, outcome.values) == (1, 0, values)
    assert next(entries(state)).state == "replayed"
    assert stored(store, hour - timedelta(days=1)) == 1


def test_wrong_network_file_stops_the_start(collector_settings: CollectorSettings, tmp_path: Path) -> None:
    collector_settings.network.write_text('zone = "Mars/Olympus"\nstation = []\n')
    collector = Collector(collector_settings, tmp_path / "collector.log")
    code, words = collector.start_in_vain()
    assert code == 2
    assert "network.toml: zone: 'Mars/Olympus'" in words


def test_log_lines_are_json(collector: Collector, publisher: Publisher) -> None:
    publisher.publish(ARCHIVE, minutes_of_archive(1)[0])
    publisher.flush()
    wait_for(lambda: b'"event": "batch"' in collector.log.read_bytes(), "a line about the batch")
    lines = [json.loads(line) for line in collector.log.read_text().splitlines()]
    batch = next(line for line in lines if line["event"] == "batch")
    assert (batch["messages"], batch["values"], batch["rejected"]) == (1, 1, {})
