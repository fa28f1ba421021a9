from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calibration import CheckKind, CheckResult
from schemas.message import RawMessage, TopicError, calibration_topic, parse_calibration_topic
from sensors.calibration_v1 import decode, encode

TOPIC = parse_calibration_topic("cal/v1/gas/s1/a1")
AT = datetime(2026, 11, 1, 1, tzinfo=UTC)
FINITE = st.floats(min_value=1e-3, max_value=1e6)


def message(payload: bytes) -> RawMessage:
    return RawMessage(calibration_topic("gas", "s1", "a1"), payload, AT)


def sound(**changed: object) -> bytes:
    body = {
        "at": '"2026-11-01T09:00:00+08:00"', "kind": '"span"', "parameter": '"o3"', "reference": 300, "response": 310,
    } | changed  # fmt: skip
    return ("{" + ",".join(f'"{name}":{value}' for name, value in body.items()) + "}").encode()


def test_a_result_is_decoded_in_canonical_units() -> None:
    (result,) = decode(message(sound(reference=100, response=101, unit='"ppb"')), TOPIC).results
    assert (result.at, result.kind) == (AT, CheckKind.SPAN)
    assert result.reference == pytest.approx(196.18, abs=0.05)


def test_a_flow_check_is_in_litres_per_minute() -> None:
    body = sound(kind='"flow"', parameter='"pm25"', reference=16.67, response=16.5, unit='"L/min"')
    assert decode(message(body), TOPIC).results[0].reference == 16.67
    refused = decode(message(sound(kind='"flow"', parameter='"pm25"', unit='"ug/m3"')), TOPIC).rejections
    assert refused[0].reason == "bad_unit"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff", "bad_utf8"),
        (b"{", "not_json"),
        (b"7", "bad_schema"),
        (sound(kind='"multipoint"'), "bad_schema"),
        (sound(at='"2026-11-01T09:00:00"'), "bad_schema"),
        (sound(extra=1), "bad_schema"),
        (sound(parameter='"no_such"'), "unknown_parameter"),
        (sound(unit='"degC"'), "bad_unit"),
        (sound(reference=0), "bad_value"),
        (sound(station='"other"'), "topic_mismatch"),
    ],
)
def test_what_is_not_sound_is_refused_by_a_reason_of_the_closed_list(payload: bytes, reason: str) -> None:
    decoded = decode(message(payload), TOPIC)
    assert not decoded.results
    assert [item.reason.value for item in decoded.rejections] == [reason]


def test_one_bad_result_of_an_array_costs_only_itself() -> None:
    decoded = decode(message(b"[" + sound() + b"," + sound(reference=-1) + b"]"), TOPIC)
    assert (len(decoded.results), len(decoded.rejections)) == (1, 1)
    assert decoded.rejections[0].detail.startswith("result 1:")


@pytest.mark.parametrize("topic", ["cal/v1/gas/s1", "cal/v1/gas/s1/a1/json", "cal/v2/gas/s1/a1", "cal/v1/gas/S1/a1"])
def test_a_topic_that_does_not_follow_the_contract_raises(topic: str) -> None:
    with pytest.raises(TopicError):
        parse_calibration_topic(topic)


@given(st.sampled_from(CheckKind), FINITE, FINITE, st.text(max_size=20))
def test_decoding_gives_back_what_was_encoded(kind: CheckKind, reference: float, response: float, gas: str) -> None:
    result = CheckResult("gas", "s1", "a1", "o3", AT, kind, reference, response, gas)
    assert decode(message(encode([result])), TOPIC).results == [result]


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_without_an_error(payload: bytes) -> None:
    decode(message(payload), TOPIC)
