"""Calibration results from the broker to the state database, through the collector as it runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.quarantine.quarantine import entries, replay
from ingest.quarantine.repair import MessageRepair, RepairError, rewrite_message
from ingest.writer import Writer
from schemas.calibration import CheckKind
from schemas.message import RawMessage
from sensors.network_file import network_toml
from store.influx.store import InfluxStore
from tests.ingest.conftest import Collector, payload, station_network, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.mqtt import Publisher
    from ingest.process.settings import CollectorSettings
    from store.state import StateStore

NOW = datetime.now(UTC).replace(microsecond=0)
GC = "obs/v1/voc/st-1/gc1/json"


def check(parameter: str = "benzene", **more: object) -> bytes:
    body = {"at": NOW.isoformat(), "kind": "span", "parameter": parameter, "reference": 5.0, "response": 5.1, **more}
    return msgspec.json.encode(body)


@pytest.mark.integration
def test_results_are_stored_once_and_refused_ones_can_be_replayed(
    collector: Collector, publisher: Publisher, state: StateStore, tmp_path: Path
) -> None:
    settings = collector.settings
    topic = "cal/v1/voc/st-1/gc1"
    for content in (check(), check(), check(parameter="ethane"), b"{"):
        publisher.publish(topic, content)
    publisher.publish(GC, payload(NOW.replace(minute=0, second=0) - timedelta(hours=1), {"benzene": 1.0}))
    publisher.flush()
    wait_for(lambda: len(list(entries(state))) == 2, "the quarantine")
    wait_for(lambda: len(state.calibration.list_checks()) == 1, "the result")
    collector.stop()
    (found,) = state.calibration.list_checks()
    assert (found.result.kind, found.result.parameter, found.outcome) == (CheckKind.SPAN, "benzene", None)
    refused = list(entries(state))
    assert {item.reason for item in refused} == {"unknown_parameter", "not_json"}
    (unknown,) = [item for item in refused if item.reason == "unknown_parameter"]
    mended = tmp_path / "mended.toml"
    mended.write_text(network_toml(station_network()).replace('"benzene"', '"benzene", "ethane"', 1))
    store = InfluxStore(settings)
    writer = Writer(store, threading.Event())
    replayed = replay([unknown.id], settings.model_copy(update={"network": mended}), state, writer)
    store.close()
    assert (replayed.stored, len(state.calibration.list_checks(parameter="ethane"))) == (1, 1)


def test_a_refused_result_is_not_rewritten() -> None:
    message = RawMessage("cal/v1/voc/st-1/gc1", check(), NOW)
    with pytest.raises(RepairError, match="send it again"):
        rewrite_message(message, MessageRepair(codes={}, move=timedelta(0), who="a person", note="a note"))


def test_a_stopped_topic_is_not_asked_for(collector_settings: CollectorSettings) -> None:
    assert collector_settings.subscriptions == ["obs/v1/#", "cal/v1/#"]
    shared = collector_settings.model_copy(update={"mqtt_share": "north"})
    assert shared.subscriptions == ["$share/north/obs/v1/#", "$share/north/cal/v1/#"]
    alone = collector_settings.model_copy(update={"mqtt_calibration_topic": ""})
    assert alone.subscriptions == ["obs/v1/#"]
