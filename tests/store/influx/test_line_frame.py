from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from schemas.frames import FrameError
from store.influx.line_frame import encode_flags, encode_hourly, encode_product
from tests.store.influx.line_parser import parse_line

START = datetime(2026, 11, 22, tzinfo=UTC)


def hours(count: int, unit: str = "us") -> pd.DatetimeIndex:
    return pd.date_range(START, periods=count, freq="h", unit=unit)


def hourly() -> pd.DataFrame:
    flags = np.array([1, 9], dtype=np.int8)
    return pd.DataFrame({"so2": [1.5, np.nan], "so2__n": [60, 0], "so2__flag": flags}, index=hours(2))


def test_an_hour_writes_mean_count_and_flag() -> None:
    first = parse_line(encode_hourly("gas", "a", hourly())[0])
    assert first == ("gas", {"station": "a"}, {"so2": 1.5, "so2__n": 60, "so2__flag": 1}, 1795305600000000000)


def test_an_hour_without_value_writes_count_and_flag_only() -> None:
    assert parse_line(encode_hourly("gas", "a", hourly())[1])[2] == {"so2__n": 0, "so2__flag": 9}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_are_the_same_whatever_the_resolution_of_the_index(unit: str) -> None:
    frame = pd.DataFrame({"so2": [1.0]}, index=hours(1, unit))
    assert parse_line(encode_hourly("gas", "a", frame)[0])[3] == 1795305600000000000


def test_a_naive_index_is_refused() -> None:
    with pytest.raises(FrameError, match="UTC"):
        encode_hourly("gas", "a", pd.DataFrame({"so2": [1.0]}, index=pd.date_range("2026", periods=1)))


def test_a_column_outside_the_contract_is_refused() -> None:
    with pytest.raises(FrameError, match="so2__mean"):
        encode_hourly("gas", "a", pd.DataFrame({"so2__mean": [1.0]}, index=hours(1)))


def test_a_product_writes_numbers_as_floats_and_the_rest_as_text() -> None:
    frame = pd.DataFrame({"aqi": [51], "primary": ['pm"25'], "joint": [True]}, index=hours(1))
    line = encode_product("aqi_hourly", "a", frame, {"edition": "2026"})[0]
    name, tags, fields, _ = parse_line(line)
    assert (name, tags) == ("aqi_hourly", {"station": "a", "edition": "2026"})
    assert fields == {"aqi": 51.0, "primary": 'pm"25', "joint": 1.0, "void__columns": ""}


def test_a_tag_named_like_a_column_is_refused() -> None:
    with pytest.raises(FrameError, match="both tags and columns"):
        encode_product("p", "a", pd.DataFrame({"edition": [1.0]}, index=hours(1)), {"edition": "2026"})


def test_a_flag_is_keyed_by_station_instrument_parameter_and_test() -> None:
    flags = pd.DataFrame(
        {
            "start": [START] * 2,
            "station_id": "a",
            "instrument_id": ["i", None],
            "parameter": "so2",
            "test": "spike",
            "flag": [3, 4],
            "reason": ["9 > 5, twice", ""],
        }
    )
    first, second = map(parse_line, encode_flags("gas", flags))
    assert first[:3] == (
        "gas_flag",
        {"station": "a", "instrument": "i", "parameter": "so2", "test": "spike"},
        {"flag": 3, "reason": "9 > 5, twice"},
    )
    assert "instrument" not in second[1]
