from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.message import RawMessage, parse_topic
from schemas.network import NetworkFileError, parse_network
from schemas.reading import RejectReason, Status
from sensors.hj212.decoder import decode as decode_hj212
from sensors.network_file import network_toml
from sensors.registry import decode
from tests.sensors.hj212.build import MN, NETWORK_TOML, RECEIVED_AT, decoded, frame, network

TESTCASES = Path(__file__).parents[2] / "testcases" / "hj212"
FIVE = "DataTime=20261122085500;"


def reasons(payload: bytes, instrument: str = "gas1", code: str = "gas") -> list[RejectReason]:
    return [item.reason for item in decoded(payload, instrument, code).rejections]


@pytest.mark.parametrize("case", sorted(path.name for path in TESTCASES.iterdir()))
def test_testcase_decodes_as_expected(case: str) -> None:
    folder = TESTCASES / case
    topic = (folder / "topic.txt").read_text(encoding="utf-8").strip()
    message = RawMessage(topic, (folder / "payload.bin").read_bytes(), RECEIVED_AT)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert msgspec.to_builtins(decode(message, parse_topic(topic), network())) == expected


def test_data_time_is_the_start_of_the_interval_in_the_zone_of_the_network() -> None:
    (reading,) = decoded(frame(FIVE + "a21026-Avg=6.5,a21026-Flag=N")).readings
    assert reading.interval.start == datetime(2026, 11, 22, 0, 55, tzinfo=UTC)
    assert reading.interval.end == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert reading.values == {"so2": 6.5}


def test_hour_begins_at_data_time_and_real_time_data_have_no_length() -> None:
    (hour,) = decoded(frame("DataTime=20261122080000;02-Avg=0.006", cn=2061), "gas1-hour").readings
    assert (hour.interval.start.hour, hour.interval.end.hour, hour.values) == (0, 1, {"so2": 6.0})
    (instant,) = decoded(frame("DataTime=20261122080001;a05001-Rtd=420", cn=2011, mn="GHG1"), "ghg1", "ghg").readings
    assert instant.interval.start == instant.interval.end


def test_day_is_a_civil_day_of_the_network() -> None:
    network_of_voc = NETWORK_TOML.replace(
        'mn = "VOC1"\ncn = 2031', 'mn = "VOC1"\ncn = 2031\nfactors = { x = { parameter = "benzene", unit = "ug/m3" } }'
    )
    topic = parse_topic("obs/v1/voc/ln-sy-01/voc-day/hj212")
    payload = frame("DataTime=20261121000000;x-Avg=1", cn=2031, mn="VOC1")
    found = decode_hj212(RawMessage(str(topic), payload, RECEIVED_AT), topic, parse_network(network_of_voc, "n"))
    assert found.readings[0].interval.start == datetime(2026, 11, 20, 16, tzinfo=UTC)
    assert found.readings[0].interval.end == datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.mark.parametrize("letter", [item for item in Status if item is not Status.NORMAL])
def test_letter_of_the_device_becomes_the_status(letter: Status) -> None:
    (reading,) = decoded(frame(FIVE + f"a21026-Avg=6.5,a21026-Flag={letter}")).readings
    assert reading.status == {"so2": letter.value}


def test_each_instrument_of_a_device_takes_its_own_factors() -> None:
    payload = frame(FIVE + "a21026-Avg=6;a01001-Avg=21.5;a01006-Avg=101.3;LA-Avg=50")
    gas, met = decoded(payload), decoded(payload, "met1", "met")
    assert gas.readings[0].values == {"so2": 6.0}
    assert met.readings[0].values == pytest.approx({"temperature": 21.5, "pressure": 1013.0})
    assert gas.rejections == met.rejections == []


@pytest.mark.parametrize(
    ("payload", "instrument", "reason"),
    [
        (frame(FIVE + "a34002-Avg=31"), ("gas1", "gas"), RejectReason.BAD_UNIT),
        (frame(FIVE + "a21005-Avg=0.4"), ("gas1", "gas"), RejectReason.BAD_UNIT),
        (frame(FIVE + "a05002-Rtd=1.9", cn=2011, mn="GHG1"), ("ghg1", "ghg"), RejectReason.BAD_UNIT),
        (frame(FIVE + "a25002-Avg=1", cn=2031, mn="VOC1"), ("voc-day", "voc"), RejectReason.BAD_UNIT),
        (frame(FIVE + "a24001-Avg=1", cn=2031, mn="VOC1"), ("voc-day", "voc"), RejectReason.UNKNOWN_PARAMETER),
        (frame(FIVE + "a99999-Avg=1"), ("gas1", "gas"), RejectReason.UNKNOWN_PARAMETER),
        (frame(FIVE + "a21026-Avg=nan"), ("gas1", "gas"), RejectReason.BAD_VALUE),
        (frame(FIVE + "a21026-Avg=1_0"), ("gas1", "gas"), RejectReason.BAD_VALUE),
        (frame(FIVE + "a21026-Avg=1e999"), ("gas1", "gas"), RejectReason.BAD_VALUE),
        (frame(FIVE + "a21026-Avg=1,a21026-Avg=2"), ("gas1", "gas"), RejectReason.BAD_VALUE),
        (frame(FIVE + "a21026-Avg=1,a21026-Flag=X"), ("gas1", "gas"), RejectReason.BAD_STATUS),
        (frame("a21026-Avg=1"), ("gas1", "gas"), RejectReason.BAD_SCHEMA),
        (frame("DataTime=20261322085500;a21026-Avg=1"), ("gas1", "gas"), RejectReason.BAD_SCHEMA),
        (frame("DataTime=00010101000000;a21026-Avg=1"), ("gas1", "gas"), RejectReason.BAD_SCHEMA),
        (frame("DataTime=99991231235959;a21026-Avg=1", cn=2061), ("gas1-hour", "gas"), RejectReason.BAD_SCHEMA),
        (frame(FIVE, cn=2021), ("gas1", "gas"), RejectReason.BAD_SCHEMA),
        (frame(FIVE + "a21026-Avg=1", mn="GHG1"), ("gas1", "gas"), RejectReason.TOPIC_MISMATCH),
        (frame("\x01\x02\x03", flag=9), ("gas1", "gas"), RejectReason.BAD_FRAME),
        (frame(FIVE + "a21026-Avg=1", flag=7, PNUM="2", PNO="1"), ("gas1", "gas"), RejectReason.BAD_FRAME),
        (b"", ("gas1", "gas"), RejectReason.BAD_FRAME),
        (b"#" * (2 << 20), ("gas1", "gas"), RejectReason.TOO_LARGE),
    ],
)
def test_unsound_thing_is_refused_with_its_reason(
    payload: bytes, instrument: tuple[str, str], reason: RejectReason
) -> None:
    result = decoded(payload, *instrument)
    assert [item.reason for item in result.rejections] == [reason]
    assert result.readings == []


def test_one_bad_factor_leaves_the_others() -> None:
    result = decoded(frame(FIVE + "a21026-Avg=6;a21004-Avg=x;a34004-Avg=14"))
    assert result.readings[0].values == {"so2": 6.0, "pm25": 14.0}
    assert [(item.parameter, item.reason) for item in result.rejections] == [("a21004", RejectReason.BAD_VALUE)]


def test_packets_of_one_payload_are_joined_in_their_order() -> None:
    first = frame(FIVE + "a21026-Avg=6", flag=7, PNUM="2", PNO="1")
    second = frame("a34004-Avg=14", flag=7, PNUM="2", PNO="2")
    (reading,) = decoded(second + first).readings
    assert reading.values == {"so2": 6.0, "pm25": 14.0}


def test_other_kind_of_upload_gives_nothing_and_refuses_nothing() -> None:
    result = decoded(frame("DataTime=20261122080000;a21026-Avg=6", cn=2061))
    assert (result.readings, result.rejections) == ([], [])


def test_modbus_sum_is_for_devices_that_are_known_for_it() -> None:
    from sensors.hj212.crc import CrcKind
    from sensors.hj212.frame import Frame, encode_frame

    def payload(mn: str, cn: str) -> bytes:
        return encode_frame(Frame({"ST": "22", "CN": cn, "MN": mn}, (FIVE + "a05001-Rtd=420").encode(), CrcKind.MODBUS))

    assert decoded(payload("GHG1", "2011"), "ghg1", "ghg").readings[0].values == {"co2": 420.0}
    assert reasons(payload(MN, "2051")) == [RejectReason.BAD_FRAME]


def test_plain_content_of_2025_is_read_and_ciphered_content_needs_its_cipher() -> None:
    class Bang:
        def decrypt(self, content: bytes) -> bytes:
            return content.removeprefix(b"!")

        def encrypt(self, content: bytes) -> bytes:
            return b"!" + content

    content = FIVE + "a21026-Avg=6"
    assert decoded(frame(content, flag=9)).readings[0].values == {"so2": 6.0}
    topic = parse_topic("obs/v1/gas/ln-sy-01/gas1/hj212")
    message = RawMessage(str(topic), frame("!" + content, flag=9), RECEIVED_AT)
    assert decode_hj212(message, topic, network()).rejections[0].reason is RejectReason.BAD_FRAME
    assert decode_hj212(message, topic, network(), cipher=Bang()).readings[0].values == {"so2": 6.0}


CONTENTS = st.lists(
    st.tuples(
        st.sampled_from(["DataTime", "a21026-Avg", "a21026-Flag", "a34004-Avg", "a1-Avg", "PolId", "-", "x\ud800-Avg"]),
        st.sampled_from(["20261122085500", "6", "N", "-1e3", "", "D"]) | st.text(max_size=12),
    ),
    max_size=12,
).map(lambda fields: ";".join(f"{name}={value}" for name, value in fields).encode("utf-8", "replace").decode())


@given(CONTENTS, st.sampled_from([2051, 2011, 2061, 9011]))
def test_any_content_gives_finite_values_and_rejections_that_can_be_shown(content: str, cn: int) -> None:
    result = decoded(frame(content, cn=cn))
    assert all(math.isfinite(value) for reading in result.readings for value in reading.values.values())
    assert all(item.detail.isprintable() for item in result.rejections)


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_raise(payload: bytes) -> None:
    assert decoded(payload).rejections


def test_instrument_without_a_table_refuses_frames() -> None:
    topic = parse_topic("obs/v1/gas/ln-sy-01/gas9/hj212")
    message = RawMessage(str(topic), frame(FIVE), RECEIVED_AT)
    assert decode(message, topic, network()).rejections[0].reason is RejectReason.BAD_SCHEMA
    assert decode(message, topic).rejections[0].reason is RejectReason.BAD_SCHEMA


def test_network_file_is_written_as_it_was_read() -> None:
    assert parse_network(network_toml(network()), "again") == network()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("cn = 2061", "cn = 2062", "hj212.cn"),
        ("minute_interval = 5", "", "needs minute_interval"),
        ('mn = "GHG1"', 'mn = "a;b"', "hj212.mn"),
        ('unit = "ppm"', 'unit = "furlong"', "furlong"),
        ('parameter = "co2"', 'parameter = "n2o"', "one of the instrument's"),
        ('mn = "VOC1"', f'mn = "{MN}"', "another station, password"),
        ("cn = 2061", "cn = 2051\nminute_interval = 5", "already goes to another instrument"),
        ('ignore = ["LA"', 'ignore = ["a21026"', "is also to be ignored"),
        ('ignore = ["LA"', 'ignroe = ["LA"', "unknown field"),
    ],
)
def test_wrong_table_is_refused_with_its_place(old: str, new: str, expected: str) -> None:
    with pytest.raises(NetworkFileError, match=r"n\.toml") as caught:
        parse_network(NETWORK_TOML.replace(old, new, 1), "n.toml")
    assert expected in str(caught.value)
