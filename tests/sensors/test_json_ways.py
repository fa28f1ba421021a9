"""The fast and the tolerant way through a JSON message have one meaning."""

from __future__ import annotations

import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.message import Topic
from schemas.moment import BoundsError
from schemas.reading import Decoded, Reading
from sensors import json_v1
from sensors.json_salvage import salvage

TOPIC = Topic("gas", "ln-sy-01", "gas1", "json")

DATES = st.sampled_from(
    [
        "2026-11-22",
        "20261122",
        "2026-W47-7",
        "2026W477",
        "2026-326",
        "2028-02-29",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
    ]
)
CLOCKS = st.sampled_from(
    [
        "08:00:00",
        "08:00",
        "080000",
        "08",
        "24:00:00",
        "24:00",
        "23:59:60",
        "23:59:59",
        "00:00:00",
        "08:00:01",
        "8:00:00",
    ]
)
FRACTIONS = st.just("") | st.text("0123456789", max_size=12).flatmap(
    lambda digits: st.sampled_from([f".{digits}", f",{digits}"])
) | st.sampled_from([".9999999", ".99999949", ".9999995", ".0000005", ".123456789"])  # fmt: skip
OFFSETS = st.sampled_from(
    [
        "Z",
        "z",
        "+08:00",
        "+0800",
        "+08",
        "-00:00",
        "+23:59",
        "-23:59",
        "+24:00",
        "+08:00:30",
        " Z",
        "",
        "+5:30",
        "[UTC]",
    ]
)
MOMENTS = st.builds(
    lambda date, between, clock, fraction, offset: f"{date}{between}{clock}{fraction}{offset}",
    DATES, st.sampled_from(["T", "T", "t", " ", "_"]), CLOCKS, FRACTIONS, OFFSETS,
) | st.sampled_from(["now", "", "2026-11-22", "1795737600", "\\ud800", "2026-11-22T08:00:00+08:00\\u0000"])  # fmt: skip
NUMBERS = st.sampled_from(
    ["5", "5.0", "-0", "-0.0", "1e15", "1.0000000000000002e15", "1e-400", "5e-324", "0.1e1", "1E+2", "9007199254740993",
     "99999999999999999999", "1e400", "1e308", "null", "true", '"5"', "nan", "5.", ".5", "+7", "007", "NaN", "[]"],
) | st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.integers().map(str)  # fmt: skip
CODES = st.sampled_from(["o3", "no2", "o3", "pm25", "ozone", "O3", "\\u006f3", "臭氧", "\\ud800"])
TEXTS = st.sampled_from(["ppb", "µg/m³", "ug/m3", "PPB", "\\u0070pb", "N", "D", "d", "x", "ln-sy-01", "gas1", ""])
SEQS = st.sampled_from(["0", "7", "-1", "7.0", "1e3", "9223372036854775807", "9223372036854775808", "null", "true"])


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"


def _quoted(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return text.map(lambda inner: f'"{inner}"')


VALUES = st.lists(st.tuples(CODES, NUMBERS), max_size=4).map(_object)
NAMED = st.lists(st.tuples(CODES, _quoted(TEXTS)), max_size=3).map(_object)
FIELDS = st.one_of(
    st.tuples(st.just("start"), _quoted(MOMENTS)), st.tuples(st.just("end"), _quoted(MOMENTS) | st.just("null")),
    st.tuples(st.just("values"), VALUES), st.tuples(st.sampled_from(["units", "status"]), NAMED | st.just("null")),
    st.tuples(st.just("seq"), SEQS), st.tuples(st.sampled_from(["station", "instrument", "other"]), _quoted(TEXTS)),
)  # fmt: skip
SOUND = st.just([("start", '"2026-11-22T08:00:00+08:00"'), ("values", '{"o3":1}')])
READINGS = st.builds(lambda first, more: _object([*first, *more]), SOUND | st.just([]), st.lists(FIELDS, max_size=4))
MESSAGES = READINGS | st.lists(READINGS, max_size=3).map(lambda items: "[" + ",".join(items) + "]")


def fast(payload: bytes) -> list[Reading] | None:
    """What the fast way alone makes of a message; None where it hands it over."""
    try:
        return [json_v1._reading(wire, TOPIC) for wire in json_v1._parse(payload)]
    except (json_v1._UnsoundError, BoundsError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@pytest.mark.slow
@settings(max_examples=1_500, deadline=None)
@given(MESSAGES)
def test_what_the_fast_way_accepts_the_tolerant_way_reads_the_same(text: str) -> None:
    payload = text.encode("utf-8", "surrogatepass")
    found = fast(payload)
    if found is not None:
        careful = salvage(payload, TOPIC)
        assert careful == Decoded(found, [])
        assert _signs(careful.readings) == _signs(found)


@settings(max_examples=500, deadline=None)
@given(MOMENTS)
def test_a_time_is_the_same_moment_in_a_sound_message_and_next_to_an_unsound_value(moment: str) -> None:
    def starts(values: str) -> list[object]:
        payload = f'{{"start":"{moment}","values":{values}}}'.encode()
        return [reading.interval for reading in salvage(payload, TOPIC).readings]

    sound = fast(f'{{"start":"{moment}","values":{{"no2":1}}}}'.encode())
    if sound is not None:
        assert starts('{"no2":1,"o3":nan}') == [reading.interval for reading in sound]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**25), 10**25))
def test_a_number_is_the_same_float_both_ways(number: float) -> None:
    payload = f'{{"start":"2026-11-22T08:00:00Z","values":{{"o3":{json.dumps(number)}}}}}'.encode()
    found = fast(payload)
    if found is not None:
        assert salvage(payload, TOPIC).readings == found
        assert found[0].values["o3"] == float(number)


def _signs(readings: list[Reading]) -> list[float]:
    return [math.copysign(1.0, value) for reading in readings for value in reading.values.values()]
