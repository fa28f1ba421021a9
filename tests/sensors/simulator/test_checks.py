from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.calibration import CheckKind, CheckResult
from schemas.message import RawMessage, parse_calibration_topic
from sensors.calibration_v1 import decode
from sensors.simulator import Province

START = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 6


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(3, START, START + timedelta(days=DAYS)).subset(networks=["gas", "ghg"])


@pytest.fixture(scope="module")
def results(province: Province) -> list[CheckResult]:
    found = []
    for item in province.check_messages():
        decoded = decode(RawMessage(item.topic, item.payload, item.due_at), parse_calibration_topic(item.topic))
        assert not decoded.rejections
        found += decoded.results
    return found


def test_analysers_are_checked_every_night_and_target_gas_twice_a_day(results: list[CheckResult]) -> None:
    spans = [item for item in results if (item.station_id, item.parameter, item.kind) == ("ln-fs-01", "so2", "span")]
    targets = [item for item in results if (item.station_id, item.parameter) == ("ln-sy-06", "co2")]
    assert DAYS - 1 <= len(spans) <= DAYS
    assert len(targets) == 2 * DAYS


def test_a_drift_shows_in_the_span_and_in_the_target_gas(results: list[CheckResult]) -> None:
    def off(station_id: str, code: str) -> list[float]:
        own = [
            item
            for item in results
            if (item.station_id, item.parameter) == (station_id, code)
            and item.kind in (CheckKind.SPAN, CheckKind.TARGET)
        ]
        return [item.response / item.reference - 1 for item in own]

    assert off("ln-ly-01", "o3")[-1] > 0.4
    assert max(map(abs, off("ln-ly-01", "no2"))) < 0.02
    assert off("ln-cy-06", "ch4")[-1] > 0.06
    assert max(map(abs, off("ln-fx-06", "ch4"))) < 0.003


def test_messages_are_in_order_and_the_same_for_the_same_arguments(province: Province) -> None:
    messages = list(province.check_messages())
    assert messages == sorted(messages, key=lambda item: item.due_at)
    again = Province(3, START, START + timedelta(days=DAYS)).subset(networks=["gas", "ghg"])
    assert list(again.check_messages()) == messages
    middle = START + timedelta(days=2)
    parts = [*province.check_messages(until=middle), *province.check_messages(since=middle)]
    assert parts == messages
