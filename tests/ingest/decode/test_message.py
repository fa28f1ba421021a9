from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.completeness.balance import count_batch, count_reasons
from ingest.decode.message import ENTRIES_MAX, decode_and_validate
from ingest.process.settings import CollectorSettings
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
    decoded = decode_and_validate(RawMessage(TOPIC, b" " * (settings.payload_max_bytes + 1), NOW), settings)
    assert reasons(tuple(decoded.rejections)) == ["too_large"]


def test_stranger_costs_one_rejection_however_much_it_sends(settings: CollectorSettings) -> None:
    many = b"[" + b",".join([payload(HOUR, {"benzene": 1.0})] * 500) + b"]"
    decoded = decode_and_validate(RawMessage("obs/v1/voc/stranger/gc1/json", many, NOW), settings)
    assert reasons(tuple(decoded.rejections)) == ["unknown_station"]
    assert count_batch([decoded])[0].station_id == ""


def test_sound_values_next_to_refused_ones_are_counted_as_readings(settings: CollectorSettings) -> None:
    decoded = decode_and_validate(
        RawMessage(TOPIC, payload(HOUR, {"benzene": 1.0, "so2": 2.0, "toluene": "x"}), NOW), settings
    )
    (row,) = count_batch([decoded])
    assert (row.station_id, row.messages, row.readings, row.values_stored) == ("st-1", 1, 1, 1)
    assert row.rejected == {"unknown_parameter": 1, "bad_value": 1} == count_reasons([decoded])


@given(
    content=st.binary(min_size=1, max_size=300),
    topic=st.sampled_from([TOPIC, "obs/v1/voc/st-1/gc1/hj212", "obs/v1//"]) | st.text(),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_any_topic_end_as_readings_or_rejections(
    settings: CollectorSettings, content: bytes, topic: str
) -> None:
    decoded = decode_and_validate(RawMessage(topic, content, NOW), settings)
    assert decoded.rejections or content.strip(b" \t\r\n\0") == b"[]"
    assert not decoded.readings


def check(**changed: object) -> bytes:
    body = {"at": HOUR.isoformat(), "kind": "span", "parameter": "benzene", "reference": 5.0, "response": 5.1} | changed
    return msgspec.json.encode(body)


def test_a_calibration_result_is_no_reading(settings: CollectorSettings) -> None:
    decoded = decode_and_validate(RawMessage("cal/v1/voc/st-1/gc1", check(), NOW), settings)
    assert (len(decoded.results), decoded.readings, decoded.rejections) == (1, [], [])
    (row,) = count_batch([decoded])
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
    decoded = decode_and_validate(RawMessage(topic, content, NOW), settings)
    assert reasons(tuple(decoded.rejections)) == [reason]
    assert not decoded.results


@given(
    content=st.binary(min_size=1, max_size=300), topic=st.sampled_from(["cal/v1/voc/st-1/gc1", "cal/v1/", "cal/v1//"])
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_on_a_calibration_topic_end_as_rejections(
    settings: CollectorSettings, content: bytes, topic: str
) -> None:
    decoded = decode_and_validate(RawMessage(topic, content, NOW), settings)
    assert decoded.rejections or content.strip(b" \t\r\n\0") == b"[]"


@pytest.mark.parametrize("topic", [TOPIC, "obs/v1/voc/st-1/gc1/hj212", "cal/v1/voc/st-1/gc1"])
def test_an_empty_payload_deletes_a_retained_message_and_is_counted(settings: CollectorSettings, topic: str) -> None:
    decoded = decode_and_validate(RawMessage(topic, b"", NOW), settings)
    assert (decoded.readings, decoded.rejections, decoded.results) == ([], [], [])
    (row,) = count_batch([decoded])
    assert (row.messages, row.deletions, row.rejected) == (1, 1, {})


def test_an_empty_payload_on_a_topic_of_an_unknown_station_is_refused(settings: CollectorSettings) -> None:
    decoded = decode_and_validate(RawMessage("obs/v1/voc/stranger/gc1/json", b"", NOW), settings)
    assert reasons(tuple(decoded.rejections)) == ["unknown_station"]


def test_one_message_cannot_flood_the_quarantine(settings: CollectorSettings) -> None:
    values = ",".join(f'"x{number}":1' for number in range(900))
    one = f'{{"start":"{HOUR.isoformat()}","values":{{{values}}}}}'
    decoded = decode_and_validate(RawMessage(TOPIC, f"[{','.join([one] * 50)}]".encode(), NOW), settings)
    assert len(decoded.rejections) == ENTRIES_MAX + 1
    assert (
        decoded.rejections[-1].detail
        == f"{50 * 900 - ENTRIES_MAX} more refused in this message: unknown_parameter {50 * 900 - ENTRIES_MAX}"
    )


def test_refused_readings_are_all_kept_since_the_reconciliation_counts_them(settings: CollectorSettings) -> None:
    many = ENTRIES_MAX + 500
    old = [payload(HOUR - timedelta(days=30, minutes=number), {"benzene": 1.0}) for number in range(many)]
    decoded = decode_and_validate(RawMessage(TOPIC, b"[" + b",".join(old) + b"]", NOW), settings)
    assert reasons(tuple(decoded.rejections)) == ["time_late"] * many


def test_times_are_moved_in_every_format_and_never_out_of_the_calendar(settings: CollectorSettings) -> None:
    message = RawMessage(TOPIC, payload(HOUR - timedelta(hours=8), {"benzene": 1.0}), NOW)
    (reading,) = decode_and_validate(message, settings, timedelta(hours=8)).readings
    assert reading.interval.start == HOUR
    for move in (timedelta(days=100_000), timedelta(days=10**8), -timedelta(days=10**8)):
        decoded = decode_and_validate(message, settings, move)
        assert decoded.readings == []
        assert reasons(tuple(decoded.rejections)) == ["bad_schema"]
