from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode.validate import refuse_malformed_topic, validate, validate_topic
from schemas.interval import Interval
from schemas.message import Topic
from schemas.network import Network
from schemas.reading import Reading
from tests.ingest.conftest import reasons, station_network

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
NETWORK = station_network()


def reading(
    *,
    network: str = "voc",
    station: str = "st-1",
    instrument: str = "gc1",
    end: datetime = NOW,
    values: dict[str, float] | None = None,
    status: dict[str, str] | None = None,
) -> Reading:
    held = {"benzene": 0.6, "toluene": 1.9} if values is None else values
    return Reading(network, station, instrument, Interval(end - timedelta(hours=1), end), held, status or {})


def test_sound_reading_passes_unchanged() -> None:
    sound = reading()
    validated = validate(sound, NETWORK, NOW)
    assert validated.reading is sound
    assert validated.rejections == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"network": "xyz"}, "unknown_network"),
        ({"station": "nowhere"}, "unknown_station"),
        ({"instrument": "gc9"}, "unknown_instrument"),
        ({"network": "gas"}, "topic_mismatch"),
        ({"end": NOW + timedelta(minutes=10, seconds=1)}, "time_future"),
        ({"end": NOW - timedelta(hours=168, seconds=1)}, "time_late"),
    ],
)
def test_reading_that_cannot_be_stored_has_one_reason(changed: dict[str, object], reason: str) -> None:
    validated = validate(reading(**changed), NETWORK, NOW)
    assert validated.reading is None
    assert reasons(validated.rejections) == [reason]


@pytest.mark.parametrize("end", [NOW + timedelta(minutes=10), NOW - timedelta(hours=168)])
def test_time_exactly_at_a_bound_is_accepted(end: datetime) -> None:
    assert validate(reading(end=end), NETWORK, NOW).reading is not None


def test_a_stated_delay_of_the_way_is_no_age() -> None:
    stations = tuple(msgspec.structs.replace(item, delay_s=2700) for item in NETWORK.station_list)
    delayed = Network(zone=NETWORK.zone, station_list=stations)
    oldest = NOW - timedelta(hours=168, minutes=45)
    assert validate(reading(end=oldest), delayed, NOW).reading is not None
    assert reasons(validate(reading(end=oldest - timedelta(seconds=1)), delayed, NOW).rejections) == ["time_late"]


def test_station_without_late_window_takes_any_age() -> None:
    old = reading(station="archive", end=datetime(1998, 1, 1, tzinfo=UTC))
    assert validate(old, NETWORK, NOW).reading is old


def test_unknown_parameter_is_refused_alone() -> None:
    validated = validate(reading(values={"benzene": 1.0, "so2": 2.0}), NETWORK, NOW)
    assert validated.reading is not None
    assert validated.reading.values == {"benzene": 1.0}
    assert [(item.reason.value, item.parameter) for item in validated.rejections] == [("unknown_parameter", "so2")]


def test_status_of_an_unknown_parameter_is_refused_alone() -> None:
    validated = validate(reading(status={"so2": "C", "benzene": "M"}), NETWORK, NOW)
    assert validated.reading is not None
    assert validated.reading.status == {"benzene": "M"}
    assert reasons(validated.rejections) == ["unknown_parameter"]


def test_reading_without_any_known_parameter_is_not_stored() -> None:
    validated = validate(reading(values={"so2": 2.0, "no2": 1.0}), NETWORK, NOW)
    assert validated.reading is None
    assert reasons(validated.rejections) == ["unknown_parameter", "unknown_parameter"]


def test_topic_of_another_network_is_a_mismatch() -> None:
    rejection = validate_topic(Topic("gas", "st-1", "gc1", "json"), NETWORK)
    assert rejection is not None
    assert rejection.reason == "topic_mismatch"
    assert validate_topic(Topic("voc", "st-1", "gc1", "json"), NETWORK) is None


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("obs/v1/voc/ST_1/gc1/json", "unknown_station"),
        ("obs/v1/voc/st-1/GC 1/json", "unknown_instrument"),
        ("obs/v1/voc/st-1", "topic_mismatch"),
        ("obs/v1/voc/st-1/gc1/json/more", "topic_mismatch"),
        ("", "topic_mismatch"),
    ],
)
def test_malformed_topic_is_refused_by_the_part_that_names_nothing(topic: str, reason: str) -> None:
    assert refuse_malformed_topic(topic).reason == reason


names = st.text(alphabet="abcdefg-1", min_size=1, max_size=8)
codes = st.sampled_from(["benzene", "toluene", "so2", "pm25", "nonsense"])
readings = st.builds(
    Reading,
    st.sampled_from(["voc", "gas", "xyz"]),
    st.sampled_from(["st-1", "archive"]) | names,
    st.sampled_from(["gc1", "gas1"]) | names,
    st.builds(
        lambda end, length: Interval(end - length, end),
        st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
        st.timedeltas(timedelta(0), timedelta(days=2)),
    ),
    st.dictionaries(codes, st.floats(allow_nan=False)),
    st.dictionaries(codes, st.sampled_from("CDMT")),
)


@given(readings)
def test_nothing_vanishes_and_nothing_is_both_kept_and_refused(item: Reading) -> None:
    validated = validate(item, NETWORK, NOW)
    refused = {rejection.parameter for rejection in validated.rejections}
    if validated.reading is None:
        assert refused or not item.values
        return
    kept = {*validated.reading.values, *validated.reading.status}
    assert kept | refused == {*item.values, *item.status}
    assert not kept & refused


@given(readings)
def test_accepted_reading_is_accepted_again_without_a_word(item: Reading) -> None:
    accepted = validate(item, NETWORK, NOW).reading
    if accepted is not None:
        assert validate(accepted, NETWORK, NOW).reading is accepted
