from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from schemas.interval import Interval
from schemas.message import MAX_PAYLOAD_BYTES
from schemas.parameter import load_parameters
from schemas.reading import Reading
from sensors.outgoing import messages_from_readings

if TYPE_CHECKING:
    from collections.abc import Iterator

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def series(instrument_id: str, count: int, values: dict[str, float] | None = None) -> Iterator[Reading]:
    for minute in range(count):
        start = MIDNIGHT + timedelta(minutes=minute)
        interval = Interval(start, start + timedelta(minutes=1))
        yield Reading("gas", "ln-sy-01", instrument_id, interval, values or {"o3": 60.0}, {}, minute + 1)


def test_one_reading_is_one_message_with_an_object_that_is_due_at_its_end() -> None:
    (message,) = messages_from_readings(series("gas1", 1))
    assert message.topic == "obs/v1/gas/ln-sy-01/gas1/json"
    assert json.loads(message.payload)["seq"] == 1
    assert message.due_at == MIDNIGHT + timedelta(minutes=1)


def test_back_fill_makes_arrays_of_one_instrument_each() -> None:
    mixed = [reading for pair in zip(series("gas1", 5), series("gas2", 5), strict=True) for reading in pair]
    messages = list(messages_from_readings(mixed, per_message=3))
    sizes = [(message.topic.split("/")[4], len(json.loads(message.payload))) for message in messages]
    assert sizes == [("gas1", 3), ("gas2", 3), ("gas1", 2), ("gas2", 2)]


def test_back_fill_never_exceeds_the_wire_limit_and_loses_nothing() -> None:
    wide = dict.fromkeys(load_parameters(), 1.23456789)
    messages = list(messages_from_readings(series("gas1", 400, wide), per_message=400))
    assert len(messages) > 1
    assert max(len(message.payload) for message in messages) <= MAX_PAYLOAD_BYTES
    assert [item["seq"] for message in messages for item in json.loads(message.payload)] == list(range(1, 401))


def test_less_than_one_reading_a_message_is_an_error() -> None:
    with pytest.raises(ValueError, match="per_message"):
        list(messages_from_readings(series("gas1", 1), per_message=0))
