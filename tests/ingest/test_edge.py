"""Whatever a decoder accepts survives everything that is done behind it: zones, windows, nanoseconds, sums, lines, records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decode.message import decode_and_validate
from ingest.decode.validate import validate
from ingest.process.settings import CollectorSettings
from schemas.bounds import WINDOW_MAX_H
from schemas.calibration import CheckResult
from schemas.interval import floor_hour
from schemas.message import RawMessage, Topic, calibration_topic, parse_calibration_topic
from schemas.network.file import NetworkFileError, parse_network
from schemas.reading import Reading
from sensors import calibration_v1
from sensors.json_v1 import encode_readings
from sensors.registry import DECODERS, decode
from store.influx.line import encode_reading, to_nanoseconds
from tests.sensors.hj212.build import NETWORK_TOML, RECEIVED_AT, frame, network

if TYPE_CHECKING:
    from pathlib import Path

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12")]
YEARS = st.sampled_from([1, 2, 999, 1677, 1678, 1799, 1800, 1969, 2026, 2026, 2199, 2200, 2261, 2262, 9998, 9999])
OFFSETS = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Times near every place where something overflows."""
    day = draw(st.sampled_from([(1, 1), (12, 31), (9, 21), (4, 11), (11, 22)]))
    clock = draw(st.sampled_from([(0, 0, 0, 0), (20, 0, 0, 0), (23, 59, 59, 999_999), (12, 30, 0, 1)]))
    return datetime(draw(YEARS), *day, *clock, tzinfo=draw(st.just(UTC) | OFFSETS))


NUMBERS = (
    st.floats() | st.integers(-(10**30), 10**30) | st.sampled_from([1e15, 1.0000001e15, 1e308, -1e308, 5e-324, 2**63])
)
SEQS = st.none() | st.integers(-1, 2**65)


@st.composite
def json_messages(draw: st.DrawFn) -> bytes:
    """Messages of the JSON format, sound and nearly so."""
    item = {
        "start": draw(moments()).isoformat(),
        "values": draw(st.dictionaries(st.sampled_from(["so2", "no2", "pm25"]), NUMBERS, min_size=1)),
        "units": draw(st.dictionaries(st.sampled_from(["so2", "no2"]), st.sampled_from(["ppb", "mg/m3", "ng/m3"]))),
        "seq": draw(SEQS),
    }
    if draw(st.booleans()):
        item["end"] = draw(moments()).isoformat()
    return json.dumps(draw(st.sampled_from([item, [item, item]]))).encode()


@st.composite
def hj212_messages(draw: st.DrawFn) -> bytes:
    """Frames with any time, number and request number."""
    at = draw(moments())
    digits = f"{at.year:04}{at:%m%d%H%M%S}"
    values = ";".join(f"{code}-Avg={draw(NUMBERS)!r}" for code in ("a21026", "a21004", "a34004"))
    return frame(f"DataTime={digits};{values}", QN=draw(st.sampled_from([digits + "999", "9" * 17, "0" * 17])))


MESSAGES = {"json": json_messages(), "hj212": hj212_messages()}


def test_every_wire_format_is_held() -> None:
    assert set(MESSAGES) == set(DECODERS)


@pytest.mark.slow
@pytest.mark.parametrize("form", sorted(MESSAGES))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_accepted_can_be_shifted_cast_and_written(form: str, data: st.DataObject) -> None:
    topic = Topic("gas", "ln-sy-01", "gas1", form)
    message = RawMessage(str(topic), data.draw(MESSAGES[form]), RECEIVED_AT)
    for reading in decode(message, topic, network()).readings:
        survive(reading)
        validate(reading, network(), RECEIVED_AT)


@settings(max_examples=300, deadline=None)
@given(moments(), NUMBERS, NUMBERS)
def test_an_accepted_calibration_result_can_be_shifted_and_cast(
    at: datetime, reference: float, response: float
) -> None:
    body = {"at": at.isoformat(), "kind": "target", "parameter": "o3", "reference": reference, "response": response}
    topic = parse_calibration_topic(calibration_topic("gas", "ln-sy-01", "gas1"))
    for result in calibration_v1.decode(RawMessage("", json.dumps(body).encode(), RECEIVED_AT), topic).results:
        assert isinstance(result, CheckResult)
        survive_time(result.at)
        assert np.isfinite((result.response - result.reference) ** 2)


@settings(max_examples=300, deadline=None)
@given(moments(), moments())
def test_the_times_of_a_network_file_that_is_accepted_can_be_shifted_and_cast(since: datetime, until: datetime) -> None:
    text = NETWORK_TOML.replace(
        'id = "gas1"\n', f'id = "gas1"\nsince = {since.isoformat()}\nuntil = {until.isoformat()}\n', 1
    )
    try:
        instrument = parse_network(text, "n.toml").instruments["ln-sy-01", "gas1"]
    except NetworkFileError as error:
        assert "n.toml: " in str(error)  # noqa: PT017 - either is right
        return
    for moment in (instrument.since, instrument.until):
        assert moment is not None
        survive_time(moment)


@pytest.mark.parametrize("form", sorted(MESSAGES))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), hours=st.integers(-87_840, 87_840))
def test_what_a_repair_has_moved_can_be_shifted_and_cast(
    judging: CollectorSettings, form: str, data: st.DataObject, hours: int
) -> None:
    message = RawMessage(f"obs/v1/gas/ln-sy-01/gas1/{form}", data.draw(MESSAGES[form]), RECEIVED_AT)
    decoded = decode_and_validate(message, judging, timedelta(hours=hours))
    for reading in decoded.readings:
        survive(reading)
    assert "internal_error" not in {item.reason for item in decoded.rejections}


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> CollectorSettings:
    path: Path = tmp_path_factory.mktemp("edge") / "network.toml"
    path.write_text(
        NETWORK_TOML.replace('id = "ln-sy-01"\n', 'id = "ln-sy-01"\nlate_window_h = 0\n', 1), encoding="utf-8"
    )
    return CollectorSettings(network=path)


def survive(reading: Reading) -> None:
    """All that is done with a reading behind the edge."""
    for moment in (reading.interval.start, reading.interval.end):
        survive_time(moment)
    values = np.array([*reading.values.values()])  # noqa: PD011 - a dict
    assert np.isfinite(np.sum(values**2) * 1e9)
    line = encode_reading(reading)
    assert line is None or line.endswith(b" %d" % to_nanoseconds(reading.interval.start))
    assert reading.seq is None or reading.seq < 2**63
    assert msgspec.json.decode(msgspec.json.encode(reading), type=Reading) == reading
    again = encode_readings([reading])
    topic = Topic(reading.network, reading.station_id, reading.instrument_id, "json")
    assert decode(RawMessage(str(topic), again, RECEIVED_AT), topic).readings == [reading]


def survive_time(moment: datetime) -> None:
    """All that is done with a time behind the edge."""
    window = timedelta(hours=WINDOW_MAX_H)
    for shift in (timedelta(0), timedelta(days=400), -timedelta(days=400), window, -window):
        shifted = moment + shift
        assert -(2**63) < to_nanoseconds(shifted) < 2**63
        assert pd.Timestamp(shifted).as_unit("ns") == pd.Timestamp(shifted)
        floor_hour(shifted)
        for zone in ZONES:
            shifted.astimezone(zone)
