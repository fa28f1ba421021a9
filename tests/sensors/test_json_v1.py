from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.interval import Interval
from schemas.message import MAX_PAYLOAD_BYTES, RawMessage, Topic, parse_topic
from schemas.parameter import load_parameters
from schemas.reading import Decoded, Reading, RejectReason, Status
from sensors import json_v1
from sensors.json_salvage import salvage
from sensors.registry import decode
from tests.sensors.golden import case_names, read_case

RECEIVED_AT = datetime(2026, 11, 22, 0, 5, tzinfo=UTC)
TOPIC = Topic("gas", "ln-sy-01", "gas1", "json")
CODES = sorted(load_parameters())
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone follows


def decoded(payload: bytes) -> Decoded:
    return json_v1.decode(RawMessage(str(TOPIC), payload, RECEIVED_AT), TOPIC)


def reading_with(values: str, more: str = "") -> bytes:
    return f'{{"start":"2026-11-22T08:00:00+08:00","values":{values}{more}}}'.encode()


@pytest.mark.parametrize(
    ("payload", "refused"),
    [
        (reading_with('{"o3":1,"o3":2,"no2":3}'), [("bad_value", "o3")]),
        (reading_with('{"o3":1,"no2":3}', ',"status":{"o3":"D","o3":"N"}'), [("bad_status", "o3")]),
        (reading_with('{"o3":1,"no2":3}', ',"units":{"o3":"ppb","o3":"ug/m3"}'), [("bad_unit", "o3")]),
        (b"[" + reading_with('{"no2":3}') + b"," + reading_with('{"o3":1,"o3":2}') + b"]", [("bad_value", "o3")]),
    ],
)
def test_a_key_with_two_values_costs_its_parameter(payload: bytes, refused: list[tuple[str, str]]) -> None:
    result = decoded(payload)
    assert [reading.values for reading in result.readings] == [{"no2": 3.0}]
    assert [(item.reason, item.parameter) for item in result.rejections] == refused
    assert "occurs twice" in result.rejections[0].detail


@pytest.mark.parametrize("more", [',"values":{"no2":3}', ',"start":"2026-11-22T09:00:00+08:00"', ',"seq":1,"seq":2'])
def test_a_field_with_two_values_costs_the_reading(more: str) -> None:
    result = decoded(reading_with('{"o3":1}', more))
    assert result.readings == []
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_SCHEMA]


@pytest.mark.parametrize(
    "payload",
    [
        reading_with('{"o3":1,"o3":1}'),
        reading_with('{"o3":1}', ',"seq":1,"seq":1'),
        reading_with('{"o3":1}', ',"end":null,"station":null,"units":null,"status":null'),
        reading_with('{"o3":1,"no2":null}', ',"station":"ln-sy\\u002d01"'),
    ],
)
def test_repeated_equal_fields_nulls_and_escapes_are_read(payload: bytes) -> None:
    result = decoded(payload)
    assert (result.readings[0].values, result.rejections) == ({"o3": 1.0}, [])


@pytest.mark.parametrize(("text", "seq"), [("5.0", 5), ("5e0", 5), ("9007199254740992.0", 2**53), ("0.0", 0)])
def test_a_whole_number_is_a_seq_however_it_is_written(text: str, seq: int) -> None:
    (reading,) = decoded(reading_with('{"o3":1}', f',"seq":{text}')).readings
    assert (reading.seq, reading.values) == (seq, {"o3": 1.0})


@pytest.mark.parametrize("text", ["5.5", "1e16", "-1.0", "true", "NaN"])
def test_a_number_that_counts_nothing_is_no_seq(text: str) -> None:
    assert [item.reason for item in decoded(reading_with('{"o3":1}', f',"seq":{text}')).rejections] == ["bad_schema"]


@pytest.mark.parametrize("value", ["NaN", '"---"', "true", "1e99"])
def test_a_status_of_a_value_that_is_no_number_is_kept(value: str) -> None:
    result = decoded(reading_with(f'{{"o3":{value},"no2":3}}', ',"status":{"o3":"D"}'))
    assert (result.readings[0].values, result.readings[0].status) == ({"no2": 3.0}, {"o3": "D"})
    assert [(item.reason, item.parameter) for item in result.rejections] == [("bad_value", "o3")]


@pytest.mark.parametrize("letter", [item.value for item in Status])
def test_a_small_status_letter_is_the_letter_as_in_hj_212(letter: str) -> None:
    found = [decoded(reading_with('{"o3":1}', f',"status":{{"o3":"{text}"}}')) for text in (letter, letter.lower())]
    assert found[0] == found[1]
    assert found[0].rejections == []


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (reading_with('{"o3":12,5}'), '\'5}}\' behind \'","values":{"o3":12,\': a decimal comma? expected a point'),
        (reading_with('{"o3":12,5,"no2":3}'), "a decimal comma? expected a point"),
        (2 * reading_with('{"o3":1}'), 'character 55: \'{"start"'),
        (
            reading_with('{"o3":1}') + b"\n" + reading_with('{"o3":1}'),
            "behind the end of the document, expected one object",
        ),
        ('{"start":"沈阳"}'.encode("gbk"), '(as GBK: \'{"start":"沈阳"}\'), expected UTF-8'),
    ],
)
def test_a_payload_that_cannot_be_read_is_refused_with_the_place(payload: bytes, words: str) -> None:
    result = decoded(payload)
    assert result.readings == []
    assert words in result.rejections[0].detail


@pytest.mark.parametrize("case", case_names("json_v1"))
def test_testcase_decodes_as_expected(case: str) -> None:
    message, expected = read_case("json_v1", case, RECEIVED_AT)
    assert msgspec.to_builtins(decode(message, parse_topic(message.topic))) == expected


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    start = draw(MOMENTS)
    length = draw(st.integers(0, 86_400))
    finite = st.floats(-1e9, 1e9).map(lambda value: round(value, 6) + 0.0)
    letters = st.sampled_from([letter.value for letter in Status if letter is not Status.NORMAL])
    return Reading(
        TOPIC.network,
        TOPIC.station_id,
        TOPIC.instrument_id,
        Interval(start, start + timedelta(seconds=length)),
        draw(st.dictionaries(st.sampled_from(CODES), finite, max_size=40)),
        draw(st.dictionaries(st.sampled_from(CODES), letters, max_size=5)),
        draw(st.none() | st.integers(0, 2**63 - 1)),
    )


@given(st.lists(readings(), min_size=1, max_size=4))
def test_what_was_encoded_decodes_to_the_same_readings(sent: list[Reading]) -> None:
    assert decoded(json_v1.encode_readings(sent)) == Decoded(sent, [])


@given(st.lists(readings(), min_size=1, max_size=4))
def test_both_ways_through_the_decoder_agree(sent: list[Reading]) -> None:
    payload = json_v1.encode_readings(sent)
    assert salvage(payload, TOPIC) == decoded(payload)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_decoder_raise(payload: bytes) -> None:
    result = decoded(payload)
    assert result.readings or result.rejections or payload.strip(b" \t\r\n\0") == b"[]"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["start", "end", "seq", "values", "units", "status", "station", "instrument", "other"])
NEARLY = st.fixed_dictionaries(
    {"start": st.sampled_from(["2026-11-22T00:00:00Z", "2026-11-22", "", 3])},
    optional={
        "values": st.dictionaries(st.sampled_from(["o3", "no2", "x\ud800"]), JSON_VALUES, max_size=3),
        "units": st.dictionaries(st.sampled_from(["o3", "y"]), JSON_VALUES, max_size=2),
        "status": st.dictionaries(st.sampled_from(["o3", "z"]), JSON_VALUES, max_size=2),
        "seq": JSON_VALUES,
        "end": JSON_VALUES,
    },
)


@settings(max_examples=300)
@given(NEARLY | st.lists(NEARLY | JSON_VALUES, max_size=4) | st.dictionaries(KEYS, JSON_VALUES, max_size=6))
def test_any_json_gives_finite_values_and_rejections_that_can_be_stored(document: object) -> None:
    result = decoded(json.dumps(document).encode())
    for reading in result.readings:
        assert all(math.isfinite(value) for value in reading.values.values())
        assert set(reading.values) | set(reading.status) <= set(CODES)
    for rejection in result.rejections:
        assert f"{rejection.detail}{rejection.parameter}".encode().isascii() or rejection.detail.isprintable()


@settings(deadline=None)
@given(st.sampled_from(["[", "{", '{"values":', '[{"start":', '"', "9", "\\", ",", '{"a":{"o3":']))
def test_a_mebibyte_of_the_same_never_crashes(piece: str) -> None:
    result = decoded((piece * MAX_PAYLOAD_BYTES).encode()[:MAX_PAYLOAD_BYTES])
    assert [rejection.reason for rejection in result.rejections] in ([RejectReason.NOT_JSON], [RejectReason.BAD_SCHEMA])


def test_a_payload_over_the_limit_is_too_large_even_if_it_is_not_json() -> None:
    result = decoded(b"[" * (10 * MAX_PAYLOAD_BYTES))
    assert [rejection.reason for rejection in result.rejections] == [RejectReason.TOO_LARGE]


@pytest.mark.parametrize("number", ["1e308", "-1.7e308", "9.96921e36", "1e20", "-1.0000001e15", "99999999999999999999"])
def test_a_finite_number_that_no_instrument_shows_is_refused(number: str) -> None:
    result = decoded(reading_with(f'{{"o3":{number},"no2":20.5}}'))
    assert result.readings[0].values == {"no2": 20.5}
    assert [(item.reason, item.parameter) for item in result.rejections] == [(RejectReason.BAD_VALUE, "o3")]
    assert "expected an amount of at most 1e+15" in result.rejections[0].detail


def test_values_at_the_bound_are_kept_however_many_they_are() -> None:
    result = decoded(reading_with('{"o3":1e15,"no2":-1e15}'))
    assert result.readings[0].values == {"o3": 1e15, "no2": -1e15}
    assert not result.rejections


def test_one_bad_value_leaves_the_others_and_is_named_with_place_and_expectation() -> None:
    result = decoded(reading_with('{"o3":"61","no2":20.5}', ',"seq":7'))
    assert result.readings[0].values == {"no2": 20.5}
    assert result.readings[0].seq == 7
    (rejection,) = result.rejections
    assert rejection.reason is RejectReason.BAD_VALUE
    assert rejection.parameter == "o3"
    assert rejection.interval == result.readings[0].interval
    assert rejection.detail == "values.o3: '61', expected a finite number or null"


def test_a_reading_with_nothing_but_nulls_is_still_a_reading() -> None:
    result = decoded(reading_with('{"o3":null}', ',"seq":7'))
    assert (result.readings[0].values, result.readings[0].seq) == ({}, 7)
    assert not result.rejections


def test_a_reading_of_which_everything_was_refused_is_left_out() -> None:
    result = decoded(reading_with('{"o3":NaN}'))
    assert not result.readings
    assert len(result.rejections) == 1


def test_a_number_of_ten_thousand_digits_is_a_bad_value() -> None:
    result = decoded(reading_with('{"o3":' + "9" * 10_000 + ',"no2":1}'))
    assert result.readings[0].values == {"no2": 1.0}
    assert result.rejections[0].reason is RejectReason.BAD_VALUE


def test_an_array_of_more_readings_than_fit_is_one_rejection() -> None:
    result = decoded(b"[" + b"1," * 30_000 + b"1]")
    assert [rejection.reason for rejection in result.rejections] == [RejectReason.BAD_SCHEMA]


def test_encoding_no_reading_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        json_v1.encode_readings([])


def test_a_value_of_nan_is_published_as_null() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    reading = Reading("gas", "ln-sy-01", "gas1", Interval(moment, moment), {"o3": math.nan})
    assert b'"o3":null' in json_v1.encode_readings([reading])


@pytest.mark.parametrize("padding", [0, 40_000])
def test_units_are_converted_the_same_however_they_are_spelt(padding: int) -> None:
    """Short ones are remembered by their bytes, long ones are read each time."""
    plain = decoded(reading_with('{"so2":10.0}', ',"units":{"so2":"ppb"}')).readings[0].values
    spelt = (
        decoded(reading_with('{"so2":10.0}', f',"units":{{ "so2" : {" " * padding}"p\\u0070b" }}')).readings[0].values
    )
    assert plain == spelt
    assert plain["so2"] > 20


def test_unit_that_is_no_text_is_refused_with_the_reason() -> None:
    result = decoded(reading_with('{"so2":10.0}', ',"units":{"so2":7}'))
    assert [item.reason for item in result.rejections] == [RejectReason.BAD_UNIT]


def test_bytes_that_are_not_utf8_inside_the_units_are_seen() -> None:
    payload = reading_with('{"so2":10.0}', ',"units":{"so2":"XX"}').replace(b"XX", b"\xff\xfe")
    assert [item.reason for item in decoded(payload).rejections] == [RejectReason.BAD_UTF8]
