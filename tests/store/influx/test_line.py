from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.interval import Interval
from schemas.reading import Reading
from store.error import LineError
from store.influx.line import encode_reading, encode_readings, quote_text, series_key, to_nanoseconds
from tests.store.influx.line_parser import parse_line

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: No backslash: line protocol cannot distinguish one before a comma from an escape. No quote: the parser here is no match for one in a key.
NAMES = st.text(st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters='\\"'), min_size=1, max_size=12)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes naive bounds


def reading(values: dict[str, float], status: dict[str, str] | None = None) -> Reading:
    return Reading("gas", "ln-sy-01", "so2-1", Interval(NOON, NOON), values, status or {})


def test_a_reading_is_one_wide_line_with_sorted_tags() -> None:
    line = encode_reading(reading({"so2": 7.5, "no": 1.0}, {"no": "C"}))
    assert line == b'gas,instrument=so2-1,station=ln-sy-01 so2=7.5,no=1.0,no__status="C" 1795348800000000000'


def test_status_n_is_written_where_it_is_given_so_that_it_replaces_another() -> None:
    assert b'so2__status="N"' in (encode_reading(reading({"so2": 1.0}, {"so2": "N"})) or b"")
    assert b"__status" not in (encode_reading(reading({"so2": 1.0})) or b"")


def test_a_status_without_a_value_is_written() -> None:
    line = encode_reading(reading({}, {"so2": "D"}))
    assert line is not None
    assert parse_line(line)[2] == {"so2__status": "D"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_reading_without_any_field_gives_no_line(value: float) -> None:
    assert encode_readings([reading({}), reading({"so2": value})]) == []


def test_whole_numbers_stay_floats() -> None:
    assert b"so2=3.0 " in (encode_reading(reading({"so2": 3})) or b"")


@given(
    NAMES,
    NAMES,
    NAMES,
    st.dictionaries(NAMES, st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    MOMENTS,
)
def test_what_is_written_is_read_back_exactly(
    network: str, station: str, instrument: str, values: dict[str, float], at: datetime
) -> None:
    line = encode_reading(Reading(network, station, instrument, Interval(at, at), values))
    assert line is not None
    assert parse_line(line) == (network, {"instrument": instrument, "station": station}, values, to_nanoseconds(at))


def test_time_is_exact_to_the_microsecond_in_any_zone() -> None:
    moment = datetime(2026, 11, 22, 20, 0, 0, 123_457, tzinfo=timezone(timedelta(hours=8)))
    assert to_nanoseconds(moment) == 1795348800123457000


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "a\\"])
def test_names_that_line_protocol_cannot_carry_are_errors(name: str) -> None:
    with pytest.raises(LineError, match="expected text"):
        series_key("gas", (("station", "a"), (name or "", "x")))


def test_an_empty_tag_value_is_left_out() -> None:
    assert series_key("gas_flag", (("instrument", ""), ("station", "a"))) == "gas_flag,station=a"


def test_quotes_cannot_end_a_text() -> None:
    assert quote_text('a" ,b=1 \\') == r'"a\" ,b=1 \\"'
