from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from sensors.simulator import Province, Truth, parse_truth

pytestmark = pytest.mark.slow
END = datetime(2026, 11, 22, tzinfo=UTC)
START = END - timedelta(days=3)


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(11, START, END, faults=False, releases_per_day=20).subset(cities=["sy", "as"])


@pytest.fixture(scope="module")
def truth(province: Province) -> Truth:
    return province.truth()


def test_releases_are_in_the_truth_with_kind_place_rate_and_stations(truth: Truth) -> None:
    assert 40 <= len(truth.releases) <= 80
    assert len({item.kind for item in truth.releases}) > 3
    assert [item for item in truth.releases if item.reached]
    assert all(START <= item.start < END and item.rate_kg_h > 0 for item in truth.releases)


def test_several_releases_run_at_once(truth: Truth) -> None:
    hours = [START + timedelta(hours=hour) for hour in range(72)]
    assert max(sum(item.start <= hour < item.end for item in truth.releases) for hour in hours) >= 2


def test_what_releases_add_by_the_truth_is_in_the_readings(province: Province, truth: Truth) -> None:
    plain = Province(11, START, END, faults=False).subset(cities=["sy", "as"])
    checked = 0
    for station in province.stations:
        gas = next((item for item in station.instruments if item.id == "gas1"), None)
        hours = [item for item in truth.released if item.station_id == station.id]
        if gas is None or not hours:
            continue
        with_it, without = (item.series(station, gas).values for item in (province, plain))
        for code in ("so2", "pm25", "co"):
            expected = np.zeros(72)
            for item in hours:
                expected[int((item.start - START) / timedelta(hours=1))] += item.values.get(code, 0.0)
            added = (with_it[code] - without[code]).reshape(-1, 60).mean(axis=1)
            assert np.allclose(added, expected, rtol=0.15, atol=1.5)
            checked += int((expected > 5.0).sum())
    assert checked > 3


def test_the_truth_reads_back_with_its_releases(truth: Truth) -> None:
    assert parse_truth(truth.json_lines()) == truth


def test_a_negative_number_of_releases_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        Province(1, START, END, releases_per_day=-1)
