from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.message import NetworkCode, RawMessage, parse_topic
from schemas.network.file import parse_network
from schemas.parameter import parameter
from sensors.registry import decode
from sensors.simulator import Province

if TYPE_CHECKING:
    from schemas.reading import Reading
    from sensors.outgoing import OutgoingMessage

END = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = timedelta(hours=1)


def readings_in(message: OutgoingMessage) -> list[Reading]:
    result = decode(RawMessage(message.topic, message.payload, message.due_at), parse_topic(message.topic))
    assert not result.rejections
    return result.readings


def digest(province: Province) -> str:
    total = hashlib.sha256()
    for message in province.messages():
        total.update(message.topic.encode() + message.payload + message.due_at.isoformat().encode())
    return total.hexdigest()


def test_the_province_has_seventy_stations_in_fourteen_cities_and_all_networks(province: Province) -> None:
    network = province.network()
    assert len(network.station_list) >= 70
    assert len({station.city for station in network.station_list}) == 14
    assert all(station.synthetic for station in network.station_list)
    assert {instrument.network for instrument in network.instruments.values()} == set(NetworkCode)


def test_the_network_file_reads_back_to_the_network(province: Province) -> None:
    assert parse_network(province.network_toml(), "simulated") == province.network()


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (Province(seed, END - 14 * HOURS, END).subset(networks=["gas", "voc"]) for seed in (7, 7, 8))
    assert digest(first) == digest(again)
    assert digest(first) != digest(other)


@pytest.fixture(scope="module")
def sent(province: Province) -> list[tuple[datetime, Reading]]:
    """Everything that four cities send, decoded, in order, by the moment at which it is due."""
    part = province.subset(cities=["sy", "tl", "pj", "yk"])
    return [(message.due_at, reading) for message in part.messages() for reading in readings_in(message)]


def test_every_message_decodes_in_order_with_all_channels_and_unbroken_numbers(
    province: Province, sent: list[tuple[datetime, Reading]]
) -> None:
    instruments = province.network().instruments
    last_seq: Counter[tuple[str, str]] = Counter()
    assert [due_at for due_at, _ in sent] == sorted(due_at for due_at, _ in sent)
    for _, reading in sent:
        key = (reading.station_id, reading.instrument_id)
        assert reading.seq == last_seq[key] + 1
        last_seq[key] += 1
        assert set(reading.values) == set(instruments[key].parameters)
    assert len(last_seq) > 40


def test_back_fill_holds_the_same_readings_in_fewer_messages(province: Province) -> None:
    part = province.subset(cities=["sy"], networks=["gas", "rad"])
    single = [reading for message in part.messages() for reading in readings_in(message)]
    arrays = list(part.messages(per_message=500))
    assert len(arrays) * 100 < len(single)
    backfilled = [reading for message in arrays for reading in readings_in(message)]
    assert sorted(backfilled, key=repr) == sorted(single, key=repr)


def test_a_subset_sends_what_it_sends_in_the_whole(province: Province) -> None:
    city = province.subset(cities=["Dalian"])
    whole = [message for message in city.messages() if message.topic.startswith("obs/v1/rad/")]
    assert list(province.subset(cities=["dl"], networks=["rad"]).messages()) == whole
    assert len(whole) > 800


def test_a_window_of_messages_continues_the_numbers(province: Province) -> None:
    part = province.subset(cities=["tl"], networks=["rad"])
    middle = END - 10 * HOURS
    before, after = part.messages(until=middle), part.messages(since=middle)
    assert [*before, *after] == list(part.messages())


def test_values_keep_the_decimals_of_the_registry_and_physical_bounds(faultless: Province) -> None:
    for message in faultless.messages(since=END - 2 * HOURS):
        for reading in readings_in(message):
            for code, value in reading.values.items():
                known = parameter(code)
                assert round(value, known.decimals) == value
                assert known.range_min is None or known.range_min <= value
                assert known.range_max is None or value <= known.range_max


def test_no_two_readings_of_an_instrument_carry_the_same_time(sent: list[tuple[datetime, Reading]]) -> None:
    starts = [(reading.station_id, reading.instrument_id, reading.interval.start) for _, reading in sent]
    assert len(starts) == len(set(starts))


def test_only_a_clock_that_jumped_is_ahead_of_the_moment_of_sending(
    province: Province, sent: list[tuple[datetime, Reading]]
) -> None:
    (jump,) = [fault for fault in province.faults if fault.kind == "clock_jump"]
    ahead = [(due_at, reading) for due_at, reading in sent if reading.interval.end != due_at]
    assert len(ahead) == 18
    for due_at, reading in ahead:
        assert (reading.station_id, reading.instrument_id) == (jump.station_id, jump.instrument_id)
        assert (reading.interval.end - due_at).total_seconds() == jump.magnitude > 600
        assert jump.interval.start < due_at <= jump.interval.end


@pytest.mark.parametrize("hours", [1, 3, 13, 30])
def test_short_periods_work_too(hours: int) -> None:
    province = Province(1, END - hours * HOURS, END).subset(cities=["210100"])
    assert sum(1 for _ in province.messages()) > 100 * hours
    assert len(province.truth().contributions) > 0


def test_a_period_without_a_zone_or_without_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="zone"):
        Province(1, datetime(2026, 1, 1), END)  # noqa: DTZ001 - the mistake is the point
    with pytest.raises(ValueError, match="before the end"):
        Province(1, END, END)


def test_an_unknown_city_is_an_error_that_lists_the_cities(province: Province) -> None:
    with pytest.raises(ValueError, match="Shenyang"):
        province.subset(cities=["Atlantis"])
