from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.balance import count_batch, count_reasons
from ingest.judge import judge
from ingest.settings import CollectorSettings
from schemas.message import RawMessage
from sensors.network_file import network_toml
from tests.ingest.conftest import payload, reasons, station_network

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 8, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0) - timedelta(hours=1)
TOPIC = "obs/v1/voc/st-1/gc1/json"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> CollectorSettings:
    path: Path = tmp_path_factory.mktemp("network") / "network.toml"
    path.write_text(network_toml(station_network()))
    return CollectorSettings(network=path)


def test_payload_over_the_limit_is_not_decoded(settings: CollectorSettings) -> None:
    judged = judge(RawMessage(TOPIC, b" " * (settings.payload_max_bytes + 1), NOW), settings)
    assert reasons(tuple(judged.rejections)) == ["too_large"]


def test_stranger_costs_one_rejection_however_much_it_sends(settings: CollectorSettings) -> None:
    many = b"[" + b",".join([payload(HOUR, {"benzene": 1.0})] * 500) + b"]"
    judged = judge(RawMessage("obs/v1/voc/stranger/gc1/json", many, NOW), settings)
    assert reasons(tuple(judged.rejections)) == ["unknown_station"]
    assert count_batch([judged])[0].station_id == ""


def test_sound_values_beside_refused_ones_are_counted_as_readings(settings: CollectorSettings) -> None:
    judged = judge(RawMessage(TOPIC, payload(HOUR, {"benzene": 1.0, "so2": 2.0, "toluene": "x"}), NOW), settings)
    (row,) = count_batch([judged])
    assert (row.station_id, row.messages, row.readings, row.values_stored) == ("st-1", 1, 1, 1)
    assert row.rejected == {"unknown_parameter": 1, "bad_value": 1} == count_reasons([judged])


@given(
    content=st.binary(max_size=300), topic=st.sampled_from([TOPIC, "obs/v1/voc/st-1/gc1/hj212", "obs/v1//"]) | st.text()
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_any_topic_end_as_readings_or_rejections(
    settings: CollectorSettings, content: bytes, topic: str
) -> None:
    judged = judge(RawMessage(topic, content, NOW), settings)
    assert judged.rejections
    assert not judged.readings


def check(**changed: object) -> bytes:
    body = {"at": HOUR.isoformat(), "kind": "span", "parameter": "benzene", "reference": 5.0, "response": 5.1} | changed
    return msgspec.json.encode(body)


def test_a_calibration_result_is_no_reading(settings: CollectorSettings) -> None:
    judged = judge(RawMessage("cal/v1/voc/st-1/gc1", check(), NOW), settings)
    assert (len(judged.results), judged.readings, judged.rejections) == (1, [], [])
    (row,) = count_batch([judged])
    assert (row.station_id, row.messages, row.readings) == ("st-1", 1, 0)


@pytest.mark.parametrize(
    ("topic", "content", "reason"),
    [
        ("cal/v1/voc/st-1/gc1/json", check(), "topic_mismatch"),
        ("cal/v1/voc/stranger/gc1", check(), "unknown_station"),
        ("cal/v1/gas/st-1/gc1", check(), "topic_mismatch"),
        ("cal/v1/voc/st-1/gc1", b"{", "not_json"),
        ("cal/v1/voc/st-1/gc1", check(parameter="so2"), "unknown_parameter"),
        ("cal/v1/voc/st-1/gc1", check(at=(NOW + timedelta(hours=1)).isoformat()), "time_future"),
        ("cal/v1/voc/st-1/gc1", check(at=(NOW - timedelta(days=40)).isoformat()), "time_late"),
    ],
)
def test_a_calibration_result_that_is_not_sound_is_refused(
    settings: CollectorSettings, topic: str, content: bytes, reason: str
) -> None:
    judged = judge(RawMessage(topic, content, NOW), settings)
    assert reasons(tuple(judged.rejections)) == [reason]
    assert not judged.results


@given(content=st.binary(max_size=300), topic=st.sampled_from(["cal/v1/voc/st-1/gc1", "cal/v1/", "cal/v1//"]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_a_calibration_topic_end_as_rejections(
    settings: CollectorSettings, content: bytes, topic: str
) -> None:
    judged = judge(RawMessage(topic, content, NOW), settings)
    assert judged.rejections or content.strip() == b"[]"
