from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.message import RawMessage, parse_topic
from schemas.network.file import NetworkFileError, parse_network
from schemas.reading import RejectReason, Status
from sensors.hj212.decoder import decode as decode_hj212
from sensors.hj212.frame import Frame, encode_frame
from sensors.network_file import network_toml
from sensors.registry import decode
from tests.sensors.golden import case_names, read_case
from tests.sensors.hj212.build import MN, NETWORK_TOML, RECEIVED_AT, build_frame, decoded, frame, network

FIVE = "DataTime=20261122085500;"


def reasons(payload: bytes, instrument: str = "gas1", code: str = "gas") -> list[RejectReason]:
    return [item.reason for item in decoded(payload, instrument, code).rejections]


@pytest.mark.parametrize("case", case_names("hj212"))
def test_testcase_decodes_as_expected(case: str) -> None:
    message, expected = read_case("hj212", case, RECEIVED_AT)
    assert msgspec.to_builtins(decode(message, parse_topic(message.topic), network())) == expected


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
    for payload in (first + second, second + first):
        (reading,) = decoded(payload).readings
        assert reading.values == {"so2": 6.0, "pm25": 14.0}


@pytest.mark.parametrize("qn", ["20261122085500000", ""])
def test_halves_of_two_uploads_in_one_payload_are_not_mixed(qn: str) -> None:
    def part(number: str, content: str) -> bytes:
        header = {"QN": qn} if qn else {}
        more = {"ST": "22", "CN": "2051", "PW": "1", "MN": MN, "Flag": "7", "PNUM": "2", "PNO": number}
        return encode_frame(Frame({**header, **more}, content.encode())) + b"\r\n"

    later = part("1", "DataTime=20261122090000;a21026-Avg=20") + part("2", "a34004-Avg=40")
    result = decoded(part("2", "a34004-Avg=350") + later)
    assert [reading.values for reading in result.readings] == [{"so2": 20.0, "pm25": 40.0}]
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_FRAME]


def packet(number: int, content: str, total: int = 2, **names: str) -> bytes:
    header = {"QN": "20261122085500000", "ST": "22", "CN": "2051", "PW": "1", "MN": MN, "Flag": "7"} | names
    more = {"PNUM": str(total), "PNO": str(number)}
    return encode_frame(Frame({**header, **more}, content.encode())) + b"\r\n"


A1, A2 = packet(1, FIVE + "a21026-Avg=6"), packet(2, "a34004-Avg=14")
B1, B2 = packet(1, "DataTime=20261122090000;a21026-Avg=20"), packet(2, "a34004-Avg=40")


@pytest.mark.parametrize("payload", [A1 + B1 + A2 + B2, A1 + B1 + B2 + A2, B1 + A1 + A2 + B2])
def test_two_uploads_of_one_request_number_that_are_mixed_are_refused_with_every_part(payload: bytes) -> None:
    result = decoded(payload)
    assert result.readings == []
    assert {item.reason for item in result.rejections} == {RejectReason.BAD_FRAME}
    assert "two uploads of the same QN are mixed" in "".join(item.detail for item in result.rejections)
    assert len(result.rejections) == 4


def test_an_upload_behind_half_of_another_is_joined_where_each_part_names_its_time() -> None:
    result = decoded(A1 + B1 + packet(2, "DataTime=20261122090000;a34004-Avg=40"))
    assert [reading.values for reading in result.readings] == [{"so2": 20.0, "pm25": 40.0}]
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_FRAME]
    assert decoded(A1 + B1 + B2).readings == []


@pytest.mark.parametrize("payload", [A1 + A2 + A1, A1 + A1 + A2, A1 + A2 + A2, A2 + A1 + A2, A1 + A2 + A1 + A2])
def test_a_part_that_a_payload_repeats_is_a_copy_and_no_loss(payload: bytes) -> None:
    result = decoded(payload)
    assert [reading.values for reading in result.readings] == [{"so2": 6.0, "pm25": 14.0}]
    assert result.rejections == []


@pytest.mark.parametrize("cut", range(len("a21026-Flag=D") - 1))
def test_a_name_that_is_cut_by_the_end_of_a_packet_is_put_together(cut: int) -> None:
    head, tail = "a21026-Flag=D"[:cut], "a21026-Flag=D"[cut:]
    payload = packet(1, f"{FIVE}a34004-Avg=14;a21026-Avg=6,{head}") + packet(2, f"{tail};StationName=x")
    (reading,) = decoded(payload).readings
    assert (reading.values, reading.status) == ({"pm25": 14.0, "so2": 6.0}, {"so2": "D"})


@pytest.mark.parametrize("text", ["12;5", "12;.5", "12;5e3", "12; 5", "12;-5", "12;5;3"])
def test_figures_behind_a_semicolon_belong_to_the_number_before(text: str) -> None:
    result = decoded(frame(f"{FIVE}a34004-Avg=14;a21026-Avg={text}"))
    assert result.readings[0].values == {"pm25": 14.0}
    assert [(item.reason, item.parameter) for item in result.rejections] == [(RejectReason.BAD_VALUE, "a21026")]


@pytest.mark.parametrize("value", ["---", "NaN", "", "1e99", "a"])
def test_a_status_of_a_value_that_is_no_number_is_kept(value: str) -> None:
    result = decoded(frame(f"{FIVE}a34004-Avg=14;a21026-Avg={value},a21026-Flag=D"))
    assert (result.readings[0].values, result.readings[0].status) == ({"pm25": 14.0}, {"so2": "D"})
    assert [(item.reason, item.parameter) for item in result.rejections] == (
        [(RejectReason.BAD_VALUE, "a21026")] if value else []
    )


@pytest.mark.parametrize("behind", [b"\r\nOK\r\n", b"\r\n+IPD,12:", b"text", b"\r\n#"])
def test_text_behind_a_whole_frame_is_refused_and_costs_no_frame(behind: bytes) -> None:
    result = decoded(SOUND[:-2] + behind)
    assert [reading.values for reading in result.readings] == [{"so2": 6.0}]
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_FRAME]


@pytest.mark.parametrize(
    ("head", "tail"), [("12", ".5"), ("1", "2"), ("12,a21026-Flag=", "D"), ("12.", "5,a21026-Flag=N")]
)
def test_a_field_that_is_cut_by_the_end_of_a_packet_is_no_number(head: str, tail: str) -> None:
    first = frame(f"{FIVE}a34004-Avg=14;a21026-Avg={head}", flag=7, PNUM="2", PNO="1")
    second = frame(tail, flag=7, PNUM="2", PNO="2")
    result = decoded(first + second)
    assert result.readings[0].values == {"pm25": 14.0}
    assert [item.parameter for item in result.rejections] == ["a21026"]


@pytest.mark.parametrize("name", ["-Flag", "-flag", "-FLAG", "_Flag", "Flag", "_flag"])
@pytest.mark.parametrize("letter", ["D", "d", "C", "c"])
def test_a_status_is_seen_under_every_spelling(name: str, letter: str) -> None:
    (reading,) = decoded(frame(f"{FIVE}a34004-Avg=14;a21026-Avg=6,a21026{name}={letter}")).readings
    assert reading.status == {"so2": letter.upper()}
    assert reading.values == {"so2": 6.0, "pm25": 14.0}


@pytest.mark.parametrize("name", ["-Avg-Flag", "--Flag", " Flag", "/Flag", "-Rtd-Flag"])
def test_a_status_belongs_to_its_factor_however_it_is_joined(name: str) -> None:
    (reading,) = decoded(frame(FIVE + f"a21026-Avg=6.5,a21026{name}=D")).readings
    assert reading.status == {"so2": "D"}


@pytest.mark.parametrize(
    "fields", ["a21026-Status=Fault", "a21026-Valid=0", "a21026-状态=2", "a21026-Flag=N,a21026-Status=D"]
)
def test_a_status_as_text_or_against_the_flag_refuses_the_value(fields: str) -> None:
    found = decoded(frame(FIVE + "a21026-Avg=6.5," + fields))
    assert found.readings == []
    assert [item.reason for item in found.rejections] == [RejectReason.BAD_STATUS]


@pytest.mark.parametrize("fields", ["A21026-Flag=D", "a21026-Avg= 6 ,a21026-Flag= D ", "A21026-AVG=6;a21026-FLAG=D"])
def test_a_code_is_one_factor_in_small_and_capital_letters(fields: str) -> None:
    avg = "" if "vg" in fields.lower() else "a21026-Avg=6,"
    (reading,) = decoded(frame(f"{FIVE}{avg}{fields}")).readings
    assert (reading.values, reading.status) == ({"so2": 6.0}, {"so2": "D"})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("a21026-Avg=6,a21026-Flag=X", RejectReason.BAD_STATUS), ("a21026-Avg=6,a21026-Flag=1", RejectReason.BAD_STATUS),
        ("a21026-Avg=6,a21026-flag=", RejectReason.BAD_STATUS), ("a21026-Avg=6,a21026-State=D", RejectReason.BAD_STATUS),
        ("a21026-Avg=6,a21026-Flag=N,a21026-flag=D", RejectReason.BAD_STATUS), ("a21026-Avg=6;Flag=正常", RejectReason.BAD_STATUS),
        ("a21026-Avg=6;Flag=N;Flag=D", RejectReason.BAD_STATUS),
    ],
)  # fmt: skip
def test_a_value_with_a_status_that_is_none_is_never_stored_as_good(fields: str, reason: RejectReason) -> None:
    result = decoded(frame(FIVE + fields))
    assert result.readings == []
    assert [item.reason for item in result.rejections] == [reason]


def test_a_status_of_the_whole_frame_is_that_of_every_factor_without_one() -> None:
    (reading,) = decoded(frame(FIVE + "a21026-Avg=6,a21026-Flag=N;a34004-Avg=14;Flag=M")).readings
    assert reading.status == {"pm25": "M"}


@pytest.mark.parametrize(
    "text",
    ["12,5", "0,98", "1,234.5", "12,,5", "12.5.1", "--", "<0.01", "12 ug/m3", "1e16", "9.96921e36", "NaN", "０.5"],
)
def test_a_number_that_is_not_whole_is_refused_and_never_cut(text: str) -> None:
    result = decoded(frame(f"{FIVE}a21026-Avg={text},a21026-Flag=N;a34004-Avg=14"))
    assert result.readings[0].values == {"pm25": 14.0}
    assert [(item.reason, item.parameter) for item in result.rejections] == [(RejectReason.BAD_VALUE, "a21026")]


def test_a_decimal_comma_at_the_end_of_a_factor_is_seen_too() -> None:
    assert reasons(frame(FIVE + "a21026-Flag=N,a21026-Avg=12,5")) == [RejectReason.BAD_VALUE]


@pytest.mark.parametrize("suffix", ["Rtd", "Min", "Max", "Cou", "ZsAvg", "td", "Data", "Value"])
def test_a_value_under_another_suffix_does_not_vanish(suffix: str) -> None:
    result = decoded(frame(f"{FIVE}a21026-{suffix}=12,a21026-Flag=N;a34004-Avg=14"))
    assert result.readings[0].values == {"pm25": 14.0}
    assert [(item.reason, item.parameter) for item in result.rejections] == [(RejectReason.BAD_SCHEMA, "a21026")]
    assert f"-{suffix}=12".casefold() in result.rejections[0].detail.casefold()


def test_the_network_file_names_the_suffix_of_a_devices_values() -> None:
    text = NETWORK_TOML.replace("cn = 2061\n", 'cn = 2061\nsuffix = "Rtd"\n')
    topic = parse_topic("obs/v1/gas/ln-sy-01/gas1-hour/hj212")
    payload = frame("DataTime=20261122080000;02-Rtd=0.006;02-Avg=9", cn=2061)
    found = decode_hj212(RawMessage(str(topic), payload, RECEIVED_AT), topic, parse_network(text, "n"))
    assert (found.readings[0].values, found.rejections) == ({"so2": 6.0}, [])
    assert parse_network(network_toml(parse_network(text, "n")), "again") == parse_network(text, "n")


@pytest.mark.parametrize("fields", ["Temp=25.3", "a21026=6", "State=D", "温度=25,3"])
def test_a_figure_under_a_name_that_is_no_factor_is_refused_by_its_name(fields: str) -> None:
    result = decoded(frame(f"{FIVE}a34004-Avg=14;{fields}"))
    assert result.readings[0].values == {"pm25": 14.0}
    assert [item.reason for item in result.rejections] == [RejectReason.UNKNOWN_PARAMETER]


def test_a_text_field_in_gbk_costs_nothing() -> None:
    payload = build_frame((FIVE + "StationName=沈阳;a21026-Avg=6").encode("gbk"))
    result = decoded(payload)
    assert result.readings[0].values == {"so2": 6.0}
    assert result.rejections == []


def test_a_piece_without_an_equals_sign_is_bad_content_and_costs_no_other_field() -> None:
    result = decoded(frame(FIVE + "a21026-Avg=6;garbage;a34004-Avg=14;;"))
    assert result.readings[0].values == {"so2": 6.0, "pm25": 14.0}
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_FRAME]


SOUND = frame(FIVE + "a21026-Avg=6")
LATER = frame("DataTime=20261122090000;a21026-Avg=7")


@pytest.mark.parametrize(
    "payload",
    [
        b"\r\n" + SOUND, b"\n\n" + SOUND + b"\n", b"\0 " + SOUND[:-2] + b"\0", b"\xef\xbb\xbf" + SOUND,
        SOUND[:-2] + b"\r\n\r\n", SOUND.replace(b"\r\n", b"\r"),
    ],
)  # fmt: skip
def test_what_is_blank_around_a_frame_is_passed_over(payload: bytes) -> None:
    result = decoded(payload)
    assert len(result.readings) == 1
    assert result.rejections == []


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\n", b"\r\n\r\n", b" \0"])
def test_frames_of_one_message_are_read_however_they_are_put_together(between: bytes) -> None:
    result = decoded(SOUND[:-2] + between + LATER[:-2])
    assert [reading.values["so2"] for reading in result.readings] == [6.0, 7.0]
    assert result.rejections == []


def test_bytes_outside_frames_are_refused_and_cost_no_frame() -> None:
    result = decoded(b"+CIPSEND\r\n" + SOUND + LATER)
    assert len(result.readings) == 2
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_FRAME]


def test_the_page_of_a_proxy_is_named_as_one() -> None:
    (rejection,) = decoded(b"<html><title>404 Not Found</title>## ##").rejections
    assert rejection.reason is RejectReason.BAD_FRAME
    assert rejection.detail.startswith("mark: a page of HTML or XML '404 Not Found'")


def test_a_hundred_unsound_frames_in_a_row_end_a_message() -> None:
    result = decoded(b"##0900" * 100_000)
    assert len(result.rejections) == 100


def test_other_kind_of_upload_gives_nothing_and_refuses_nothing() -> None:
    result = decoded(frame("DataTime=20261122080000;a21026-Avg=6", cn=2061))
    assert (result.readings, result.rejections) == ([], [])


def test_modbus_sum_is_for_devices_that_are_known_for_it() -> None:
    from sensors.hj212.crc import CrcKind

    def payload(mn: str, cn: str) -> bytes:
        return encode_frame(Frame({"ST": "22", "CN": cn, "MN": mn}, (FIVE + "a05001-Rtd=420").encode(), CrcKind.MODBUS))

    assert decoded(payload("GHG1", "2011"), "ghg1", "ghg").readings[0].values == {"co2": 420.0}
    assert reasons(payload(MN, "2051")) == [RejectReason.BAD_FRAME]


def test_plain_content_of_2025_is_read_and_ciphered_content_needs_its_cipher() -> None:
    class Bang:
        def decrypt(self, content: bytes) -> bytes:
            return content.removeprefix(b"!")

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
