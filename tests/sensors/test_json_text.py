"""Messages as programs print them: what has one meaning is read, what has none costs no more than itself."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.message import RawMessage, Topic
from schemas.reading import RejectReason
from sensors import json_v1
from sensors.json_text import JsonError, read_json

if TYPE_CHECKING:
    from schemas.reading import Decoded

TOPIC = Topic("gas", "ln-sy-01", "gas1", "json")


def decoded(payload: bytes) -> Decoded:
    return json_v1.decode(RawMessage(str(TOPIC), payload, datetime(2026, 11, 22, 1, tzinfo=UTC)), TOPIC)


def with_values(values: str) -> bytes:
    return f'{{"start":"2026-11-22T08:00:00+08:00","values":{values}}}'.encode()


@pytest.mark.parametrize(
    ("printed", "value"),
    [("5.", 5.0), (".5", 0.5), ("+7", 7.0), ("-.5e1", -5.0), ("007", 7.0), ("012.50", 12.5), ("1.E+02", 100.0)],
)
def test_a_number_that_is_spelt_otherwise_is_that_number(printed: str, value: float) -> None:
    result = decoded(with_values(f'{{"o3":{printed},"no2":1}}'))
    assert result.readings[0].values == {"o3": value, "no2": 1.0}
    assert not result.rejections


@pytest.mark.parametrize(
    "word",
    ["nan", "-nan", "NAN", "inf", "-inf", "Infinity", "1.#QNAN", "-1.#IND", "1.#INF", "nan(ind)", "0x1F", "1.2.3", "--", "None", "****"],
)  # fmt: skip
def test_a_word_in_place_of_a_number_costs_that_value_only(word: str) -> None:
    result = decoded(with_values(f'{{"o3":{word},"no2":1}}'))
    assert result.readings[0].values == {"no2": 1.0}
    assert [(item.reason, item.parameter) for item in result.rejections] == [(RejectReason.BAD_VALUE, "o3")]


@pytest.mark.parametrize("values", ['{"o3":,"no2":1}', '{"no2":1,"o3": }', '{"o3":null,"no2":1,}'])
def test_an_absent_value_is_none_and_a_last_comma_is_passed_over(values: str) -> None:
    result = decoded(with_values(values))
    assert result.readings[0].values == {"no2": 1.0}
    assert not result.rejections


def test_a_status_without_quotes_is_seen() -> None:
    payload = with_values('{"o3":5.}').replace(b'"values"', b'"status":{"o3":D},"values"')
    assert decoded(payload).readings[0].status == {"o3": "D"}


@pytest.mark.parametrize(
    ("before", "after"), [(b"\xef\xbb\xbf", b""), (b"\xef\xbb\xbf\r\n", b"\r\n"), (b"", b"\0"), (b"\n ", b"\0\0\n")]
)
def test_a_byte_order_mark_and_the_end_of_a_text_in_c_cost_nothing(before: bytes, after: bytes) -> None:
    result = decoded(before + with_values('{"o3":5}') + after)
    assert result.readings[0].values == {"o3": 5.0}
    assert not result.rejections


def test_the_page_of_a_proxy_is_named_as_one() -> None:
    page = b"<!DOCTYPE html>\r\n<html><head><title>502 Bad Gateway</title></head><body>" + b"x" * 5_000
    (rejection,) = decoded(page).rejections
    assert rejection.reason is RejectReason.NOT_JSON
    assert rejection.detail.startswith("a page of HTML or XML '502 Bad Gateway': a proxy or portal")
    assert len(rejection.detail) < 200


@pytest.mark.parametrize("payload", [b'{"o3":1', b'{"o3":12,5}', b"o3=5", b'{"start":2026-11-22T08:00:00Z}'])
def test_what_has_no_one_meaning_is_not_json(payload: bytes) -> None:
    assert [item.reason for item in decoded(payload).rejections] == [RejectReason.NOT_JSON]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_read_as_the_standard_library_reads_it(document: object) -> None:
    text = json.dumps(document)
    assert json.dumps(read_json(text.encode())) == json.dumps(json.loads(text, parse_int=_as_read))


@given(st.text() | st.text('{}[]":,\\\\+.0 ntf-'))
def test_any_text_is_read_or_refused_by_the_one_error(text: str) -> None:
    try:
        read_json(text.encode("utf-8", "surrogatepass"))
    except JsonError as error:
        assert error.reason in {RejectReason.NOT_JSON, RejectReason.BAD_UTF8}  # noqa: PT017 - either is right


def _as_read(digits: str) -> float:
    return int(digits) if len(digits) <= 19 else float(digits)


@pytest.mark.parametrize("word", ["-inf", "-Infinity", "-1.#INF"])
def test_the_sign_of_an_infinity_is_kept(word: str) -> None:
    assert read_json(f"[{word}]".encode()) == [-math.inf]
